"""Places where a test may end the process as a power cut would: a kill, with nothing cleaned up."""

from __future__ import annotations

import os
import signal


def failpoint(name: str) -> None:
    """Kill this process group with SIGKILL if the environment's ``LAKE_FAILPOINT`` is ``name``.

    ``LAKE_FAILPOINT`` may end in ``:<n>`` to mean the n-th time the point is passed. Costs one look-up otherwise.
    """
    wanted = os.environ.get("LAKE_FAILPOINT", "")
    if not wanted:
        return
    target, _, nth = wanted.rpartition(":")
    if not nth.isdigit():
        target, nth = wanted, "1"
    if target != name:
        return
    left = int(nth) - 1
    if left > 0:
        os.environ["LAKE_FAILPOINT"] = f"{name}:{left}"
        return
    os.killpg(os.getpgrp(), signal.SIGKILL)
