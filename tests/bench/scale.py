"""``make scale``: what the same request costs for more residents, in one run on one machine.

``ARGS="residents=20000,200000,1000000"`` says how many; ``ARGS="jobs=simulate,receive,pipeline,day"`` which requests,
one after the other (``day``: a day more is simulated, received and followed). Without it the province is only made.
A million residents take 14 GB of disk while they are made, twice as much when they are received.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table as Grid

from tests.bench.usage import Usage
from tests.bench.world import DAY, request

FOLLOW = "day"


def main(arguments: list[str]) -> int:
    """Measure and print. Returns 1 if any request failed."""
    given = dict(a.split("=", 1) for a in arguments)
    sizes = [int(n) for n in given.get("residents", "20000,200000").split(",")]
    jobs = given.get("jobs", "simulate").split(",")
    grid = Grid("request", "residents", "rows delivered", "seconds", "CPU seconds", "rows a CPU second", "peak GB")
    for column in grid.columns[1:]:
        column.justify = "right"
    before: dict[str, tuple[int, float]] = {}
    for residents in sizes:
        with tempfile.TemporaryDirectory(prefix="scale-", dir=given.get("folder")) as name:
            folder = Path(name)
            for job in jobs:
                print(f"== {job}, {residents:,} residents", flush=True)
                cost = _followed(folder, residents) if job == FOLLOW else request(folder, residents, job)
                if cost.code:
                    return 1
                rows = _rows(folder)
                grid.add_row(
                    job,
                    f"{residents:,}",
                    f"{rows:,}",
                    f"{cost.seconds:,.0f}",
                    f"{cost.cpu:,.0f}",
                    _rate(rows, cost, before.get(job)),
                    f"{cost.peak_gb:.1f}",
                )
                before[job] = rows, cost.cpu
    Console(width=130).print(grid)
    print("rows a CPU second: all of them, and (+) those more than in the size before, which start-up has no part in")
    return 0


def _followed(folder: Path, residents: int) -> Usage:
    """A day more: what receiving and following it costs."""
    made = request(folder, residents, "simulate", *DAY)
    return made if made.code else request(folder, residents, "receive,pipeline")


def _rows(folder: Path) -> int:
    """Rows delivered so far, as the truth counts them."""
    return sum(pq.read_metadata(p).num_rows for p in (folder / "truth/record").rglob("*.parquet"))


def _rate(rows: int, cost: Usage, before: tuple[int, float] | None) -> str:
    whole = f"{rows / cost.cpu:,.0f}"
    if before is None or rows == before[0]:
        return whole
    return f"{whole} (+ {(rows - before[0]) / (cost.cpu - before[1]):,.0f})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
