"""The one entry point: ``python -m jobs job=<name> [settings…]``, and the same by ``spark-submit jobs/run.py``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Run as a script, the folder of this file leads the import path and would hide libraries; its parent belongs there.
_HERE = str(Path(__file__).resolve().parent)
if sys.path and os.path.realpath(sys.path[0] or ".") == _HERE:
    sys.path.pop(0)
if str(Path(_HERE).parent) not in sys.path:
    sys.path.insert(0, str(Path(_HERE).parent))

from jobs.lakehouse.main import main  # noqa: E402 - the path comes first

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
