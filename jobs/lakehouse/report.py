"""What a person sees: a bar a job while it runs, in a terminal; a table at the end; what to open next."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from rich.console import Console as Terminal
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from jobs.lakehouse.job import Job
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.record import Result


class Console:
    """Bars in a terminal, a line a job under a scheduler. ``mode``: auto, on or off."""

    def __init__(self, mode: str = "auto") -> None:
        self.bars = mode == "on" or (mode == "auto" and sys.stdout.isatty())
        self.quiet = mode == "off"
        self.done, self.total = 0, 0
        self._tasks: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn()
        )
        if self.bars:
            self._progress.start()

    def expect(self, jobs: int) -> None:
        """Say how many jobs there are."""
        self.total = jobs

    def started(self, job: Job) -> None:
        """A job begins: show its bar, moving until it ends."""
        if self.bars:
            self._tasks[job.name] = self._progress.add_task(f"{job.layer}: {job.writes.name}", total=None, note="")

    def ended(self, job: Job, result: Result) -> None:
        """A job ended: fill its bar, or print one line."""
        self.done += 1
        if self.bars:
            self._progress.update(self._tasks[job.name], total=1, completed=1, note=f"{result.rows_out:,} rows")
        elif not self.quiet:
            clock = time.strftime("%H:%M:%S")
            print(
                f"{clock} {job.writes.name}: {result.status}, {result.rows_out:,} rows, {result.seconds:.1f} s",
                flush=True,
            )

    def close(self) -> None:
        """Stop drawing."""
        if self.bars:
            self._progress.stop()


def _elapsed(ran: Sequence[Result]) -> float:
    """Seconds from the first job's start to the last one's end: jobs may run side by side."""
    began = min(r.started_at for r in ran)
    return max((r.started_at - began).total_seconds() + r.seconds for r in ran)


def print_report(results: Sequence[Result], lake: Lake) -> None:
    """The table of what ran: job, mode, rows in, rows out, quarantined, seconds."""
    ran = [r for r in results if r.status != "fresh"]
    fresh = len(results) - len(ran)
    if ran:
        grid = Grid("job", "how", "rows in", "rows out", "quarantined", "seconds", title=f"lake {lake.root}")
        for column in grid.columns[2:]:
            column.justify = "right"
        for r in ran:
            how = r.mode if r.status == "done" else r.status
            grid.add_row(r.job, how, f"{r.rows_in:,}", f"{r.rows_out:,}", f"{r.rows_quarantined:,}", f"{r.seconds:.1f}")
        total = [sum(r.rows_in for r in ran), sum(r.rows_out for r in ran), sum(r.rows_quarantined for r in ran)]
        grid.add_section()
        grid.add_row("all", "", *(f"{n:,}" for n in total), f"{_elapsed(ran):.1f}")
        Terminal(width=None if sys.stdout.isatty() else 110).print(grid)
    for r in ran:
        for rule, n in r.warnings.items():
            if n:
                print(f"note: {r.job}: {n:,} rows break the rule {rule}")
    if fresh:
        print(f"{fresh} of {len(results)} tables were up to date")
