"""The runner on a made-up lake of visits: what is made anew, what follows a change, what a repeat adds (nothing)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Barrier, Event
from typing import Any

import pytest
from omegaconf import OmegaConf
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.lakehouse import delta
from jobs.lakehouse import job as job_module
from jobs.lakehouse.delta import Commit
from jobs.lakehouse.errors import Refused
from jobs.lakehouse.job import Job, Pinned, in_order, job
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.read import read_table
from jobs.lakehouse.record import Result
from jobs.lakehouse.runner import Runner
from jobs.lakehouse.table import Column, Expect, Table
from jobs.tables.ops import RUN_IO
from tests.support import rows

VISIT = Table(
    "bronze.visit",
    "One row per delivered visit.",
    "test",
    (Column("_row_id", "long", required=True), Column("day", "string"), Column("cost", "long")),
    feed_changes=True,
)
LOG = Table(
    "vault.log",
    "One row per decision who a record is about.",
    "test",
    (
        Column("_row_id", "long", required=True),
        Column("person_id", "long"),
        Column("previous_person_id", "long"),
        Column("reason", "string"),
    ),
    feed_changes=True,
)
LINK = Table(
    "vault.link",
    "One row per record that counts.",
    "test",
    (Column("_row_id", "long", required=True), Column("person_id", "long", required=True)),
    key=("_row_id",),
    bucket_by="person_id",
)
EVENT = Table(
    "silver.event",
    "One row per visit of a person.",
    "test",
    (
        Column("_row_id", "long", required=True),
        Column("person_id", "long", required=True),
        Column("day", "date"),
        Column("cost", "long"),
    ),
    key=("_row_id",),
    bucket_by="person_id",
    sort_by=("person_id", "_row_id"),
    expects=(Expect("cost_known", "cost >= 0", otherwise="quarantine"),),
)
TOTAL = Table(
    "silver.total",
    "One row per person.",
    "test",
    (Column("person_id", "long", required=True), Column("visits", "long"), Column("cost", "long")),
    key=("person_id",),
    bucket_by="person_id",
)
STATE = Table(
    "gold.state",
    "One row per signed contribution to a month.",
    "test",
    (Column("month", "string"), Column("cost", "long")),
    additive=("cost",),
)


@pytest.fixture
def jobs() -> Iterator[list[Job]]:
    """Five jobs, one of each kind, in dependency order; the registry is as before afterwards."""
    kept = dict(job_module._JOBS)
    job_module._JOBS.clear()

    @job(writes=LINK, by="record", changes=LOG)
    def link(changes: DataFrame) -> DataFrame:
        newest = F.max_by("person_id", F.struct(F.col("reason") != "new", "person_id"))
        return changes.groupBy("_row_id").agg(newest.alias("person_id")).where("person_id is not null")

    @job(writes=EVENT, by="event", changes=LOG, visits=VISIT, links=LINK)
    def event(visits: DataFrame, links: DataFrame) -> DataFrame:
        return links.join(visits, "_row_id", how="inner").select(
            "_row_id", "person_id", F.to_date("day").alias("day"), "cost"
        )

    @job(writes=TOTAL, by="person", changes=LOG, events=EVENT)
    def total(events: DataFrame) -> DataFrame:
        return events.groupBy("person_id").agg(F.count("*").alias("visits"), F.sum("cost").alias("cost"))

    @job(writes=STATE, by="signed", changes=LOG, events=EVENT)
    def state(sources: dict[str, Pinned], persons: DataFrame | None) -> DataFrame:
        spark = SparkSession.active()
        pin = sources["events"]
        if pin.version is None:
            return spark.createDataFrame([], STATE.schema)
        df = spark.read.format("delta").option("versionAsOf", pin.version).load(pin.uri)
        if persons is not None:
            df = df.join(persons.select("person_id"), "person_id", how="left_semi")
        return df.groupBy(F.date_format("day", "yyyy-MM").alias("month")).agg(F.sum("cost").alias("cost"))

    yield in_order(job_module._JOBS.values())
    job_module._JOBS.clear()
    job_module._JOBS.update(kept)


class Silent:
    """Progress nobody watches."""

    def started(self, job: Job) -> None: ...
    def ended(self, job: Job, result: Result) -> None: ...


class World:
    """A lake with the two source tables, to which visits and decisions are added."""

    def __init__(self, spark: SparkSession, lake: Lake, jobs: list[Job]) -> None:
        self.spark, self.lake, self.jobs, self.batch = spark, lake, jobs, 0

    def deliver(self, visits: list[tuple[Any, ...]], log: list[tuple[Any, ...]]) -> None:
        self.batch += 1
        commit = Commit(run_id=f"in-{self.batch}", job="receive", mode="change")
        delta.append(self.spark, self.lake, VISIT, rows(self.spark, VISIT, *visits), commit)
        delta.append(self.spark, self.lake, LOG, rows(self.spark, LOG, *log), commit)

    def run(self, at_once: int = 1) -> dict[str, Result]:
        runner = Runner(self.lake, lambda layer: OmegaConf.create({}), lambda: self.spark, Silent(), at_once)
        return {r.job: r for r in runner.run(self.jobs)}

    def table(self, table: Table, *columns: str) -> list[tuple[Any, ...]]:
        found = read_table(self.lake.root, table.name, columns).to_pylist()
        return sorted(tuple(r[c] for c in columns) for r in found)

    def months(self) -> dict[str, int]:
        totals: dict[str, int] = {}
        for month, cost in self.table(STATE, "month", "cost"):
            totals[month] = totals.get(month, 0) + cost
        return {m: c for m, c in totals.items() if c}


@pytest.fixture
def world(spark: SparkSession, lake: Lake, jobs: list[Job]) -> World:
    made = World(spark, lake, jobs)
    # Person 7 has two visits, person 8 one; the fourth row costs less than nothing and is kept out by the rule.
    made.deliver(
        [(1, "2024-01-05", 10), (2, "2024-02-06", 20), (3, "2024-02-07", 5), (4, "2024-02-08", -1)],
        [(1, 7, None, "new"), (2, 7, None, "new"), (3, 8, None, "new"), (4, 8, None, "new")],
    )
    return made


def test_jobs_run_in_the_order_of_their_tables(jobs: list[Job]) -> None:
    assert [j.name for j in jobs] == ["vault.link", "silver.event", "gold.state", "silver.total"]


def test_a_change_gives_what_making_everything_anew_gives(world: World) -> None:
    first = world.run()
    assert {r.status for r in first.values()} == {"done"} and {r.mode for r in first.values()} == {"full"}
    assert first["silver.event"].rows_quarantined == 1
    assert world.table(TOTAL, "person_id", "visits", "cost") == [(7, 2, 30), (8, 1, 5)]
    assert world.months() == {"2024-01": 10, "2024-02": 25}
    # A new visit of person 8; row 2 turns out to be person 8's; row 3 no longer counts.
    world.deliver([(5, "2024-01-09", 100)], [(5, 8, None, "new"), (2, 8, 7, "relinked"), (3, None, 8, "superseded")])
    second = world.run()
    assert {r.mode for r in second.values()} == {"change"}
    assert world.table(LINK, "_row_id", "person_id") == [(1, 7), (2, 8), (4, 8), (5, 8)]
    assert world.table(EVENT, "_row_id", "person_id", "cost") == [(1, 7, 10), (2, 8, 20), (5, 8, 100)]
    assert world.table(TOTAL, "person_id", "visits", "cost") == [(7, 1, 10), (8, 2, 120)]
    assert world.months() == {"2024-01": 110, "2024-02": 20}
    hashes = {name: r.total.hash for name, r in second.items() if name != "gold.state"}
    for table in (LINK, EVENT, TOTAL):
        rows = delta.read(world.spark, world.lake, table, delta.table_version(world.lake, table))
        content = delta.content_of(rows, table.column_names)
        assert content.hash == hashes[table.name]


def test_jobs_side_by_side_give_what_they_give_one_after_the_other(world: World) -> None:
    """Each commit says of itself what its own job did: two MERGEs at once don't take each other's words."""
    first = world.run(at_once=3)
    assert {r.mode for r in first.values()} == {"full"}
    world.deliver([(5, "2024-01-09", 100)], [(5, 8, None, "new"), (2, 8, 7, "relinked"), (3, None, 8, "superseded")])
    second = world.run(at_once=3)
    assert {r.mode for r in second.values()} == {"change"}
    assert world.table(TOTAL, "person_id", "visits", "cost") == [(7, 1, 10), (8, 2, 120)]
    assert world.months() == {"2024-01": 110, "2024-02": 20}
    for name, result in second.items():
        commit = delta.last_commit(world.lake, name)
        assert commit is not None and (commit.job, commit.run_id) == (name, result.run_id)
    assert {r.status for r in world.run(at_once=3).values()} == {"fresh"}


def test_jobs_that_need_nothing_of_each_other_meet(world: World) -> None:
    """Two that wait for each other end only if both run; what reads them comes after, and not beside them."""
    one, two = (Table(f"silver.{n}", "One row per lake.", "test", (Column("cost", "long"),)) for n in ("one", "two"))
    after = Table("gold.after", "One row per lake.", "test", (Column("cost", "long"),))
    meeting, met = Barrier(2, timeout=60), []

    @job(writes=one, visits=VISIT)
    def left(visits: DataFrame) -> DataFrame:
        met.append(meeting.wait())
        return visits.agg(F.max("cost").alias("cost"))

    @job(writes=two, visits=VISIT)
    def right(visits: DataFrame) -> DataFrame:
        met.append(meeting.wait())
        return visits.agg(F.min("cost").alias("cost"))

    @job(writes=after, ones=one, twos=two)
    def both(ones: DataFrame, twos: DataFrame) -> DataFrame:
        assert len(met) == 2
        return ones.unionByName(twos)

    world.jobs = [job_module._JOBS[t] for t in ("silver.one", "silver.two", "gold.after")]
    world.run(at_once=2)
    assert world.table(after, "cost") == [(-1,), (20,)]


def test_when_a_job_fails_those_beside_it_end_and_are_recorded_and_none_is_begun(world: World) -> None:
    one, two, third = (
        Table(f"silver.{n}", "One row per lake.", "test", (Column("cost", "long"),)) for n in ("a", "b", "c")
    )
    failed = Event()

    @job(writes=one, visits=VISIT)
    def fails(visits: DataFrame) -> DataFrame:
        failed.set()
        raise Refused("no such list")

    @job(writes=two, visits=VISIT)
    def ends(visits: DataFrame) -> DataFrame:
        assert failed.wait(60)
        return visits.select("cost")

    @job(writes=third, visits=VISIT)
    def never(visits: DataFrame) -> DataFrame:
        return visits.select("cost")

    world.jobs = [job_module._JOBS[t] for t in ("silver.a", "silver.b", "silver.c")]
    with pytest.raises(Refused, match="no such list"):
        world.run(at_once=2)
    runs = {r["job"]: r["status"] for r in read_table(world.lake.root, "ops.run").to_pylist()}
    assert runs == {"silver.a": "refused", "silver.b": "done"}
    assert delta.table_version(world.lake, third) is None


def test_new_rows_alone_are_appended_and_nothing_is_deleted(world: World) -> None:
    world.run()
    world.deliver([(6, "2024-03-01", 1)], [(6, 9, None, "new")])
    second = world.run()
    assert second["silver.event"].rows_out == 1 and second["silver.total"].rows_out == 1
    assert second["silver.event"].total.rows == 4
    assert world.months() == {"2024-01": 10, "2024-02": 25, "2024-03": 1}


def test_nothing_new_means_nothing_done_and_no_session(world: World) -> None:
    world.run()
    before = {t.name: delta.table_version(world.lake, t) for t in (LINK, EVENT, TOTAL, STATE)}

    def no_session() -> SparkSession:
        raise AssertionError("a session was started for nothing")

    runner = Runner(world.lake, lambda layer: OmegaConf.create({}), no_session, Silent())
    assert {r.status for r in runner.run(world.jobs)} == {"fresh"}
    assert {t.name: delta.table_version(world.lake, t) for t in (LINK, EVENT, TOTAL, STATE)} == before


def test_every_run_is_recorded_with_inputs_outputs_and_hash(world: World) -> None:
    done = world.run()
    io = read_table(world.lake.root, "ops.run_io").to_pylist()
    run_id = done["silver.event"].run_id
    mine = {(r["direction"], r["table"]): r for r in io if r["run_id"] == run_id}
    assert set(mine) == {("in", "bronze.visit"), ("in", "vault.link"), ("in", "vault.log"), ("out", "silver.event")}
    assert mine["in", "bronze.visit"]["version"] == 0
    assert mine["out", "silver.event"]["content_hash"] == done["silver.event"].total.hash
    runs = {r["job"]: r for r in read_table(world.lake.root, "ops.run").to_pylist()}
    assert (
        runs["silver.event"]["status"] == "done"
        and runs["silver.event"]["rows_out"] == 3
        and runs["silver.event"]["rows_quarantined"] == 1
    )


def test_a_run_killed_before_its_record_is_recorded_by_the_next(world: World) -> None:
    done = world.run()
    delta.overwrite(
        world.spark, world.lake, RUN_IO, world.spark.createDataFrame([], RUN_IO.schema), Commit("x", "test")
    )
    assert {r.status for r in world.run().values()} == {"fresh"}
    io = {
        r["table"]: r["content_hash"]
        for r in read_table(world.lake.root, "ops.run_io").to_pylist()
        if r["direction"] == "out"
    }
    assert io == {r.outputs[0].table: r.total.hash for r in done.values()}


def test_a_null_in_a_required_column_ends_the_job_with_nothing_written(world: World) -> None:
    world.deliver([(None, "2024-01-01", 1)], [])
    world.jobs = [j for j in world.jobs if j.name == "vault.link"]
    world.run()

    broken = Table(
        "silver.copy", "One row per visit.", "test", (Column("_row_id", "long"), Column("cost", "long", required=True))
    )

    @job(writes=broken, visits=VISIT)
    def copy(visits: DataFrame) -> DataFrame:
        return visits.select("_row_id", F.when(F.col("cost") > 0, F.col("cost")).alias("cost"))

    world.jobs = [job_module._JOBS["silver.copy"]]
    with pytest.raises(Exception, match=r"silver\.copy\.cost is required but was null"):
        world.run()
    assert delta.table_version(world.lake, broken) is None
    runs = read_table(world.lake.root, "ops.run", where="job = 'silver.copy'").to_pylist()
    assert [r["status"] for r in runs] == ["failed"]


def test_a_job_may_ask_for_new_rows_only_of_a_table_that_keeps_its_changes(jobs: list[Job]) -> None:
    """Without the change feed it would run once, and fail on the first day that follows."""
    forgetful = replace(VISIT, feed_changes=False)
    for visits, log, named in ((forgetful, LOG, "new_visits follows bronze.visit"), (VISIT, EVENT, "silver.event")):
        with pytest.raises(TypeError, match=rf"{named}, without feed_changes"):

            @job(writes=TOTAL, by="record", changes=log, new_visits=visits)
            def total(new_visits: DataFrame, changes: DataFrame) -> DataFrame:
                return new_visits


def test_a_small_table_made_anew_with_the_same_content_makes_nothing_else_stale(world: World) -> None:
    """The costliest visit so far: a cheaper one changes nothing, so what reads the table is left alone."""
    peak = Table("silver.peak", "One row per lake.", "test", (Column("cost", "long"),))
    shown = Table("gold.shown", "One row per lake.", "test", (Column("cost", "long"),))

    @job(writes=peak, visits=VISIT)
    def costliest(visits: DataFrame) -> DataFrame:
        return visits.agg(F.max("cost").alias("cost"))

    @job(writes=shown, peaks=peak)
    def show(peaks: DataFrame) -> DataFrame:
        return peaks

    world.jobs = [job_module._JOBS[t] for t in ("silver.peak", "gold.shown")]
    world.run()
    world.deliver([(7, "2024-03-02", 15)], [])
    second = world.run()
    assert [second["silver.peak"].mode, second["gold.shown"].status] == ["same", "fresh"]
    world.deliver([(8, "2024-03-02", 99)], [])
    assert [r.mode for r in world.run().values()] == ["full", "full"]
    assert world.table(shown, "cost") == [(99,)]
