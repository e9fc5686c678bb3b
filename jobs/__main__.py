"""``python -m jobs`` is ``jobs/run.py``."""

import sys

from jobs.lakehouse.main import main

sys.exit(main(sys.argv[1:]))
