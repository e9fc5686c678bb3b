"""The release as tables: its id stands for its content, and two reviewers signed it."""

from __future__ import annotations

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.governance.keys import derived
from jobs.governance.release import approval, measure, release_id, signature
from jobs.lakehouse.errors import Broken
from jobs.lakehouse.job import Pinned, Run
from jobs.lakehouse.lake import Lake
from jobs.tables.gold import MEASURE
from jobs.tables.release import MEASURE as RELEASED
from tests.governance.test_disclosure import gold

KEY = bytes(range(32))
RULE = {"smallest_shown": 11, "round_to": 5, "unstable_below": 30, "standardised_from": 20}
RUN = Run("run", Lake("nowhere"), {"gold.measure": Pinned("nowhere", 7)}, {}, "code", KEY)
REVIEWERS = ["DEMO reviewer A", "DEMO reviewer B"]


def release(spark: SparkSession, deaths: int) -> DataFrame:
    """The release of two counties, one of them with this many deaths."""
    cells = {(2024, county, "male", "50-54"): n for county, n in (("370102", deaths), ("370112", 3))}
    rows = [
        tuple(None if value is None or value != value else value for value in row)
        for row in gold(cells)[MEASURE.column_names].astype(object).itertuples(index=False)
    ]
    frame = spark.createDataFrame(rows, MEASURE.schema)
    return measure(frame, **RULE, places="shandong", demo=True, run=RUN)


def signed(released: DataFrame) -> list:
    return approval(released, reviewers=REVIEWERS, signed_on="2026-01-01", demo=True, run=RUN).collect()


def test_hkdf_gives_what_rfc_5869_prints():
    """RFC 5869, test case 3: 22 bytes of 0b, no salt, no info."""
    okm = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert derived(bytes([0x0B]) * 22, "", 42).hex() == okm


def test_a_release_is_named_by_its_content_and_signed_by_two_demo_reviewers(spark: SparkSession):
    made, other = release(spark, 40), release(spark, 60)
    shown = {(r.place_code, r.sex, r.age_band): r for r in made.collect()}
    assert set(made.columns) == set(RELEASED.column_names)
    assert (shown["370102", "male", "50-54"].numerator, shown["370102", "male", "50-54"].input_version) == (40, 7)
    assert shown["370112", "male", "50-54"].status == "suppressed"
    assert {r.demo for r in shown.values()} == {True}
    (identifier,) = {r.release_id for r in shown.values()}
    assert identifier != other.first().release_id
    rows = signed(made.repartition(3, "age_band"))
    assert [(r.reviewer, r.release_id, r.demo) for r in rows] == [(who, identifier, True) for who in REVIEWERS]
    for row in rows:
        assert release_id(row.content_hash) == identifier
        assert row.signature == signature(KEY, row.reviewer, identifier, row.content_hash, "2026-01-01")
        assert row.signature != signature(bytes(32), row.reviewer, identifier, row.content_hash, "2026-01-01")


def test_a_release_changed_after_it_was_made_is_not_signed(spark: SparkSession):
    changed = release(spark, 40).withColumn("numerator", F.when(F.col("numerator") > 0, F.col("numerator") + 5))
    with pytest.raises(Broken, match="do not have the content"):
        signed(changed)


def test_an_empty_release_has_no_signatures(spark: SparkSession):
    assert signed(spark.createDataFrame([], RELEASED.schema)) == []
