"""``make bench``: ``make run`` from nothing, again with nothing new, a day more; and DuckDB on the same silver files.

``ARGS="residents=2000"`` makes a smaller one, ``ARGS="folder=/some/where"`` keeps it there.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid

from jobs.gold import kernel, measures
from jobs.gold import sources as silver
from jobs.gold.areas import whole_years
from jobs.gold.measure_state import register_types
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.read import read_table, table_version
from tests.bench.usage import Usage
from tests.bench.world import DAY, request

WHOLE, GOLD = "make run", "gold, from nothing"
REQUESTS = {
    WHOLE: ("simulate,receive,pipeline",),
    "pipeline, nothing new": ("pipeline",),
    "simulate a day": ("simulate", *DAY),
    "receive,pipeline, a day": ("receive,pipeline",),
    GOLD: ("gold",),
}


def main(arguments: list[str]) -> int:
    """Measure and print. Returns 1 if any request failed."""
    given = dict(a.split("=", 1) for a in arguments)
    folder = Path(given.get("folder") or tempfile.mkdtemp(prefix="bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    residents = int(given.get("residents", "20000"))
    costs: dict[str, Usage] = {}
    for name, (job, *more) in REQUESTS.items():
        print(f"== {name}", flush=True)
        if name == GOLD:
            shutil.rmtree(folder / "lake" / "gold")
        costs[name] = request(folder, residents, job, *more)
        if costs[name].code:
            return 1
    root = str(folder / "lake")
    console = Console(width=110)
    console.print(_jobs(root))
    console.print(_costs(costs))
    _duckdb(root, costs)
    print(f"the lake is in {folder}")
    return 0


def _jobs(root: str) -> Grid:
    grid = Grid("job", "how", "rows in", "rows out", "seconds", "rows in a second", title="jobs, as ops.run has them")
    for column in grid.columns[2:]:
        column.justify = "right"
    for r in sorted(read_table(root, "ops.run").to_pylist(), key=lambda r: r["started_at"]):
        rate = f"{r['rows_in'] / r['seconds']:,.0f}" if r["seconds"] and r["rows_in"] else ""
        grid.add_row(r["job"], r["mode"], f"{r['rows_in']:,}", f"{r['rows_out']:,}", f"{r['seconds']:.1f}", rate)
    return grid


def _costs(costs: dict[str, Usage]) -> Grid:
    grid = Grid(
        "request", "seconds", "CPU seconds", "peak GB", "of make run (CPU)", "of make run (time)", title="requests"
    )
    for column in grid.columns[1:]:
        column.justify = "right"
    whole = costs[WHOLE]
    for name, used in costs.items():
        shares = (f"{used.cpu / whole.cpu:.0%}", f"{used.seconds / whole.seconds:.0%}")
        grid.add_row(name, f"{used.seconds:.1f}", f"{used.cpu:.1f}", f"{used.peak_gb:.2f}", *shares)
    return grid


def _duckdb(root: str, costs: dict[str, Usage]) -> None:
    """The atoms of every measure over the whole of silver at once, in this process, beside the job that makes them."""
    lake = Lake(root)
    names = ("person", "observation_period", "residence", "death", "visit_occurrence", "condition_occurrence")
    pinned = {n: (lake.uri(f"silver.{n}"), table_version(root, f"silver.{n}")) for n in names}
    began, cpu = time.monotonic(), time.process_time()
    years = whole_years("2021-01-01", "2025-12-31")
    for bucket in range(lake.buckets):
        tables = silver.read_bucket(pinned, bucket, measures.COUNTED)
        kernel.atoms(tables, measures.COUNTED, years, register_types())
    ours, wall = time.process_time() - cpu, time.monotonic() - began
    whole = costs["gold, from nothing"].cpu
    print(f"the same atoms by DuckDB in one process: {ours:.1f} CPU s, {wall:.1f} s")
    print(f"job=gold from nothing, Spark's start, rates and commits included: {whole:.1f} CPU s ({whole / ours:.1f} x)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
