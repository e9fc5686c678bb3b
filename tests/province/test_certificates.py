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


def test_a_card_says_of_a_tumour_what_its_diagnosis_could_show(filled_in: Any) -> None:
    rows = filled_in["cancer_card"]
    basis, site, code = rows["basis_code"], rows["site_code"].str[:3], rows["morphology_code"]
    unseen = ~basis.isin(["5", "6", "7"])
    assert unseen.sum() > 15
    assert (rows.loc[~basis.isin(["6", "7"]), "grade_code"] == "9").all()  # a grade needs tissue
    assert code[(site == "C34") & ~unseen].nunique() >= 3
    assert (code[(site == "C34") & unseen] == "8000/3").all()
    assert not ((site == "C80") & (basis == "7")).any()  # no primary site is known that could have been examined
    leukaemia = rows[site.isin(["C91", "C92", "C95"])]
    assert (leukaemia[["stage_code", "tnm_stage_code", "metastasis_site"]] == "").all(axis=None)
    assert (rows.loc[site == "C85", "tnm_stage_code"] == "").all()  # Ann Arbor
    assert ((rows["metastasis"] == "T") == (rows["tnm_stage_code"] == "4")).all()
    assert ((rows["metastasis_site"] != "") == (rows["metastasis"] == "T")).all()
    assert ((rows["first_operation_code"] != "") == (rows["treatment_code"] == "01")).all()


def test_some_cancers_are_known_from_the_death_certificate_alone(filled_in: Any) -> None:
    rows = filled_in["cancer_card"]
    only = rows[rows["basis_code"] == "0"]
    assert 0 < len(only) < 0.1 * len(rows)
    assert (only["vital_status_code"] == "2").all() and (only["stage_code"].isin(["9", ""])).all()
    assert (only["treatment_code"] == "").all()
    died = filled_in["death_certificate"].set_index("name")["death_date"].to_dict()
    assert all(died.get(name, day) == day for name, day in zip(only["name"], only["diagnosed_on"], strict=True))
