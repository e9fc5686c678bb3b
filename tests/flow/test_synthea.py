"""What nobody here made: the Synthea export of 27 patients goes through the same path."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.flow.province import World

SILVER = {"patients": 27, "encounters": 604}


def test_every_row_of_all_eighteen_files_is_in_bronze(synthea: World, shared: Path) -> None:
    files = sorted((shared / "data/synthea").glob("*.csv"))
    assert len(files) == 18
    for path in files:
        with path.open(newline="", encoding="utf-8") as lines:
            sent = sum(1 for _ in csv.reader(lines)) - 1
        ledger = synthea.table("ops.delivery", where=f"feed = 'synthea_{path.stem}'").to_pylist()
        assert [r["status"] for r in ledger] == ["accepted"]
        kept = ledger[0]["rows_accepted"] + ledger[0]["rows_quarantined"] + ledger[0]["rows_duplicate"]
        assert ledger[0]["rows_read"] == kept == sent
        assert synthea.table(f"bronze.synthea_{path.stem}").num_rows == ledger[0]["rows_accepted"]


def test_there_are_27_persons_and_604_visits(synthea: World) -> None:
    assert synthea.table("silver.person").num_rows == 27
    assert synthea.table("silver.visit_occurrence").num_rows == 604
    assert len(set(synthea.table("vault.person_link")["person_id"].to_pylist())) == 27


def test_conditions_and_observations_arrive_in_silver(synthea: World) -> None:
    conditions = synthea.table("bronze.synthea_conditions").num_rows
    assert synthea.table("silver.condition_occurrence").num_rows == conditions
    observations = synthea.table("bronze.synthea_observations").num_rows
    assert synthea.table("silver.measurement").num_rows == observations


def test_what_silver_has_no_table_for_says_so(synthea: World) -> None:
    coverage = {r["feed"]: r for r in synthea.table("silver.feed_coverage").to_pylist()}
    for feed in ("synthea_medications", "synthea_procedures", "synthea_immunizations"):
        assert coverage[feed]["reason"], feed


def test_nobody_is_in_a_population_denominator(synthea: World) -> None:
    """None of the 27 is in the resident register."""
    assert synthea.ask("select coalesce(sum(denominator), 0) from m", m=synthea.table("gold.measure")) == [(0,)]
