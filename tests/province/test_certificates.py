"""Certificates and cards that doctors fill in by rule: causes of death, cancers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from jobs.province.settings import FEEDS
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS

CONTRACT = {feed: c for feed, c in load_contracts(CONTRACTS).items() if feed in FEEDS}
EXTERNAL, INJURY = ("V", "W", "X", "Y"), ("S", "T")  # chapters XX and XIX


@pytest.fixture(scope="module")
def filled_in(live: Callable[..., Any]) -> dict[str, pd.DataFrame]:
    """Certificates and cards about ten thousand residents over five years, without a mistake."""
    years = {"population_on": "2021-01-01", "backload_from": "2021-01-01", "end": "2025-12-31", "profile": "clean"}
    right = {
        f"recording__{s}__{part}": 1.0 for s in ("inpatient", "death") for part in ("sensitivity", "predictive_value")
    }
    feeds = {"feeds": ["inpatient_home_page", "cancer_card", "death_certificate"]}
    _, batches, _ = live(list(range(20)), **feeds, **years, **right)
    return {
        b.feed: pd.DataFrame(dict(zip(CONTRACT[b.feed].names, (c.to_pylist() for c in b.columns), strict=True)))
        for b in batches
    }


def test_an_external_cause_underlies_the_injury_that_killed(filled_in: Any) -> None:
    rows = filled_in["death_certificate"]
    external = rows["underlying_cause_code"].str.startswith(EXTERNAL)
    assert external.sum() > 20
    assert rows.loc[external, "cause_a_code"].str.startswith(INJURY).all()
    assert (rows.loc[external, "cause_b_code"] == rows.loc[external, "underlying_cause_code"]).all()
    assert not rows["cause_a_code"].str.startswith((*EXTERNAL, "S06.0")).any()  # nobody dies of a concussion
    failing = rows["cause_a_code"].str.startswith("I50") & rows["underlying_cause_code"].str.startswith("I11")
    assert failing.any() and rows.loc[failing, "underlying_cause_code"].str.startswith("I11.0").all()


def test_people_die_in_every_kind_of_place_and_the_old_in_homes_for_them(filled_in: Any) -> None:
    rows = filled_in["death_certificate"]
    assert set(rows["death_place_code"]) == {"1", "2", "3", "4", "5", "9"}
    age = rows["death_date"].str[:4].astype(int) - rows["birth_date"].str[:4].astype(int)
    assert age[rows["death_place_code"] == "5"].min() >= 75
    crashed = rows["underlying_cause_code"].str.startswith("V")
    assert (rows.loc[crashed, "death_place_code"] != "4").mean() > 0.7


def test_a_course_of_treatment_names_its_cancer_first_and_what_was_given(filled_in: Any) -> None:
    rows = filled_in["inpatient_home_page"]
    given = {"Z51.1": "99.25", "Z51.0": "92.29"}  # chemotherapy, radiotherapy (ICD-9-CM-3)
    for main, operation in given.items():
        mine = rows[rows["main_diagnosis_code"].str.startswith(main)]
        assert len(mine) > 10
        assert mine["other_diagnosis_code_1"].str.startswith("C").all()
        assert mine["operation_code_1"].str.startswith(operation).all()
