"""What a case definition finds of those who have the disease, and how many of those it finds have it.

Records as simulated institutions code them, suspicions, slips and neighbouring codes included, against the lives that
they were made from. Without Spark: the kernel's SQL over what the feeds deliver.
"""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from jobs.codes.lists import MAIN_OF_STAY, PRELIMINARY, rows
from jobs.gold.declare import Count
from jobs.gold.kernel import firsts_sql
from jobs.gold.measures.lung_cancer_incidence import LUNG_CANCER_INCIDENCE
from jobs.province.facts import ProvinceFacts
from jobs.province.institutions import Institutions
from jobs.province.recording import Batch
from jobs.province.residents import live_and_record
from jobs.province.scale import scales
from jobs.province.schedule import Schedule
from jobs.province.settings import SimulateSettings
from jobs.province.simulate import read_contracts
from tests.province.conftest import CONTRACTS, FACTS, node

BLOCKS = 40  # 20,000 residents, of whom some forty are found to have it in four years
FIRST_OF_VISIT = 32902
MAIN = {
    "outpatient_visit": (FIRST_OF_VISIT, "visit_time", "diagnosis_code", "diagnosis_name"),
    "inpatient_home_page": (MAIN_OF_STAY, "admitted_at", "main_diagnosis_code", "main_diagnosis_name"),
}


def diagnoses(batch: Batch) -> pa.Table:
    """Person, day, category and status of the first diagnosis on each row, as silver has them."""
    status, when, code, name = MAIN[batch.feed]
    columns = dict(zip(read_contracts(CONTRACTS)[batch.feed].header, batch.columns, strict=True))
    parts = {"who": batch.person, "said": columns[when], "code": columns[code], "name": columns[name]}
    delivered = pa.table(parts)  # noqa: F841 (DuckDB reads it)
    doubt = " or ".join(f"contains(name, '{r['term']}')" for r in rows("suspicion"))
    return duckdb.sql(
        f"""select who as person_id, try_cast(left(said, 10) as date) as day, upper(left(code, 3)) as icd10,
                   case when {doubt} then {PRELIMINARY} else {status} end as status
            from delivered where try_cast(left(said, 10) as date) is not null"""
    ).to_arrow_table()


@pytest.fixture(scope="module")
def records() -> tuple[pa.Table, set[int]]:
    """Every first diagnosis of four years, and the people truly diagnosed with lung cancer by their end."""
    settings = SimulateSettings.of(node(Path("unused"), end="2025-12-31", feeds=list(MAIN)))
    facts = ProvinceFacts.read("370000", FACTS)
    institutions, schedule = Institutions.of(facts.places, settings), Schedule.of(settings)
    scale = scales(facts, settings.rate)
    found, ill = [], set()
    for block in range(0, BLOCKS, 4):
        _, batches, truth = live_and_record(settings, facts, institutions, schedule, scale, np.arange(block, block + 4))
        found += [diagnoses(b) for b in batches]
        event = truth["event"]  # noqa: F841 (DuckDB reads it)
        told = duckdb.sql("select person from event where kind = 'lung_cancer_diagnosis'").fetchall()
        ill |= {person for (person,) in told}
    return pa.concat_tables(found), ill


def found_by(count: Count, diagnosis: pa.Table) -> set[int]:
    """The people that a definition finds."""
    return {person for person, _ in duckdb.sql(firsts_sql(count)).fetchall()}


def test_the_definition_of_lung_cancer_finds_most_of_those_diagnosed_and_few_others(
    records: tuple[pa.Table, set[int]],
) -> None:
    diagnosis, ill = records
    found = found_by(LUNG_CANCER_INCIDENCE.numerator, diagnosis)
    assert len(found & ill) / len(ill) > 0.9  # sensitivity
    assert len(found & ill) / len(found) > 0.9  # predictive value


def test_any_single_code_would_find_more_who_are_not_ill(records: tuple[pa.Table, set[int]]) -> None:
    diagnosis, ill = records
    where = "icd10 in ('C33', 'C34')"
    loosely = found_by(Count("first_event", of="diagnosis", where=where), diagnosis)
    assert len(loosely - ill) > 2 * len(found_by(LUNG_CANCER_INCIDENCE.numerator, diagnosis) - ill)
