"""The job: blocks of lives become rows in Spark tasks, rows become whole files in Spark tasks.

Nothing that grows with the number of residents passes through the driver: a task makes a few blocks and hands on the
text of each file's share; after one shuffle a task holds all shares of a sender's feed and writes the files.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from jobs.lakehouse.errors import Refused
from jobs.province.facts import ProvinceFacts
from jobs.province.institutions import Institutions
from jobs.province.laboratory import AT_STAY, AT_VISIT, RESULTS_OF_STAY, RESULTS_OF_VISIT
from jobs.province.people import BLOCK
from jobs.province.residents import live_and_record
from jobs.province.scale import Scale, scales
from jobs.province.schedule import Schedule, day_number
from jobs.province.settings import FEEDS, REGISTER, SimulateSettings
from jobs.province.truth import write_parquet
from jobs.province.wire import channel_table, contract_fields, wire_of
from jobs.province.writing import CHUNK, WRITTEN, Desk, Feed, chunks, write_files

PART = 4  # blocks made together; the content does not depend on it, the names of truth files do


@dataclass(frozen=True)
class FeedCount:
    """What was delivered of one feed."""

    feed: str
    files: int
    rows: int
    bytes: int


@dataclass(frozen=True)
class SimulationReport:
    """What one run delivered."""

    residents: int
    feeds: tuple[FeedCount, ...]
    seconds: float

    @property
    def files(self) -> int:
        return sum(f.files for f in self.feeds)

    @property
    def rows(self) -> int:
        return sum(f.rows for f in self.feeds)


def read_contracts(folder: Path) -> dict[str, Feed]:
    """Version and fields of the simulated feeds' contracts."""
    return {name: Feed(*contract_fields((folder / f"{name}.yaml").read_text(encoding="utf-8"))) for name in FEEDS}


def simulate(
    spark: SparkSession, settings: SimulateSettings, contracts: Path, facts: ProvinceFacts
) -> SimulationReport:
    """Deliver what ``settings`` ask for and add the truth about it. A repeat leaves everything as it is."""
    began = time.monotonic()
    schedule, institutions = Schedule.of(settings), Institutions.of(facts.places, settings)
    _same_province(settings, schedule)
    scale = scales(facts, settings.rate)
    desk = desk_of(settings, contracts, institutions, schedule)
    write_parquet(channel_table(desk.wires), settings.truth / "channel" / schedule.window / "channel.parquet")
    blocks = -(-settings.residents // BLOCK)
    parts = -(-blocks // PART)
    tasks = settings.partitions or 4 * spark.sparkContext.defaultParallelism

    def make(ids: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in ids:
            for part in batch.column("id").to_pylist():
                numbers = np.arange(part * PART, min((part + 1) * PART, blocks))
                yield from make_part(settings, facts, institutions, schedule, scale, part, numbers)

    def write(shares: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return write_files(desk, iter(shares))

    made = spark.range(0, parts, 1, min(parts, tasks)).mapInArrow(make, from_arrow_schema(CHUNK))
    if REGISTER in settings.feeds:
        made = made.unionByName(_every_register(spark, institutions, schedule))
    shares = made.repartition(tasks, "sender", "feed")
    written = shares.sortWithinPartitions("sender", "feed", "period", "part").mapInArrow(
        write, from_arrow_schema(WRITTEN)
    )
    totals = written.groupBy("feed").agg(*(F.sum(c).alias(c) for c in ("files", "rows", "bytes"))).collect()
    counts = tuple(FeedCount(*row) for row in sorted(totals))
    return SimulationReport(blocks * BLOCK, counts, time.monotonic() - began)


def desk_of(settings: SimulateSettings, contracts: Path, institutions: Institutions, schedule: Schedule) -> Desk:
    """What the writers of these deliveries need."""
    feeds = read_contracts(contracts)
    wires = {
        (code, feed): wire_of(
            settings.seed, code, feed, feeds[feed].columns, bool(gb18030), settings.formats, settings.drift,
            settings.population_on,
        )
        for code, gb18030 in zip(institutions.code, institutions.gb18030, strict=True)
        for feed in settings.feeds
    }  # fmt: skip
    return Desk(
        settings.out,
        settings.truth,
        schedule.window,
        institutions.code,
        wires,
        schedule.periods,
        feeds,
        settings.seed,
        settings.rows_per_file,
        settings.dirt.file_repeated,
        settings.dirt.file_withdrawn,
    )


def expected(settings: SimulateSettings) -> int:
    """Rows to expect of the feeds asked for, by arithmetic: visits and stays by their rates, the rest by shares."""
    last = Schedule.of(settings).days[1]
    rate, stays = settings.rate, settings.rate.admissions
    a_year = {
        REGISTER: 0.03,
        "registration": rate.visits,
        "outpatient_visit": rate.visits,
        "emr_document": 6.6 * stays + 0.1 * rate.visits,
        "prescription": 1.3 * rate.visits + stays,
        "payment": rate.visits + stays,
        "inpatient_home_page": stays,
        "laboratory": RESULTS_OF_VISIT * AT_VISIT * rate.visits + RESULTS_OF_STAY * AT_STAY * stays,
        "imaging_study": 0.1 * rate.visits + 0.8 * stays,
        "health_checkup": 0.2,
        "chronic_followup": 0.3,
        "immunisation": 0.16,
    }
    days = {feed: last - day_number(settings.begins(feed)) + 1 for feed in settings.feeds}
    rows = sum(a_year.get(feed, 0.01) * max(n, 0) / 365.2425 for feed, n in days.items())
    registered = REGISTER in settings.feeds and settings.backload_from is not None
    return round(settings.residents * (rows + registered))


def make_part(
    settings: SimulateSettings,
    facts: ProvinceFacts,
    institutions: Institutions,
    schedule: Schedule,
    scale: Scale,
    part: int,
    blocks: np.ndarray,
) -> Iterator[pa.RecordBatch]:
    """Live, fall ill, be cared for and recorded: the shares of files of these blocks; writes the truth about them."""
    _, batches, truth = live_and_record(settings, facts, institutions, schedule, scale, blocks)
    for name, table in truth.items():
        write_parquet(table, settings.truth / name / schedule.window / f"blocks-{part * PART:07d}.parquet")
    for batch in batches:
        if len(batch.sender):
            yield chunks(batch, part)


def _every_register(spark: SparkSession, institutions: Institutions, schedule: Schedule) -> DataFrame:
    """An empty share of every register and period: a register reports even when nothing happened."""
    rows = [
        (int(s), REGISTER, p, -1, b"", b"", b"") for s in institutions.register for p in range(len(schedule.periods))
    ]
    return spark.createDataFrame(rows, from_arrow_schema(CHUNK))


def _same_province(settings: SimulateSettings, schedule: Schedule) -> None:
    """Note in the truth what it is the truth of; refuse to add another province, or days it already holds, to it."""
    note = settings.truth / "simulation.json"
    ours = json.loads(json.dumps({k: v for k, v in asdict(settings).items() if k not in _FREE}, default=str))
    if note.is_file():
        theirs = json.loads(note.read_text(encoding="utf-8"))
        differ = [f"simulate.{k} ({theirs.get(k)} there)" for k in ours if ours[k] != theirs.get(k)]
        if differ:
            raise Refused(
                f"simulate.truth={settings.truth} is of another province: differs in {', '.join(differ)}; "
                "give another simulate.out and simulate.truth, or remove these"
            )
    _other_days(settings, schedule)
    settings.truth.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(ours, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _other_days(settings: SimulateSettings, schedule: Schedule) -> None:
    """Note which days are delivered how; refuse days that another run delivered, and the same in other deliveries."""
    ours = {k: str(getattr(settings, k)) for k in ("backload_from", "start", "deliver_every")}
    notes = settings.truth / "window"
    for note in sorted(notes.glob("*.json")):
        theirs = json.loads(note.read_text(encoding="utf-8"))
        differ = [f"simulate.{k} ({theirs.get(k)} there)" for k in ours if ours[k] != theirs.get(k)]
        start, end = note.stem.split("_")
        if note.stem == schedule.window and differ:
            raise Refused(
                f"simulate.truth={settings.truth} holds {start} to {end} in other deliveries: differs in "
                f"{', '.join(differ)}"
            )
        if note.stem != schedule.window and start <= str(settings.end) and end >= str(schedule.periods[0].start):
            raise Refused(
                f"simulate.truth={settings.truth} holds {start} to {end} already: simulate.start must be later"
            )
    notes.mkdir(parents=True, exist_ok=True)
    (notes / f"{schedule.window}.json").write_text(json.dumps(ours) + "\n", encoding="utf-8")


_FREE = ("backload_from", "start", "end", "out", "truth", "partitions", "deliver_every")
