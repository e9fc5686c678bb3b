"""CPU seconds and peak memory of a command with all its descendants, the JVM's Python workers among them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Usage:
    """What a command cost: exit code, wall seconds, CPU seconds and peak resident memory in GB of the whole tree."""

    code: int
    seconds: float
    cpu: float
    peak_gb: float


def measured(command: Sequence[str], cwd: str, environment: dict[str, str]) -> Usage:
    """Run a command, looking at its tree five times a second; the end of a short-lived child can escape that."""
    began = time.monotonic()
    process = psutil.Popen(command, cwd=cwd, env=environment)
    cpu: dict[tuple[int, float], float] = {}
    peak = 0
    while process.poll() is None:
        memory = 0
        for one in _tree(process):
            try:
                times = one.cpu_times()
                cpu[one.pid, one.create_time()] = times.user + times.system
                memory += _own(one)
            except psutil.Error:
                continue
        peak = max(peak, memory)
        try:
            process.wait(timeout=0.2)
        except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
            continue
    return Usage(process.returncode, time.monotonic() - began, sum(cpu.values()), peak / 1e9)


def _tree(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _own(process: psutil.Process) -> int:
    """Resident bytes, with pages shared between forked workers counted once as far as the system tells."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        return int(process.memory_info().rss)
