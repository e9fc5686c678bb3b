"""Which rows make one visit, worked out by hand; and that a visit changes when a later row says so."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from jobs.silver.omop.visit_occurrence import visit_occurrence
from jobs.silver.visit_history import assigned, visit_history, visit_record
from jobs.silver.visit_part import visit_part
from jobs.tables.bronze import BRONZE
from jobs.tables.omop import CARE_SITE
from jobs.tables.silver import VISIT_HISTORY
from jobs.tables.vault import PERSON_HISTORY, PERSON_LINK, VISIT_PART
from tests.identity.people import named
from tests.support import rows

DAY = "2024-03-05"


def part(row: int, kind: str, at: str, **more: Any) -> dict[str, Any]:
    feed = {"stay": "inpatient_home_page", "test": "laboratory", "encounter": "synthea_encounters"}.get(
        kind, "outpatient_visit"
    )
    usual = {"person_id": 7, "_sender": "H1", "department_code": "03", "_row_hash": row, "_learned_at": "2024-03-06"}
    return {"_row_id": row, "feed": feed, "part": kind, "starts_at": at, **usual, **more}


def visits(spark: SparkSession, *parts: dict[str, Any]) -> dict[int, int | None]:
    """Row -> smallest row of its visit."""
    found = assigned(named(spark, VISIT_PART, *parts)).collect()
    return {r["_row_id"]: None if r.visit_occurrence_id is None else r.visit_occurrence_id >> 6 for r in found}


def test_one_person_institution_department_and_day_are_one_visit(spark):
    found = visits(
        spark,
        part(1, "outpatient", f"{DAY} 09:00:00"),
        part(2, "outpatient", f"{DAY} 15:00:00"),  # back in the afternoon
        part(3, "test", f"{DAY} 09:30:00"),
        part(4, "test", f"{DAY} 10:00:00", department_code="05"),  # no visit there that day: one of its own
        part(5, "outpatient", f"{DAY} 09:00:00", _sender="H2"),
        part(6, "outpatient", "2024-03-06 09:00:00"),
        part(8, "outpatient", f"{DAY} 09:00:00", person_id=8),
    )
    assert found == {1: 1, 2: 1, 3: 1, 4: 4, 5: 5, 6: 6, 8: 8}


def test_a_test_goes_with_the_visit_it_names_then_with_the_stay_around_it(spark):
    stay = {"ends_at": "2024-03-10 10:00:00", "visit_no": "S1", "department_code": "04"}
    found = visits(
        spark,
        part(1, "stay", "2024-03-04 08:00:00", **stay),
        part(2, "test", f"{DAY} 07:00:00"),  # during the stay
        part(3, "test", "2024-03-12 07:00:00", visit_no="S1"),  # after discharge, but names the stay
        part(4, "test", "2024-03-11 07:00:00"),  # after discharge
        part(5, "outpatient", f"{DAY} 09:00:00", visit_no="V5"),  # another clinic's visit during the stay
        part(6, "test", "2024-03-07 09:00:00", visit_no="V5"),  # ordered there, taken two days later
        part(9, "test", f"{DAY} 07:00:00", _sender="H2"),  # elsewhere
    )
    assert found == {1: 1, 2: 1, 3: 1, 4: 4, 5: 5, 6: 5, 9: 9}


def test_of_overlapping_stays_the_one_that_ends_last_has_the_test(spark):
    found = visits(
        spark,
        part(1, "stay", "2024-03-01 08:00:00", ends_at="2024-03-20 10:00:00"),
        part(2, "stay", "2024-03-02 08:00:00", ends_at="2024-03-03 10:00:00"),
        part(3, "test", "2024-03-10 07:00:00"),
    )
    assert found == {1: 1, 2: 2, 3: 1}


def test_each_encounter_is_a_visit_and_a_detail_without_one_belongs_to_none(spark):
    found = visits(
        spark,
        part(1, "encounter", f"{DAY} 09:00:00", visit_no="e1"),
        part(2, "encounter", f"{DAY} 09:00:00", visit_no="e2"),
        part(3, "detail", DAY, visit_no="e2"),
        part(4, "detail", DAY, visit_no=None),
        part(5, "detail", DAY, visit_no="e9"),
    )
    assert found == {1: 1, 2: 2, 3: 2, 4: None, 5: None}


def history(spark: SparkSession, *batches: list[dict[str, Any]]) -> DataFrame:
    known, seen = rows(spark, VISIT_HISTORY), {}
    for batch in batches:
        links = [(p["_row_id"], 1, p["person_id"], seen.get(p["_row_id"], {}).get("person_id")) for p in batch]
        seen |= {p["_row_id"]: p for p in batch}
        parts = named(spark, VISIT_PART, *seen.values())
        new = visit_history(rows(spark, PERSON_HISTORY, *links), parts, known, run=SimpleNamespace(id="r"))
        told = [tuple(r) for r in new.select(*VISIT_HISTORY.column_names).collect()]
        known = rows(spark, VISIT_HISTORY, *(tuple(r) for r in known.collect()), *told)
    return known


def state(log: DataFrame) -> set[tuple[int, ...]]:
    return {tuple(r) for r in visit_record(log).collect()}


def test_a_stays_home_page_arrives_after_its_tests_and_takes_them(spark):
    tests = [part(1, "test", f"{DAY} 07:00:00"), part(2, "outpatient", "2024-01-05 09:00:00")]
    log = history(spark, tests, [part(3, "stay", "2024-03-04 08:00:00", ends_at="2024-03-10 10:00:00")])
    decisions = [
        (r["_row_id"], r.revision, r.visit_occurrence_id >> 6, r.reason)
        for r in log.orderBy("_row_id", "revision").collect()
    ]
    # the visit takes its number from its smallest row, so row 1 keeps the number that its own visit had
    assert decisions == [(1, 1, 1, "new"), (2, 1, 2, "new"), (3, 1, 1, "new")]
    moved = history(
        spark,
        [part(5, "test", f"{DAY} 07:00:00"), part(6, "test", f"{DAY} 07:30:00", department_code="9")],
        [part(7, "stay", "2024-03-04 08:00:00", ends_at="2024-03-10 10:00:00")],
    )
    last = {
        r["_row_id"]: (r.revision, r.visit_occurrence_id >> 6, r.reason) for r in moved.orderBy("revision").collect()
    }
    assert last == {5: (1, 5, "new"), 6: (2, 5, "moved"), 7: (1, 5, "new")}


def test_a_row_that_goes_to_another_person_is_moved_in_both(spark):
    log = history(
        spark,
        [part(1, "outpatient", f"{DAY} 09:00:00"), part(2, "test", f"{DAY} 09:00:00")],
        [part(1, "outpatient", f"{DAY} 09:00:00", person_id=8)],
    )
    assert state(log) == {(1, 8, 1 << 6), (2, 7, 2 << 6)}
    assert [
        (r["_row_id"], r.previous_person_id, r.reason) for r in log.where("revision = 2").orderBy("_row_id").collect()
    ] == [
        (1, 7, "moved"),
        (2, 7, "moved"),
    ]


def test_piecemeal_decisions_end_where_one_decision_over_all_would(spark):
    draw = random.Random(3)
    kinds = ["outpatient", "test", "test", "stay"]
    given = []
    for row in range(1, 60):
        kind, day = draw.choice(kinds), draw.randrange(1, 9)
        more: dict[str, Any] = {"person_id": draw.randrange(3), "department_code": draw.choice(["03", "05"])}
        if kind == "stay":
            more["ends_at"] = f"2024-03-{day + draw.randrange(4):02d} 10:00:00"
        more["visit_no"] = draw.choice([None, f"v{draw.randrange(12)}"])
        given.append(part(row, kind, f"2024-03-{day:02d} {draw.randrange(8, 18):02d}:00:00", **more))
    assert state(history(spark, given[:25], given[25:40], given[40:])) == state(history(spark, given))


def test_a_visit_begins_with_its_earliest_visit_row_and_an_outpatient_ends_the_same_day(spark):
    parts = named(
        spark,
        VISIT_PART,
        part(1, "outpatient", f"{DAY} 09:00:00", ends_at=f"{DAY} 09:20:00", care_site_id=5, visit_no="V1"),
        part(2, "test", "2024-03-07 08:00:00", visit_no="V1"),
        part(3, "stay", "2024-03-08 08:00:00", ends_at="2024-03-12 10:00:00", admitted_from="2", discharged_to="1"),
        part(4, "encounter", f"{DAY} 09:00:00", ends_at=f"{DAY} 09:10:00", **{"class": "emergency"}),
    )
    made = visit_occurrence(parts, assigned(parts)).orderBy("visit_occurrence_id").collect()
    assert [
        (v.visit_occurrence_id >> 6, v.visit_concept_id, str(v.visit_start_datetime), str(v.visit_end_date))
        for v in made
    ] == [
        (1, 9202, f"{DAY} 09:00:00", DAY),
        (3, 9201, "2024-03-08 08:00:00", "2024-03-12"),
        (4, 9203, f"{DAY} 09:00:00", DAY),
    ]
    assert (made[0].care_site_id, made[1].admitted_from_source_value, made[2].visit_source_value) == (
        5,
        "2",
        "emergency",
    )
    assert "V1" not in {v for visit in made for v in visit}  # no record number leaves the vault


def test_parts_come_from_rows_that_count_and_a_visit_begins_at_registration(spark):
    origin = {"_sender": "H1", "_learned_at": "2024-03-06", "_row_hash": 1, "visit_no": "V", "department_code": "03"}
    seen = {**origin, "visit_time": f"{DAY} 09:30:00"}
    outpatient = named(
        spark,
        BRONZE["outpatient_visit"],
        {**seen, "_row_id": 1, "registration_time": f"{DAY} 08:55:00"},
        {**seen, "_row_id": 2, "registration_time": "2024-03-01 08:00:00"},  # booked days ahead
        {**seen, "_row_id": 3},  # superseded: no link
    )
    others = [
        named(spark, BRONZE[f])
        for f in (
            "inpatient_home_page",
            "laboratory",
            "synthea_encounters",
            "synthea_conditions",
            "synthea_observations",
        )
    ]
    links = rows(spark, PERSON_LINK, (1, 7, "c"), (2, 7, "c"))
    found = visit_part(outpatient, *others, links, rows(spark, CARE_SITE, (99, None, None, None, "H1"))).orderBy(
        "_row_id"
    )
    assert [(r["_row_id"], str(r.starts_at), r.care_site_id) for r in found.collect()] == [
        (1, f"{DAY} 08:55:00", 99),
        (2, f"{DAY} 09:30:00", 99),
    ]
