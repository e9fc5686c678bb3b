"""What is measured of people: it follows from their illness, and hangs together whoever measures it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.province.facts import ProvinceFacts
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS
from tests.province.test_wider_feeds import CLEAN

FEEDS = ["outpatient_visit", "inpatient_home_page", "laboratory", "health_checkup", "chronic_followup"]


@pytest.fixture(scope="module")
def frames(live: Callable[..., Any]) -> dict[str, pd.DataFrame]:
    """Rows of two thousand residents recorded without a mistake, with the true ``person``; results with the first code
    diagnosed at their visit or stay."""
    contract = load_contracts(CONTRACTS)
    made = {}
    for b in live(range(4), feeds=FEEDS, end="2024-12-31", **CLEAN)[1]:
        columns = [c.to_pylist() for c in b.columns]
        made[b.feed] = pd.DataFrame(dict(zip(contract[b.feed].names, columns, strict=True))).assign(person=b.person)
    visits = made["outpatient_visit"].set_index("visit_no")["diagnosis_code"]
    stays = made["inpatient_home_page"].set_index("stay_no")["main_diagnosis_code"]
    results = made["laboratory"]
    results["diagnosis"] = results["visit_no"].map(pd.concat([visits, stays])).fillna("")
    results["number"] = pd.to_numeric(results["result_number"])
    return made


def found(frames: dict[str, pd.DataFrame], item: str, diagnosis: str = "") -> pd.Series:
    """The numbers of an item at visits and stays for a diagnosis."""
    rows = frames["laboratory"]
    return rows.loc[(rows["item_code"] == item) & rows["diagnosis"].str.startswith(diagnosis), "number"]


def test_half_of_the_diabetics_who_take_their_drugs_have_their_sugar_under_control(
    frames: dict[str, pd.DataFrame],
) -> None:
    followed = frames["chronic_followup"].query("disease_code == '2'")
    glucose = followed["fasting_glucose"].astype(float)
    regular = followed["adherence_code"] == "1"
    assert (regular == (followed["regular_drugs"] == "T")).all()
    assert 0.4 < (glucose[regular] < 7.0).mean() < 0.7  # 0.9995 before
    assert (glucose[~regular] < 7.0).mean() < 0.25


def test_a_persons_sugar_is_the_same_at_check_ups_and_in_every_panel(frames: dict[str, pd.DataFrame]) -> None:
    checked = frames["health_checkup"].query("hba1c != ''")
    glucose, hba1c = checked["fasting_glucose"].astype(float), checked["hba1c"].astype(float)
    assert 6.5 < glucose.median() < 9  # 5.2 before, beside an HbA1c of 7.6
    assert glucose.corr(hba1c) > 0.7
    known = frames["laboratory"]["person"].isin(checked["person"]) & (frames["laboratory"]["item_code"] == "GLU")
    rows = frames["laboratory"][known]
    several = rows["report_no"].map(frames["laboratory"].groupby("report_no")["item_code"].agg(set))
    medians = rows.groupby(several.map(lambda items: "HBA1C" in items))["number"].median()
    assert medians.max() / medians.min() < 1.3  # 9.2 and 5.4 before


def test_acute_illness_shows_in_the_blood_and_fades(frames: dict[str, pd.DataFrame]) -> None:
    assert found(frames, "CRP", "J18").median() > 12
    assert found(frames, "WBC", "K35").median() > 9
    assert found(frames, "HGB", "K92").median() < 115
    assert found(frames, "UREA", "N18").median() > 9
    assert found(frames, "CRP", "I10").median() < 4
    rows = frames["laboratory"].query("diagnosis.str.startswith('J18') and item_code == 'CRP'")
    rows = rows.sort_values("sampled_at")
    of_stay = rows.groupby("visit_no")["number"].agg(["first", "last", "size"]).query("size > 1")
    assert (of_stay["last"] < of_stay["first"]).mean() > 0.8


def test_the_results_of_a_panel_share_report_and_times(frames: dict[str, pd.DataFrame]) -> None:
    reports = frames["laboratory"].groupby("report_no")
    for column in ("reported_at", "sampled_at", "received_at", "visit_no", "person"):
        assert (reports[column].nunique() == 1).all(), column
    assert not frames["laboratory"].duplicated(["report_no", "item_code"]).any()
    assert reports.size().median() >= 3
    rows = frames["laboratory"]
    assert (rows[["report_no", "specimen_no"]].apply(lambda no: no.str.len()) <= 20).all().all()  # AN..20
    assert (rows["sampled_at"] < rows["received_at"]).all() and (rows["received_at"] < rows["reported_at"]).all()
    assert (rows.groupby("specimen_no")["specimen_kind"].nunique() == 1).all()


def test_blood_is_taken_again_in_long_stays(frames: dict[str, pd.DataFrame]) -> None:
    stays = frames["inpatient_home_page"].set_index("stay_no")
    days = (pd.to_datetime(stays["discharged_at"]) - pd.to_datetime(stays["admitted_at"])).dt.days
    rows = frames["laboratory"]
    drawn = rows[rows["visit_no"].isin(stays.index)].groupby("visit_no")["sampled_at"].nunique()
    days = days.loc[drawn.index]
    assert (drawn[days <= 4] == 1).all()
    assert (drawn[days > 20] >= 4).all()


def test_results_without_a_number_are_words(frames: dict[str, pd.DataFrame]) -> None:
    rows = frames["laboratory"]
    in_words = rows["item_code"].isin(["HBSAG", "UPRO"])
    assert (rows.loc[in_words, ["result_number", "result_unit"]] == "").all().all()
    assert (rows.loc[~in_words, "result_value"] == rows.loc[~in_words, "result_number"]).all()
    assert set(rows.loc[in_words, "result_value"]) == {"阴性", "阳性", "±", "1+", "2+", "3+"}
    carriers = rows[(rows["item_code"] == "HBSAG") & rows["diagnosis"].str.startswith("B18.1")]
    others = rows[(rows["item_code"] == "HBSAG") & ~rows["diagnosis"].str.startswith("B18")]
    assert (carriers["result_value"] == "阳性").all() and len(carriers) > 10
    assert 0 < (others["result_value"] == "阳性").mean() < 0.12  # 5 to 6% of Chinese adults carry it
    assert ((rows["abnormal_flag"] == "A") == (in_words & (rows["result_value"] != "阴性"))).all()


def test_children_have_values_and_limits_of_their_own(facts: ProvinceFacts) -> None:
    lab = facts.laboratory
    item, boys = np.full(4, lab.number("CREA")), np.zeros(4, int)
    assert lab.usual(item, boys, np.array([0.5, 9.0, 15.0, 40.0])).tolist() == [24, 45, 64, 76]  # 38 to 52, 52 to 76
    item = np.full(2, lab.number("K"))
    assert lab.usual(item, np.array([0, 1]), np.array([3.0, 3.0])).tolist() == [4.2, 4.1]


def test_every_panel_that_a_diagnosis_asks_for_is_known(facts: ProvinceFacts) -> None:
    lab, icd10 = facts.laboratory, facts.codes.icd10
    asked = {icd10[d]: lab.panels[p] for d, p in enumerate(lab.asked) if p >= 0}
    assert asked["I21.9"] == "infarction" and asked["E11.2"] == "diabetic_kidney" and "E11.9" not in asked
    assert set(lab.member) == set(lab.items.index)  # every item of the list is measured
    assert lab.items["loinc"].notna().all()


def test_check_ups_have_lipids_kidney_and_liver(frames: dict[str, pd.DataFrame]) -> None:
    checked = frames["health_checkup"]
    total, ldl, hdl = (checked[f"{c}_cholesterol"].astype(float) for c in ("total", "ldl", "hdl"))
    assert 4 < total.median() < 5.2
    assert (total - ldl - hdl - 0.45 * checked["triglycerides"].astype(float)).abs().max() < 0.02
    assert 50 < checked["creatinine"].astype(int).median() < 90
    assert 0.01 < (~checked["urine_protein"].isin(["阴性", "±"])).mean() < 0.12
