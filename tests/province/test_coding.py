"""The recording model: how well codes tell what was the matter, by setting, as set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.province.coding import CERTIFICATE, INPATIENT, OUTPATIENT
from jobs.province.defects import Defect
from jobs.province.facts import ProvinceFacts
from jobs.province.people import YEAR
from jobs.province.recorded_codes import NATIONAL, WHO
from jobs.province.settings import FEEDS
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS

CONTRACT = {feed: c for feed, c in load_contracts(CONTRACTS).items() if feed in FEEDS}
MISSED = ("CODE_MISSING", "CODE_SYMPTOM", "CODE_UNSPECIFIED", "CODE_NEIGHBOURING", "CODE_LOCAL", "CODE_OUTSIDE",
          "CODE_TRADITIONAL")  # fmt: skip
EVEN = {"dirt__spread": 0.0, "dirt__clerk_spread": 0.0, "dirt__row_corrected": 0.0}


def rows_of(batches: list[Any], feed: str) -> pd.DataFrame:
    """A feed's rows with the marks of their defects and the true person."""
    b = next(b for b in batches if b.feed == feed)
    columns = dict(zip(CONTRACT[feed].names, (c.to_pylist() for c in b.columns), strict=True))
    return pd.DataFrame(columns).assign(marks=b.defects, person=b.person)


def share(rows: pd.DataFrame, *kinds: str) -> float:
    """Share of the rows with any of these defects."""
    bits = sum(Defect[k].bit for k in kinds)
    return float((rows["marks"] & bits > 0).mean())


@pytest.fixture(scope="module")
def recorded(live: Callable[..., Any]) -> tuple[Any, list[Any], pd.DataFrame]:
    """Four thousand residents over three years."""
    scene, batches, truth = live(list(range(8)), end="2024-12-31", **EVEN)
    return scene, batches, truth["event"].to_pandas()


@pytest.mark.parametrize(
    ("feed", "setting"), [("outpatient_visit", "outpatient"), ("inpatient_home_page", "inpatient")]
)
def test_as_many_codes_miss_their_category_as_the_sensitivity_leaves(recorded: Any, feed: str, setting: str) -> None:
    coding = getattr(recorded[0].settings.recording, setting)
    rows = rows_of(recorded[1], feed)
    missed = 1 - coding.sensitivity
    assert share(rows, *MISSED) == pytest.approx(missed, abs=3 * np.sqrt(missed / len(rows)))
    weights = np.array(coding.misses) / sum(coding.misses)
    for kind, weight in zip(MISSED, weights, strict=True):
        expected = (1 - coding.sensitivity) * weight
        assert share(rows, kind) == pytest.approx(expected, abs=3 * np.sqrt(expected / len(rows))), kind


def test_what_stands_in_a_codes_place_is_of_the_same_department(recorded: Any) -> None:
    rows = rows_of(recorded[1], "outpatient_visit")
    dental = rows[rows["department_code"] == "12"]
    by_symptom, by_local = (dental["marks"] & Defect[k].bit > 0 for k in ("CODE_SYMPTOM", "CODE_LOCAL"))
    assert by_symptom.sum() > 20 and by_local.sum() > 5
    assert set(dental.loc[by_symptom, "diagnosis_code"].str[:5]) == {"K08.8"}  # toothache
    assert set(dental.loc[by_local, "diagnosis_name"]) == {"牙病"}


def test_codes_of_a_condition_are_of_people_who_have_it_as_the_predictive_value_says(recorded: Any) -> None:
    scene, batches, events = recorded
    rows = rows_of(batches, "outpatient_visit")
    had = events[events["kind"] == "hypertension_onset"].set_index("person")["date"]
    mine = rows[rows["diagnosis_code"].str.startswith(("I10", "I11"))]
    false = mine["marks"] & (Defect.CODE_RULE_OUT.bit | Defect.CODE_WRONG.bit | Defect.CODE_NEIGHBOURING.bit) > 0
    assert 1 - false.mean() == pytest.approx(scene.settings.recording.outpatient.predictive_value, abs=0.02)
    ill = mine["person"].isin(had.index)
    assert ill[~false].all()


def test_most_codes_of_what_people_do_not_have_say_so_in_the_name(recorded: Any) -> None:
    rows = rows_of(recorded[1], "outpatient_visit")
    said = rows["diagnosis_name"].str.contains("待查|？|疑似|待排|除外", regex=True)
    rule_out = rows["marks"] & Defect.CODE_RULE_OUT.bit > 0
    assert (said[rule_out]).all() and not said[~rule_out].any()
    wrong = rows["marks"] & Defect.CODE_WRONG.bit > 0
    assert rule_out.sum() / (rule_out | wrong).sum() == pytest.approx(0.8, abs=0.06)
    assert 0.2 < rows.loc[rule_out, "diagnosis_code"].str.startswith("Z03").mean() < 0.4


def test_nobody_has_a_code_by_mistake_that_is_impossible_at_their_sex_or_age(recorded: Any) -> None:
    scene, batches, _ = recorded
    people, rows = scene.lives.people, rows_of(batches, "outpatient_visit")
    at = {no: n for n, no in enumerate(people.no.tolist())}
    rows["sex"] = [people.sex[at[no]] for no in rows["person"].tolist()]
    rows["child"] = [people.birth[at[no]] > scene.schedule.days[0] - 10 * YEAR for no in rows["person"].tolist()]
    mistaken = sum(Defect[k].bit for k in ("CODE_RULE_OUT", "CODE_WRONG", "CODE_NEIGHBOURING"))
    wrong = rows[rows["marks"] & mistaken > 0]
    assert (wrong["sex"] == 0).sum() > 200 and wrong["child"].sum() > 50
    assert not wrong.loc[wrong["sex"] == 0, "diagnosis_code"].str.match("Z34|O|N7|N8|N9|C5[3-6]").any()
    assert not wrong.loc[wrong["sex"] == 1, "diagnosis_code"].str.match("N40|C61").any()
    assert not wrong.loc[wrong["child"], "diagnosis_code"].str.match("I1|I2|E11|J44|F03|Z34").any()


def test_few_people_without_lung_cancer_have_its_code_unqualified(recorded: Any) -> None:
    rows = rows_of(recorded[1], "outpatient_visit")
    lung = rows[rows["diagnosis_code"].str.startswith("C34")]
    plain = lung[lung["marks"] & Defect.CODE_WRONG.bit > 0]
    assert plain["person"].nunique() <= 3  # per 100,000 visits there were 25 when all conditions were suspected alike


def test_certificates_have_wrong_causes_as_set(live: Callable[..., Any]) -> None:
    much = {"recording__death__predictive_value": 0.7, "recording__death__sensitivity": 0.9}
    _, batches, truth = live(list(range(8)), end="2024-12-31", **EVEN, **much)
    rows = rows_of(batches, "death_certificate")
    true = truth["cause_of_death"].to_pandas().set_index("person")["icd10"].str[:3]
    same = rows["underlying_cause_code"].str[:3] == true.loc[rows["person"]].to_numpy()
    wrong = rows["marks"] & Defect.CODE_WRONG.bit > 0
    assert 0.2 < wrong.mean() < 0.4
    assert not same[wrong].any()
    assert same[rows["marks"] & sum(Defect[k].bit for k in (*MISSED, "CODE_WRONG")) == 0].all()


def test_a_code_is_written_in_its_edition_and_local_ones_in_none(facts: ProvinceFacts) -> None:
    codes, recorded = facts.codes, facts.codes.recorded
    ten, e119 = codes.icd10.index("I10"), codes.icd10.index("E11.9")
    which, none = np.array([ten, e119, recorded.local[ten], -1]), np.full(4, WHO)
    assert recorded.code(which, none).to_pylist() == ["I10", "E11.9", "GXY01", ""]
    assert recorded.code(which, none + NATIONAL).to_pylist() == ["I10.x00", "E11.900", "GXY01", ""]
    assert (OUTPATIENT, INPATIENT, CERTIFICATE) == (0, 1, 2)
    for instead in (recorded.unspecified, recorded.outside, recorded.observation):
        assert (instead < recorded.icd10).all()
    for instead in (recorded.local, recorded.traditional):
        assert (instead >= recorded.icd10).all()
