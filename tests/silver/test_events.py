"""Diagnoses, results, concepts and institutions, each worked out by hand; and Synthea's export as it is."""

from __future__ import annotations

import csv
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.codes.lists import PRELIMINARY
from jobs.identity.person_history import person_history, person_link
from jobs.identity.person_record import FEEDS, person_record
from jobs.silver.feed_coverage import feed_coverage
from jobs.silver.lifeline import lifeline
from jobs.silver.omop.care_site import care_site
from jobs.silver.omop.concept import concept
from jobs.silver.omop.condition_occurrence import condition_occurrence
from jobs.silver.omop.location import location
from jobs.silver.omop.measurement import measurement, number
from jobs.silver.omop.visit_occurrence import visit_occurrence
from jobs.silver.visit_history import assigned
from jobs.silver.visit_part import visit_part
from jobs.tables.bronze import BRONZE
from jobs.tables.delivery import DELIVERY
from jobs.tables.omop import CARE_SITE, CONCEPT, CONDITION_OCCURRENCE, DEATH, LOCATION, MEASUREMENT, PERSON
from jobs.tables.silver import LIFELINE, RESIDENCE, VISIT_RECORD
from jobs.tables.vault import PERSON_HISTORY, VISIT_PART
from tests.identity.people import named
from tests.support import rows

ORIGIN = {"_sender": "370102H001", "_learned_at": "2024-03-06", "_row_hash": 1}
VISIT = {
    **ORIGIN,
    "_row_id": 1,
    "visit_time": "2024-03-05 09:00:00",
    "code_edition": "ICD-10国临版2.0",
    "diagnosis_code": "I10.x00",
    "diagnosis_name": "高血压病",
    "diagnosis2_code": "E11.900",
    "diagnosis2_name": "2型糖尿病",
}
STAY = {
    **ORIGIN,
    "_row_id": 2,
    "admitted_at": "2024-03-08 08:00:00",
    "discharged_at": "2024-03-12 10:00:00",
    "code_edition": "ICD-10",
    "main_diagnosis_code": "I10",
    "other_diagnosis_code_2": "J18.9",
    "other_diagnosis_code_1": " ",
}
RESULT = {**ORIGIN, "_row_id": 3, "sampled_at": "2024-03-05 07:00:00", "item_code": "GLU", "item_name": "葡萄糖"}


def bronze(spark: SparkSession, feed: str, *given: dict[str, Any]) -> DataFrame:
    return named(spark, BRONZE[feed], *given)


def concepts(spark: SparkSession, known: DataFrame, **given: list[dict[str, Any]]) -> DataFrame:
    feeds = (
        "outpatient_visit",
        "inpatient_home_page",
        "death_certificate",
        "laboratory",
        "synthea_conditions",
        "synthea_observations",
    )
    return concept(*(bronze(spark, f, *given.get(f, [])) for f in feeds), known)


def test_a_code_is_a_concept_of_its_system_and_edition_and_keeps_its_number(spark):
    first = concepts(spark, rows(spark, CONCEPT), outpatient_visit=[VISIT], inpatient_home_page=[STAY]).collect()
    found = {(c.vocabulary_id, c["_code_edition"], c.concept_code): (c.concept_id, c["_maps_to"]) for c in first}
    local = 2_000_000_000
    assert found == {
        ("ICD10CN", "ICD-10国临版2.0", "I10.x00"): (local + (1 << 6 | 1), 320128),  # essential hypertension
        ("ICD10CN", "ICD-10国临版2.0", "E11.900"): (local + (1 << 6 | 2), 201826),
        ("ICD10", "ICD-10", "I10"): (local + (2 << 6 | 1), 320128),
        ("ICD10", "ICD-10", "J18.9"): (local + (2 << 6 | 3), 255848),
    }
    known = rows(spark, CONCEPT, *(tuple(c) for c in first))
    later = [{**VISIT, "_row_id": 9}, {**VISIT, "_row_id": 8, "diagnosis_code": "K29.500", "diagnosis2_code": None}]
    assert [c.concept_id for c in concepts(spark, known, outpatient_visit=later).collect()] == [local + (8 << 6 | 1)]


def test_a_laboratorys_code_means_something_at_that_sender_only(spark):
    both = [RESULT, {**RESULT, "_row_id": 4, "_sender": "370202H001"}, {**RESULT, "_row_id": 5}]
    made = concepts(spark, rows(spark, CONCEPT), laboratory=both).collect()
    assert {(c.vocabulary_id, c.concept_code) for c in made} == {("LAB-370102H001", "GLU"), ("LAB-370202H001", "GLU")}
    assert all(c["_maps_to"] == c.concept_id > 2_000_000_000 for c in made)  # no standard concept is known


def test_every_diagnosis_of_a_row_is_a_condition_with_code_system_and_edition(spark):
    known = concepts(spark, rows(spark, CONCEPT), outpatient_visit=[VISIT], inpatient_home_page=[STAY])
    records = rows(spark, VISIT_RECORD, (1, 7, 1 << 6), (2, 7, 2 << 6))
    superseded = {**VISIT, "_row_id": 5}
    made = condition_occurrence(
        bronze(spark, "outpatient_visit", VISIT, superseded),
        bronze(spark, "inpatient_home_page", STAY),
        bronze(spark, "synthea_conditions"),
        records,
        known,
    )
    assert made.columns == CONDITION_OCCURRENCE.column_names
    found = made.orderBy("condition_occurrence_id").collect()
    assert [(c.condition_occurrence_id, c.condition_source_value, str(c.condition_start_date)) for c in found] == [
        (1 << 6 | 1, "I10.x00", "2024-03-05"),
        (1 << 6 | 2, "E11.900", "2024-03-05"),
        (2 << 6 | 1, "I10", "2024-03-08"),
        (2 << 6 | 3, "J18.9", "2024-03-08"),
    ]
    assert [c.condition_status_concept_id for c in found] == [32902, 32908, 32903, 32909]
    assert [c.condition_concept_id for c in found] == [320128, 201826, 320128, 255848]
    assert [c.visit_occurrence_id for c in found] == [64, 64, 128, 128]
    assert (found[0]["_code_system"], found[0]["_code_edition"]) == ("ICD10CN", "ICD-10国临版2.0")


def test_a_diagnosis_whose_name_calls_it_a_suspicion_is_preliminary(spark):
    """肺癌待查 (to be looked into) is no finding, first diagnosis or not; its second one, plainly named, is."""
    doubted = {**VISIT, "diagnosis_code": "C34.9", "diagnosis_name": "肺癌待查"}
    known = concepts(spark, rows(spark, CONCEPT), outpatient_visit=[doubted])
    made = condition_occurrence(
        bronze(spark, "outpatient_visit", doubted),
        bronze(spark, "inpatient_home_page"),
        bronze(spark, "synthea_conditions"),
        rows(spark, VISIT_RECORD, (1, 7, 1 << 6)),
        known,
    )
    found = made.orderBy("condition_occurrence_id").collect()
    assert [c.condition_status_concept_id for c in found] == [PRELIMINARY, 32908]


def test_a_result_is_a_number_where_it_reads_as_one(spark):
    texts = ["5.6", " 5.60 ", "<0.5", "≥100", ">= 2", "1.2e3", "阴性", "1:80", "5.6 H", "", None]
    frame = spark.createDataFrame([(t,) for t in texts], "t string")
    found = [tuple(r) for r in frame.select(*number(F.col("t"))).collect()]
    assert found == [
        (None, 5.6),
        (None, 5.6),
        (4171756, 0.5),
        (4171755, 100.0),
        (4171755, 2.0),
        (None, 1200.0),
        *[(None, None)] * 5,
    ]


def test_a_result_keeps_its_text_unit_and_interval(spark):
    result = {
        **RESULT,
        "result_value": "<3.9",
        "result_unit": "mmol/L",
        "reference_low": "3.9",
        "reference_high": "6.1",
    }
    known = concepts(spark, rows(spark, CONCEPT), laboratory=[result])
    made = measurement(
        bronze(spark, "laboratory", result),
        bronze(spark, "synthea_observations"),
        rows(spark, VISIT_RECORD, (3, 7, 64)),
        known,
    )
    assert made.columns == MEASUREMENT.column_names
    m = made.first()
    assert (m.value_as_number, m.operator_concept_id, m.unit_concept_id, m.range_low, m.range_high) == (
        3.9,
        4171756,
        8753,
        3.9,
        6.1,
    )
    assert (m.value_source_value, m.measurement_source_value, str(m.measurement_datetime)) == (
        "<3.9",
        "GLU",
        "2024-03-05 07:00:00",
    )
    assert m.measurement_source_concept_id == m.measurement_concept_id == 2_000_000_000 + (3 << 6)


def test_an_institution_is_numbered_by_its_first_row_and_lies_where_its_code_says(spark):
    def sites(known: DataFrame, *outpatient: dict[str, Any]) -> dict[str, tuple]:
        empty = [bronze(spark, f) for f in ("inpatient_home_page", "laboratory", "synthea_organizations")]
        found = care_site(bronze(spark, "outpatient_visit", *outpatient), *empty, known, places="shandong").collect()
        return {s.care_site_source_value: (s.care_site_id >> 6, s.location_id) for s in found}

    first = sites(rows(spark, CARE_SITE), VISIT, {**VISIT, "_row_id": 4, "_sender": "370202H001"})
    assert first == {"370102H001": (1, 370102), "370202H001": (4, 370202)}
    known = rows(spark, CARE_SITE, (1 << 6 | 63, None, None, 370102, "370102H001"))
    assert sites(known, {**VISIT, "_row_id": 8}) == {}


def test_locations_are_the_counties(spark):
    made = location(places="shandong")
    assert made.columns == LOCATION.column_names
    found = {r.location_id: r for r in made.collect()}
    assert (found[370102].county, found[370102].city, found[370102].state) == ("历下区", "济南市", "37")
    assert len(found) == 153


KINDS = ("outpatient_visit", "inpatient_home_page", "laboratory")
SYNTHEA = ("patients", "encounters", "conditions", "observations", "organizations", "procedures", "medications")


@pytest.fixture
def settled(spark, tmp_path):
    """Writes a frame down and reads it back, as the runner does between jobs."""

    def write(name: str, frame: DataFrame) -> DataFrame:
        frame.write.parquet(str(tmp_path / name))
        return spark.read.schema(frame.schema).parquet(str(tmp_path / name))

    return write


@pytest.fixture
def synthea(spark, shared, settled) -> dict[str, DataFrame]:
    """Synthea's files as bronze rows, numbered as receiving would; the other feeds are empty."""
    made, next_row = {}, 1
    for name in SYNTHEA:
        feed = f"synthea_{name}"
        with (shared / f"data/synthea/{name}.csv").open(encoding="utf-8", newline="") as file:
            given = [{k: v or None for k, v in r.items()} for r in csv.DictReader(file)]
        origin = {"_sender": "synthea", "_learned_at": "2024-06-01", "_row_hash": 1}
        numbered = ({**r, **origin, "_row_id": next_row + i} for i, r in enumerate(given))
        made[feed] = settled(feed, bronze(spark, feed, *numbered))
        next_row += len(given)
    return {**{f: bronze(spark, f) for f in BRONZE}, **made}


def test_syntheas_27_patients_and_604_encounters_arrive(spark, synthea, settled):
    records = settled("record", person_record({f: synthea[f] for f in FEEDS}))
    run = SimpleNamespace(id="r", key=b"k" * 32)
    delivered, nothing = rows(spark, DELIVERY), rows(spark, PERSON_HISTORY)
    log = person_history(records, records, delivered, delivered, nothing, run=run)
    links = settled("link", person_link(log))
    assert links.select("person_id").distinct().count() == 27

    kinds, detail = KINDS, ("synthea_conditions", "synthea_observations")
    named_sites = (*(synthea[f] for f in kinds), synthea["synthea_organizations"])
    sites = settled("site", care_site(*named_sites, rows(spark, CARE_SITE), places="shandong"))
    told = [synthea[f] for f in (*kinds, "synthea_encounters", *detail)]
    parts = settled("part", visit_part(*told, links, sites))
    placed = settled("placed", assigned(parts))
    visits = settled("visit", visit_occurrence(parts, placed))
    assert (visits.count(), visits.where("care_site_id is null").count()) == (604, 0)
    assert visits.where("visit_concept_id = 9201").count() == 11

    coded = [synthea[f] for f in (*kinds[:2], "death_certificate", kinds[2], *detail)]
    known = settled("concept", concept(*coded, rows(spark, CONCEPT)))
    diagnosed = condition_occurrence(synthea[kinds[0]], synthea[kinds[1]], synthea[detail[0]], placed, known)
    conditions = settled("condition", diagnosed)
    measured = settled("measure", measurement(synthea[kinds[2]], synthea[detail[1]], placed, known))
    assert (conditions.count(), measured.count()) == (438, 990)  # all of both files
    assert conditions.where("condition_source_concept_id is null or visit_occurrence_id is null").count() == 0

    nobody = (rows(spark, PERSON), rows(spark, RESIDENCE))
    life = settled("life", lifeline(*nobody, visits, conditions, measured, rows(spark, DEATH)))
    assert life.columns == LIFELINE.column_names
    assert life.count() == life.select("kind", "source_id").distinct().count() == 604 + 438 + 990

    numbers = {r.Id for f in ("synthea_patients", "synthea_encounters") for r in synthea[f].select("Id").collect()}
    texts = {v for t in (visits, conditions, measured, life) for r in t.collect() for v in r if isinstance(v, str)}
    assert len(numbers) == 27 + 604 and not numbers & texts  # record numbers stay in the vault
    assert VISIT_PART.zone == "vault"


def test_the_ledger_says_what_becomes_of_each_feed(spark):
    delivered = [
        {"feed": f, "status": "accepted", "rows_accepted": 5}
        for f in ("synthea_medications", "laboratory", "laboratory")
    ]
    found = {
        r.feed: r
        for r in feed_coverage(
            named(spark, DELIVERY, *delivered, {"feed": "laboratory", "status": "refused", "rows_accepted": 0})
        ).collect()
    }
    assert (found["laboratory"].rows_accepted, found["laboratory"].silver_tables) == (
        10,
        "person, visit_occurrence, measurement, lifeline",
    )
    assert (
        found["synthea_medications"].silver_tables is None and "no silver table" in found["synthea_medications"].reason
    )
