"""``python -m tests.bench.province``: rows a CPU-second of making deliveries, and of writing them as CSV and Parquet.

In one process without Spark, all feeds; ``blocks=40`` makes more blocks of 500 residents, ``folder=/some/where``
writes there. The fewer the residents, the fewer rows a file has, and the more of its cost is that of opening files.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table as Grid

from jobs.lakehouse.settings import load
from jobs.province.facts import ProvinceFacts
from jobs.province.institutions import Institutions
from jobs.province.recording import Batch
from jobs.province.residents import live_and_record
from jobs.province.scale import scales
from jobs.province.schedule import Schedule
from jobs.province.settings import SimulateSettings
from jobs.province.simulate import PART, desk_of, read_contracts
from jobs.province.writing import CHUNK, chunks, write_files
from tests.conftest import CHECKOUT

CONTRACTS, FACTS = CHECKOUT / "conf/contract", CHECKOUT / "jobs/province/data/shandong"


@dataclass
class Clock:
    """CPU seconds by what they went into."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.spent[what] = self.spent.get(what, 0.0) + time.process_time() - began


def main(arguments: list[str]) -> int:
    """Measure and print."""
    given = dict(a.split("=", 1) for a in arguments)
    blocks = int(given.get("blocks", "16"))
    with tempfile.TemporaryDirectory(dir=given.get("folder")) as folder:
        Console(width=110).print(measured(Path(folder), blocks))
    return 0


def measured(folder: Path, blocks: int) -> Grid:
    """What the residents of some blocks cost, from 2021 to 2025 with monthly deliveries."""
    places = {"out": str(folder / "inbox"), "truth": str(folder / "truth")}
    node = OmegaConf.to_container(load("simulate").simulate)
    assert isinstance(node, dict)
    settings = SimulateSettings.of({**node, **places, "later_feeds_from": None})
    facts = ProvinceFacts.read("370000", FACTS)
    schedule, institutions = Schedule.of(settings), Institutions.of(facts.places, settings)
    scale, clock = scales(facts, settings.rate), Clock()
    headers = {name: feed.header for name, feed in read_contracts(CONTRACTS).items()}

    def make(part: int) -> list[Batch]:
        numbers = np.arange(part * PART, min((part + 1) * PART, blocks))
        return live_and_record(settings, facts, institutions, schedule, scale, numbers)[1]

    make(0)  # what is read once is read here
    shares, rows = [], 0
    for part in range(-(-blocks // PART)):
        with clock.of("making"):
            batches = [b for b in make(part) if len(b.sender)]
        with clock.of("lines"):
            shares += [chunks(b, part) for b in batches]
        with clock.of("Parquet"):
            _parquet(folder / f"part-{part}", batches, headers)
        rows += sum(len(b.sender) for b in batches)
    table = pa.Table.from_batches(shares, CHUNK)
    table = table.sort_by([(c, "ascending") for c in ("sender", "feed", "period", "part")])
    desk = desk_of(settings, CONTRACTS, institutions, schedule)
    with clock.of("CSV"):
        written = pa.Table.from_batches(write_files(desk, iter(table.to_batches(max_chunksize=2000))))
    return _grid(rows, sum(written["files"].to_pylist()), blocks, clock.spent)


def _parquet(folder: Path, batches: list[Batch], headers: dict[str, tuple[str, ...]]) -> None:
    """Each feed of each sender as one Parquet file of text columns."""
    folder.mkdir()
    for batch in batches:
        table = pa.table(dict(zip(headers[batch.feed], batch.columns, strict=True)))
        bounds = np.flatnonzero(np.append(True, batch.sender[1:] != batch.sender[:-1]))
        for first, end in zip(bounds, [*bounds[1:], len(table)], strict=True):
            name = f"{batch.feed}-{batch.sender[first]}.parquet"
            pq.write_table(table.slice(first, end - first), folder / name)


def _grid(rows: int, files: int, blocks: int, spent: dict[str, float]) -> Grid:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    title = f"{blocks * 500:,} residents: {rows:,} rows in {files:,} files; peak {peak:.2f} GB"
    grid = Grid("step", "CPU seconds", "rows a CPU-second", title=title)
    for column in grid.columns[1:]:
        column.justify = "right"
    whole = spent["making"] + spent["lines"] + spent["CSV"]
    steps = {
        "making: lives, care, records": spent["making"],
        "their lines": spent["lines"],
        "CSV: encoding, hashes, files, manifests": spent["CSV"],
        "all three: deliveries as CSV": whole,
        "Parquet in place of lines and CSV": spent["Parquet"],
    }
    for name, seconds in steps.items():
        grid.add_row(name, f"{seconds:.2f}", f"{rows / seconds:,.0f}")
    return grid


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
