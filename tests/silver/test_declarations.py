"""The declarations against the standard's own field list, and the code lists against the contracts. No Spark."""

import csv

import pytest

from jobs.codes.lists import rows as code_rows
from jobs.codes.lists import type_concept
from jobs.codes.places import counties, current_codes, read_places
from jobs.lakehouse.table import DIRECT
from jobs.silver.feed_coverage import COVERAGE
from jobs.tables import omop, silver
from jobs.tables.bronze import CONTRACTS

OMOP = (
    omop.PERSON,
    omop.OBSERVATION_PERIOD,
    omop.LOCATION,
    omop.CARE_SITE,
    omop.VISIT_OCCURRENCE,
    omop.CONDITION_OCCURRENCE,
    omop.MEASUREMENT,
    omop.DEATH,
    omop.CONCEPT,
)
OURS = (silver.RESIDENCE, silver.LIFELINE, silver.VISIT_RECORD, silver.VISIT_HISTORY, silver.FEED_COVERAGE)
TYPES = {"integer": "long", "float": "double", "date": "date", "datetime": "timestamp"}


@pytest.mark.parametrize("table", OMOP, ids=lambda t: t.short_name)
def test_columns_are_those_of_the_standard_in_its_order(table, shared):
    with (shared / "omop/cdm/OMOP_CDMv5.4_Field_Level.csv").open(encoding="utf-8-sig") as file:
        fields = [r for r in csv.DictReader(file) if r["cdmTableName"].lower() == table.short_name]
    wanted = [
        (f["cdmFieldName"], TYPES.get(f["cdmDatatype"].lower(), "string"), f["isRequired"] == "Yes") for f in fields
    ]
    declared = [(c.name, c.type, c.required) for c in table.columns]
    assert len(wanted) >= 5 and declared[: len(wanted)] == wanted
    assert all(name.startswith("_") for name, _, _ in declared[len(wanted) :])


def test_no_silver_column_holds_a_direct_identifier():
    assert not [f"{t.name}.{c.name}" for t in (*OMOP, *OURS) for c in t.columns if c.sensitivity == DIRECT]


def test_every_feed_has_a_place_in_silver_or_a_reason():
    assert set(COVERAGE) >= set(CONTRACTS)
    assert not [feed for feed, taken in COVERAGE.items() if not taken.tables and not taken.reason]


def test_lists_name_feeds_that_exist():
    listed = {r["feed"] for name in ("type_concept", "visit_concept", "precedence") for r in code_rows(name)}
    assert listed - set(CONTRACTS) == {"visit_occurrence"}  # observation by visits alone
    assert type_concept("resident_register", "observation_period") != type_concept(
        "visit_occurrence", "observation_period"
    )


def test_shandong_has_sixteen_cities_and_136_counties_and_old_codes_lead_to_new_ones():
    places = read_places("shandong")
    assert sum(p.level == "city" for p in places) == 16
    assert sum(p.official for p in counties("shandong")) == 136
    codes = current_codes("shandong")
    assert codes["371202"] == "370116"  # Laicheng of Laiwu became Laiwu District of Jinan in 2019
    assert codes["370102"] == "370102" and "110101" not in codes
