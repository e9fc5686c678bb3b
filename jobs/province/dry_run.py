"""What a simulation would deliver and cost: a few of its blocks are made here, the rest is arithmetic.

Without Spark, so its start and its shuffle come on top; the sample's files go to a folder that is removed again.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.province.draws import Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.institutions import Institutions
from jobs.province.people import BLOCK
from jobs.province.recording import Batch
from jobs.province.residents import live_and_record
from jobs.province.scale import scales
from jobs.province.schedule import Schedule, day_number
from jobs.province.settings import REGISTER, SimulateSettings
from jobs.province.simulate import PART, FeedCount, desk_of, read_contracts
from jobs.province.writing import CHUNK, WRITTEN, chunks, write_files

SAMPLE = 8  # blocks
MANY = 1000  # shares of files of the sample that are written a file each
LARGE = pa.schema([f.with_type(pa.large_binary()) if f.type == pa.binary() else f for f in CHUNK])
"""As CHUNK, for more than the 2 GB that a column of texts holds: a sample over decades comes to more."""


@dataclass(frozen=True)
class Projection:
    """What would be delivered, and the CPU seconds of making and of writing it. ``largest``: bytes of one file."""

    residents: int
    feeds: tuple[FeedCount, ...]
    truth_bytes: int
    largest: int
    making: float
    writing: float

    @property
    def core_hours(self) -> float:
        return (self.making + self.writing) / 3600


def project(settings: SimulateSettings, contracts: Path, facts: ProvinceFacts) -> Projection:
    """Make and write a sample of the blocks, and multiply."""
    blocks = -(-settings.residents // BLOCK)
    sample = np.unique(np.linspace(0, blocks - 1, min(blocks, SAMPLE)).astype(np.int64))
    times = blocks / len(sample)
    schedule, institutions = Schedule.of(settings), Institutions.of(facts.places, settings)
    batches, truth, making = _made(settings, facts, institutions, schedule, sample)
    shares = [chunks(b, part) for part, b in batches]
    wrote = _wrote(settings, contracts, institutions, schedule, shares)
    files = _files([b for _, b in batches], institutions, schedule, times)
    headers = {name: len(",".join(feed.header)) + 1 for name, feed in read_contracts(contracts).items()}
    sent = 1 + settings.dirt.file_repeated + settings.dirt.file_withdrawn  # times
    feeds = []
    for feed in settings.feeds:
        here, header = wrote.feeds.get(feed, FeedCount(feed, 0, 0, 0)), headers[feed]
        there = (files.get(feed, 0.0) + here.rows * times / settings.rows_per_file) * sent
        size = (here.bytes - here.files * header) * times * sent + there * header
        feeds.append(FeedCount(feed, round(there), round(here.rows * times * sent), round(size)))
    return Projection(
        blocks * BLOCK,
        tuple(feeds),
        round(truth * times),
        _largest(shares, times, settings.rows_per_file),
        making * times,
        wrote.per_file * sum(f.files for f in feeds) + wrote.per_byte * sum(f.bytes for f in feeds),
    )


def _made(
    settings: SimulateSettings, facts: ProvinceFacts, institutions: Institutions, schedule: Schedule, blocks: Ints
) -> tuple[list[tuple[int, Batch]], int, float]:
    """The rows of these blocks with the number of their part; bytes of the truth about them; CPU seconds it took."""
    scale = scales(facts, settings.rate)
    live_and_record(settings, facts, institutions, schedule, scale, blocks[:1])  # what is read once is read here
    began = time.process_time()
    batches, truth = [], 0
    for part, numbers in enumerate(np.array_split(blocks, -(-len(blocks) // PART))):
        _, made, told = live_and_record(settings, facts, institutions, schedule, scale, numbers)
        batches += [(part, b) for b in made if len(b.sender)]
        truth += sum(_parquet_bytes(table) for table in told.values())
        _ = [chunks(b, part) for b in made if len(b.sender)]
    return batches, truth, time.process_time() - began


def _parquet_bytes(table: pa.Table) -> int:
    held = pa.BufferOutputStream()
    pq.write_table(table, held)
    return int(held.getvalue().size)


def _files(batches: list[Batch], institutions: Institutions, schedule: Schedule, times: float) -> dict[str, float]:
    """Files to expect of each feed: a sender's rows fall into periods by chance, as the sample's do.

    Check-ups and infections have their seasons. Of feeds with few rows in the sample, a period's length tells more.
    """
    days = np.array([day_number(p.end) - day_number(p.start) + 1 for p in schedule.periods], np.float64)
    senders, periods = len(institutions.code), len(days)
    found: dict[str, tuple[Floats, Floats]] = {}
    for batch in batches:
        rows, begun = np.bincount(batch.sender, minlength=senders), np.bincount(batch.period, minlength=periods)
        so_far = found.get(batch.feed, (np.zeros(senders), periods * days / days.sum()))
        found[batch.feed] = (so_far[0] + rows, so_far[1] + begun)
    expected = {
        feed: float(-np.expm1(-np.outer(rows * times, share / share.sum())).sum())
        for feed, (rows, share) in found.items()
    }
    if REGISTER in expected:  # reports every period, even an empty one
        expected[REGISTER] = float(len(institutions.register) * len(days))
    return expected


@dataclass(frozen=True)
class _Wrote:
    """What came of writing the sample, by feed; CPU seconds a file and a byte."""

    feeds: dict[str, FeedCount]
    per_file: float
    per_byte: float


def _wrote(
    settings: SimulateSettings,
    contracts: Path,
    institutions: Institutions,
    schedule: Schedule,
    shares: list[pa.RecordBatch],
) -> _Wrote:
    """Write the sample in few files, and some of it in many, which tells the cost of a file from that of a byte."""
    table = pa.Table.from_batches(shares, CHUNK).cast(LARGE).combine_chunks()
    few = table.set_column(2, "period", pa.array(np.zeros(len(table), np.int32)))
    costs, written = [], []
    for rows in (few, table.take(np.linspace(0, len(table) - 1, min(len(table), MANY)).astype(np.int64))):
        ordered = list(_in_order(rows))
        with tempfile.TemporaryDirectory() as folder:
            once = replace(settings.dirt, file_repeated=0.0, file_withdrawn=0.0)
            there = replace(settings, out=Path(folder) / "inbox", truth=Path(folder) / "truth", dirt=once)
            desk = desk_of(there, contracts, institutions, schedule)
            began = time.process_time()
            written.append(pa.Table.from_batches(write_files(desk, iter(ordered)), WRITTEN))
            costs.append(time.process_time() - began)
    files, size = (np.array([sum(t[c].to_pylist()) for t in written], np.float64) for c in ("files", "bytes"))
    part = size[1] / max(size[0], 1)
    per_file = max(costs[1] - costs[0] * part, 0) / max(files[1] - files[0] * part, 1)
    sums = written[0].group_by("feed").aggregate([(c, "sum") for c in ("files", "rows", "bytes")]).to_pylist()
    feeds = {r["feed"]: FeedCount(r["feed"], r["files_sum"], r["rows_sum"], r["bytes_sum"]) for r in sums}
    return _Wrote(feeds, per_file, max(costs[0] - per_file * files[0], 0.0) / max(size[0], 1))


def _in_order(rows: pa.Table) -> Iterator[pa.RecordBatch]:
    """As a writer gets them."""
    order = pc.sort_indices(rows, [(c, "ascending") for c in ("sender", "feed", "period", "part")])
    for at in range(0, len(order), 2000):
        yield from rows.take(order[at : at + 2000]).cast(CHUNK).to_batches()


def _largest(shares: list[pa.RecordBatch], times: float, most: int) -> int:
    """Bytes to expect of the largest file: the sample's share of it times as much, or as many rows as a file holds."""
    table = pa.Table.from_batches(shares, CHUNK)
    sizes = table.append_column("bytes", pc.binary_length(table["text"]))
    sizes = sizes.append_column("rows", pc.divide(pc.binary_length(table["persons"]), 8))
    by_file = sizes.group_by(["sender", "feed", "period"]).aggregate([("bytes", "sum"), ("rows", "sum")])
    size, rows = (by_file[f"{c}_sum"].to_numpy() for c in ("bytes", "rows"))
    return round(float(np.max(size * np.minimum(times, most / np.maximum(rows, 1)), initial=0.0)))
