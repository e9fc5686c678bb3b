"""The job: blocks of lives become rows in Spark tasks, rows become whole files in Spark tasks.

Nothing that grows with the number of residents passes through the driver: a task makes a few blocks and hands on the
text of each file's share; after one shuffle a task holds all shares of a sender's feed and writes the files.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.lakehouse.errors import Refused
from jobs.province.cancers import cancer_card, cancer_truth, cancers
from jobs.province.care_feeds import payment, prescription, registration
from jobs.province.deaths import deaths
from jobs.province.documents import documents, emr_document
from jobs.province.draws import Draws
from jobs.province.encounters import encounters
from jobs.province.epidemic import at_risk
from jobs.province.facts import ProvinceFacts
from jobs.province.feeds import inpatient_home_page, laboratory, outpatient_visit
from jobs.province.foreseen import hazards, readmissions
from jobs.province.identity import identity
from jobs.province.imaging import imaging_study, studies
from jobs.province.immunisation import doses, immunisation
from jobs.province.infections import (
    LONGEST_WAIT,
    infection_events,
    infection_truth,
    infection_visits,
    infections,
    outbreak_truth,
)
from jobs.province.infectious_cards import infectious_card
from jobs.province.institutions import Institutions
from jobs.province.laboratory import AT_STAY, AT_VISIT, ITEMS, results
from jobs.province.life import simulate_lives
from jobs.province.people import BLOCK
from jobs.province.pregnancies import LENGTH
from jobs.province.primary_care import checkups, chronic_followup, followups, health_checkup
from jobs.province.recording import Batch, Scene
from jobs.province.registry_feeds import birth_certificate, death_certificate, register_events, resident_register
from jobs.province.scale import Scale, scales
from jobs.province.schedule import Schedule, day_number
from jobs.province.settings import FEEDS, REGISTER, SimulateSettings
from jobs.province.stays import LONGEST, described, hospital_stays
from jobs.province.truth import causes, episode_events, events, persons, pregnancy_events, write_parquet
from jobs.province.undelivered import delivered, undelivered
from jobs.province.visits import outpatient_visits
from jobs.province.wire import channel_table, contract_fields, wire_of
from jobs.province.writing import Desk, Feed, chunks, write_files

PART = 4  # blocks made together; the content does not depend on it, the names of truth files do
LOOK_BACK = 155  # days before the first one whose events may still be delivered late or corrected
CHUNK_DDL = "sender int, feed string, period int, part long, text binary, persons binary, defects binary"
WRITTEN_DDL = "feed string, files long, rows long, bytes long"


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

    made = spark.range(0, parts, 1, min(parts, tasks)).mapInArrow(make, CHUNK_DDL)
    if REGISTER in settings.feeds:
        made = made.unionByName(_every_register(spark, institutions, schedule))
    shares = made.repartition(tasks, "sender", "feed")
    written = shares.sortWithinPartitions("sender", "feed", "period", "part").mapInArrow(write, WRITTEN_DDL)
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
        "emr_document": 2 * stays + 0.15 * rate.visits,
        "prescription": 1.3 * rate.visits + stays,
        "payment": rate.visits + stays,
        "inpatient_home_page": stays,
        "laboratory": ITEMS * (rate.visits * AT_VISIT + stays * AT_STAY),
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


def live_and_record(
    settings: SimulateSettings,
    facts: ProvinceFacts,
    institutions: Institutions,
    schedule: Schedule,
    scale: Scale,
    blocks: np.ndarray,
) -> tuple[Scene, list[Batch], dict[str, pa.Table]]:
    """The lives in these blocks, the rows sent about them, and the truth by name of its table."""
    draws = Draws(settings.seed)
    first, last = schedule.days
    # a death up to one longest stay after the end may have begun a stay before it, a birth antenatal visits
    years = range(settings.population_on.year, _year(last + max(LONGEST + 10, LENGTH)) + 1)
    lives = simulate_lives(draws, facts, settings.rate, scale, blocks, years)
    scene = Scene(
        draws,
        facts,
        settings,
        institutions,
        schedule,
        lives,
        identity(draws, facts.names, lives.people, settings.dirt),
    )
    start, recent = day_number(settings.population_on), max(first - LOOK_BACK, day_number(settings.population_on))
    visits = outpatient_visits(draws, facts, scale, institutions, lives, _months(recent, last))
    stays = hospital_stays(draws, facts, scale, lives, _months(start, last))
    stays = stays.at(np.flatnonzero(stays.discharged >= recent))
    dead = deaths(draws, facts, scale, lives, stays)
    registered = register_events(lives, first if settings.backload_from else None)
    infecting = _months(max(recent - LONGEST_WAIT, start), last)
    risk = at_risk(scene, infecting)
    infected = infections(scene, infecting, risk)
    visits = visits.and_(infection_visits(scene, infected, _months(recent, last)))
    all_visits, all_stays, reaches = visits, stays, delivered(scene, visits, stays, dead, registered)
    visits, stays = visits.at(reaches.visit), stays.at(reaches.stay)
    about = described(draws, facts, institutions, lives, stays)
    care = encounters(draws, visits, stays, about)
    done = studies(draws, facts, lives, care)
    months = _months(recent, last)
    checked = checkups(scene, range(_year(recent), _year(last) + 1))
    followed = followups(scene, range(months.start // 3, (months.stop - 1) // 3 + 1))
    vaccinated, tumours = doses(scene), cancers(scene)
    record: dict[str, Callable[[], Batch]] = {
        "resident_register": lambda: resident_register(scene, registered, reaches.told),
        "registration": lambda: registration(scene, visits),
        "outpatient_visit": lambda: outpatient_visit(scene, visits),
        "emr_document": lambda: emr_document(scene, documents(lives, care, done), done),
        "prescription": lambda: prescription(scene, care),
        "payment": lambda: payment(scene, care),
        "inpatient_home_page": lambda: inpatient_home_page(scene, stays, about),
        "laboratory": lambda: laboratory(scene, results(draws, facts, lives, visits, stays, about)),
        "imaging_study": lambda: imaging_study(scene, done),
        "health_checkup": lambda: health_checkup(scene, checked),
        "chronic_followup": lambda: chronic_followup(scene, followed),
        "immunisation": lambda: immunisation(scene, vaccinated),
        "infectious_card": lambda: infectious_card(scene, infected),
        "cancer_card": lambda: cancer_card(scene, tumours),
        "birth_certificate": lambda: birth_certificate(scene, reaches.birth),
        "death_certificate": lambda: death_certificate(scene, dead.at(reaches.death)),
    }
    batches = [record[feed]() for feed in settings.feeds]
    also = [
        ("health_checkup", checked.person, checked.day),
        ("chronic_followup", followed.person, followed.day),
        ("vaccination", vaccinated.person, vaccinated.day),
        *infection_events(scene, infected),
        *episode_events(scene),
        *pregnancy_events(scene),
    ]
    truth = {
        "event": events(scene, registered, all_visits, all_stays, also),
        "person": persons(scene),
        "cause_of_death": causes(scene, dead),
        "infection": infection_truth(scene, infected),
        "outbreak": outbreak_truth(scene, infected, infecting, risk),
        "undelivered": undelivered(scene, all_visits, all_stays, dead, registered, infected, reaches),
        "cancer": cancer_truth(scene, tumours),
        "hazard": hazards(scene, scale),
        "readmission": readmissions(scene, scale, stays),
    }
    return scene, batches, truth


def _months(first: int, last: int) -> range:
    months = np.array([first, last]).astype("M8[D]").astype("M8[M]").astype(int)
    return range(int(months[0]), int(months[1]) + 1)


def _year(day: int) -> int:
    return int(np.datetime64(day, "D").astype("M8[Y]").astype(int)) + 1970


def _every_register(spark: SparkSession, institutions: Institutions, schedule: Schedule) -> DataFrame:
    """An empty share of every register and period: a register reports even when nothing happened."""
    rows = [
        (int(s), REGISTER, p, -1, b"", b"", b"") for s in institutions.register for p in range(len(schedule.periods))
    ]
    return spark.createDataFrame(rows, CHUNK_DDL)


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
    for other in sorted(p.name for p in (settings.truth / "event").glob("*_*")):
        start, end = other.split("_")
        if other != schedule.window and start <= str(settings.end) and end >= str(schedule.periods[0].start):
            raise Refused(
                f"simulate.truth={settings.truth} holds {start} to {end} already: simulate.start must be later"
            )
    settings.truth.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(ours, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


_FREE = ("backload_from", "start", "end", "out", "truth", "partitions", "deliver_every")
