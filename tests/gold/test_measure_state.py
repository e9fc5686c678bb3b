"""The kernel in Spark tasks on a real lake: pinned versions, deletion vectors, changes, and tables that are absent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from omegaconf import OmegaConf
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.codes.places import read_places
from jobs.gold import kernel
from jobs.gold import sources as silver
from jobs.gold.areas import areas
from jobs.gold.measure import folded, standards
from jobs.gold.measure_state import atoms, register_types
from jobs.gold.measures import COUNTED, MEASURES
from jobs.gold.rates import rates
from jobs.lakehouse import delta
from jobs.lakehouse.delta import Commit
from jobs.lakehouse.job import jobs_of
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.read import read_table
from jobs.lakehouse.runner import Runner
from jobs.lakehouse.table import Table
from jobs.tables.gold import MEASURE, MEASURE_STATE
from jobs.tables.omop import CONDITION_OCCURRENCE, DEATH, OBSERVATION_PERIOD, PERSON, VISIT_OCCURRENCE
from jobs.tables.silver import RESIDENCE
from jobs.tables.vault import PERSON_HISTORY
from tests.gold.people import LICHENG, LIXIA, REGISTER, People

YEARS = [2023, 2024, 2025]
SETTINGS = {"gold": {"start": "2023-01-01", "end": "2025-12-31", "pooled_years": 3, "places": "shandong"}}

# The kernel's table -> the silver table behind it, and how its columns are called there.
BEHIND: dict[str, tuple[Table, dict[str, str]]] = {
    "person": (PERSON, {}),
    "observation_period": (OBSERVATION_PERIOD, {}),
    "residence": (RESIDENCE, {}),
    "death": (DEATH, {"day": "death_date"}),
    "visit": (VISIT_OCCURRENCE, {"day": "visit_start_date"}),
    "diagnosis": (CONDITION_OCCURRENCE, {"day": "condition_start_date", "icd10": "condition_source_value"}),
}


class Silent:
    def started(self, job) -> None: ...
    def ended(self, job, result) -> None: ...


class World:
    """Silver tables made of literal people."""

    def __init__(self, spark: SparkSession, lake: Lake) -> None:
        self.spark, self.lake = spark, lake

    def frame(self, table: Table, renamed: dict[str, str], found: pa.Table) -> DataFrame:
        named = found.rename_columns([renamed.get(c, c) for c in found.column_names])
        df = self.spark.createDataFrame(named)
        missing = [F.lit(None).cast(f.dataType).alias(f.name) for f in table.schema.fields if f.name not in df.columns]
        return df.select("*", *missing).select(*table.column_names)

    def put(self, people: People, touched: set[int] | None = None) -> None:
        """Write everybody; or, given ``touched``, replace these persons, which marks their old rows deleted."""
        found = people.tables()
        for name, (table, renamed) in BEHIND.items():
            df = self.frame(table, renamed, found[name])
            if touched is None:
                delta.overwrite(self.spark, self.lake, table, df, Commit("made", "test", mode="full"))
                continue
            keys = self.spark.createDataFrame(
                [(who, who % self.lake.buckets) for who in touched], "person_id long, _bucket int"
            )
            rows = df.where(F.col("person_id").isin(touched))
            delta.replace_keys(
                self.spark, self.lake, table, keys, rows, "person_id", Commit("put", "test", mode="change")
            )

    def log(self, *entries: tuple[int, int | None, int | None, str]) -> None:
        """Decisions (row, person, previous person, reason)."""
        df = self.spark.createDataFrame(
            list(entries), "_row_id long, person_id long, previous_person_id long, reason string"
        )
        rest = [
            F.lit(None).cast(f.dataType).alias(f.name) for f in PERSON_HISTORY.schema.fields if f.name not in df.columns
        ]
        rows = df.select("*", *rest).select(*PERSON_HISTORY.column_names)
        delta.append(self.spark, self.lake, PERSON_HISTORY, rows, Commit("log", "test", mode="change"))

    def pinned(self) -> dict[str, tuple[str, int | None]]:
        tables = [table for table, _ in BEHIND.values()]
        return {t.short_name: (self.lake.uri(t), delta.table_version(self.lake, t)) for t in tables}

    def run(self) -> dict[str, object]:
        runner = Runner(self.lake, lambda layer: OmegaConf.create(SETTINGS), lambda: self.spark, Silent())
        return {r.job: r for r in runner.run(jobs_of(["gold"]))}

    def state(self, version: int) -> set[tuple]:
        return rows_of(folded(delta.read(self.spark, self.lake, MEASURE_STATE, version)))


class Village:
    """A lake whose gold was made, then followed a change of three persons."""

    def __init__(self, spark: SparkSession, lake: Lake) -> None:
        self.world = World(spark, lake)
        self.world.put(village(moved=False))
        self.world.log(*((who, who, None, "new") for who in range(1, 13)))
        self.first, self.before = self.world.run(), self.world.pinned()
        self.world.put(village(moved=True), touched={3, 5, 7})
        self.world.log((33, 3, None, "new"), (55, 5, None, "new"), (77, 7, 3, "relinked"))
        self.second, self.after = self.world.run(), self.world.pinned()


@pytest.fixture(scope="module")
def made(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKE_KEY", "5a" * 32)
        yield Village(spark, Lake(str(tmp_path_factory.mktemp("village") / "lake"), buckets=4, lease_wait=1))


def expected(people: People) -> set[tuple]:
    """What the kernel gives for everybody in one bucket, codes cut to the characters in which editions agree."""
    for row in people.rows["diagnosis"]:
        row["icd10"] = row["icd10"][:3]
    table = kernel.atoms(people.tables(), COUNTED, YEARS, [REGISTER])
    return {tuple(row[c] for c in MEASURE_STATE.column_names) for row in table.to_pylist()}


def rows_of(frame: DataFrame) -> set[tuple]:
    return {tuple(row[c] for c in MEASURE_STATE.column_names) for row in frame.collect()}


def village(moved: bool) -> People:
    """Twelve people; in the second version person 3 moved, 5 died and 7 has other visits and a diagnosis."""
    people = People()
    for who in range(1, 13):
        people.person(who, "male" if who % 2 else "female", f"19{40 + who * 3}-02-{15 + who}")
        last = "2024-08-01" if moved and who == 5 else "2025-12-31"
        people.observed(who, "2021-01-01", last)
        if moved and who == 3:
            people.lives(who, LIXIA, "2021-01-01", "2024-05-05").lives(who, LICHENG, "2024-05-05", None)
        else:
            people.lives(who, LIXIA if who < 7 else LICHENG, "2021-01-01", None)
        people.visits(who, "2023-03-03", "2024-04-04")
        people.diagnosed(who, "I10.x00", "2023-03-03")
    if moved:
        people.dies(5, "2024-08-01").visits(7, "2025-05-05", "2025-06-06").diagnosed(7, "C34.100", "2025-05-05")
    return people


def test_the_register_that_the_tests_assume_is_the_declared_one():
    assert register_types() == [REGISTER]


def test_atoms_of_all_buckets_are_those_of_the_kernel(made: Village):
    assert {r.mode for r in made.first.values()} == {"full"}
    assert made.world.state(0) == expected(village(moved=False))


def test_following_a_change_gives_what_counting_anew_gives(made: Village):
    assert made.second["gold.measure_state"].mode == "change"
    assert made.world.state(1) == expected(village(moved=True))


def test_rates_that_followed_a_change_are_those_of_the_kernel_and_the_one_function(made: Village):
    atoms_now = [dict(zip(MEASURE_STATE.column_names, row, strict=True)) for row in expected(village(moved=True))]
    wanted = []
    for measure in MEASURES:
        mine = pa.Table.from_pylist([a for a in atoms_now if a["measure"] == measure.name], schema=kernel.ATOMS)
        wanted += rates(mine.to_pydict(), measure, areas(read_places("shandong")), YEARS, 3, standards()).to_pylist()
    found = read_table(made.world.lake.root, "gold.measure", MEASURE.column_names).to_pylist()
    assert sorted(map(str, found)) == sorted(map(str, wanted))


def test_rows_marked_deleted_are_not_counted_and_an_old_version_still_is(made: Village):
    assert list(Path(made.world.lake.uri(RESIDENCE)).rglob("*.bin")), "the test needs a deletion vector"
    for pinned, moved in ((made.after, True), (made.before, False)):
        found = [silver.read_bucket(pinned, bucket, COUNTED) for bucket in range(4)]
        whole = {name: pa.concat_tables([tables[name] for tables in found]) for name in found[0]}
        rows = kernel.atoms(whole, COUNTED, YEARS, [REGISTER]).to_pylist()
        assert {tuple(row[c] for c in MEASURE_STATE.column_names) for row in rows} == expected(village(moved))


def test_a_bucket_holds_its_persons_only(made: Village):
    bucket = silver.read_bucket(made.after, 3, COUNTED)
    assert sorted(bucket["person"]["person_id"].to_pylist()) == [3, 7, 11]


def test_atoms_of_some_persons_are_theirs_alone(made: Village):
    some = made.world.spark.createDataFrame([(3, 3), (7, 3), (4, 0)], "person_id long, _bucket int")
    people = village(moved=True)
    for name, rows in people.rows.items():
        people.rows[name] = [r for r in rows if r["person_id"] in (3, 4, 7)]
    assert rows_of(atoms(made.after, 4, some, YEARS)) == expected(people)


def test_a_lake_without_deaths_or_visits_still_has_residents(made: Village):
    absent = dict.fromkeys(("death", "visit_occurrence", "condition_occurrence"), ("nowhere", None))
    bucket = silver.read_bucket({**made.after, **absent}, 0, COUNTED)
    sides = {(r["measure"], r["atom"]) for r in kernel.atoms(bucket, COUNTED, YEARS, [REGISTER]).to_pylist()}
    assert sides == {(m.name, "denominator") for m in COUNTED}


def test_gold_says_what_the_village_is(made: Village):
    """In 2024 twelve residents have twelve visits; person 5 is gone after 1 August, 152 days of that year."""
    whole = "level = 'province' and sex = 'all' and age_band = 'all' and period = '2024'"
    rows = {r["measure"]: r for r in read_table(made.world.lake.root, "gold.measure", where=whole).to_pylist()}
    visits, deaths = rows["outpatient_visits"], rows["all_cause_mortality"]
    assert (visits["numerator"], visits["denominator"], visits["numerator_persons"]) == (12, 12 * 366 - 152, 12)
    assert visits["rate"] == pytest.approx(12 / ((12 * 366 - 152) / 365.25))
    assert (deaths["numerator"], deaths["rate_low"] > 0) == (1, True)
    assert (rows["diagnosed_hypertension"]["numerator"], rows["diagnosed_hypertension"]["rate"]) == (12, 100)


def test_official_registered_and_seen_people_stand_side_by_side(made: Village):
    """On 1 July 2025 eleven of the twelve are residents; all twelve were seen within three years."""
    where = "place_code = '370000' and sex = 'all' and age_band = 'all' and year = 2025"
    heads = read_table(made.world.lake.root, "gold.population", where=where).to_pylist()
    assert {r["source"]: r["persons"] for r in heads} == {"official": 101_527_453, "register": 11, "seen_3y": 12}
