"""The inpatient home page: what it says of the person, how a stay goes, and a bill that adds up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.province.draws import short_numbers
from jobs.province.facts import ProvinceFacts
from jobs.province.feeds import OWN, SLOTS
from jobs.province.home_page_fees import STAY_FEE
from jobs.province.people import BIRTHS, BLOCK, NUMBERS
from jobs.province.recording import Scene
from jobs.province.settings import MOST_RESIDENTS
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS

CONTRACT = load_contracts(CONTRACTS)
FEEDS = ["birth_certificate", "imaging_study", "inpatient_home_page", "laboratory", "payment"]
OTHERS = [f"other_diagnosis_code_{n}" for n in range(1, 11)]
PERFECT = {
    f"recording__{s}__{p}": 1.0 for s in ("outpatient", "inpatient") for p in ("sensitivity", "predictive_value")
}
PARTS_OF = {  # the parts of an item of the bill, which are no items themselves
    "fee_nonsurgical_treatment": ["fee_physical_therapy"],
    "fee_surgical_treatment": ["fee_anaesthesia", "fee_operation"],
    "fee_western_drugs": ["fee_antimicrobials"],
}


@pytest.fixture(scope="module")
def made(live: Callable[..., Any]) -> tuple[Scene, dict[str, pd.DataFrame]]:
    """Four thousand residents of 2021 to 2025 without a mistake: the scene, rows by feed with their true person."""
    years = {"population_on": "2021-01-01", "backload_from": "2021-01-01", "end": "2025-12-31"}
    scene, batches, _ = live(range(8), feeds=FEEDS, profile="clean", **years, **PERFECT)
    frames = {}
    for b in batches:
        columns = dict(zip(CONTRACT[b.feed].names, (c.to_pylist() for c in b.columns), strict=True))
        frames[b.feed] = pd.DataFrame(columns).assign(person=b.person, sender=b.sender)
    return scene, frames


@pytest.fixture(scope="module")
def stays(made: Any) -> pd.DataFrame:
    """The home pages, with days as dates."""
    pages = made[1]["inpatient_home_page"]
    days = {f"{c}_day": pd.to_datetime(pages[f"{c}_at"].str[:10]) for c in ("admitted", "discharged")}
    return pages.assign(**days, main=pages["main_diagnosis_code"])


def fen(pages: pd.DataFrame) -> pd.DataFrame:
    """Every amount in fen."""
    amounts = ["total_fee", "own_payment", *[c for c in pages if c.startswith("fee_")]]
    return (pages[amounts].astype(float) * 100).round().astype(int)


def test_the_items_of_a_bill_make_its_total_to_the_fen_and_the_settlement_says_the_same(made: Any, stays: Any) -> None:
    bill, parts = fen(stays), [p for parts in PARTS_OF.values() for p in parts]
    items = [c for c in bill if c.startswith("fee_") and c not in parts]
    assert len(items) == 23 and (bill[items].sum(axis=1) == bill["total_fee"]).all()
    for whole, its in PARTS_OF.items():
        assert (bill[its].sum(axis=1) <= bill[whole]).all()
    surgical = PARTS_OF["fee_surgical_treatment"]
    assert (bill[surgical].sum(axis=1) == bill["fee_surgical_treatment"]).all()
    paid = made[1]["payment"].set_index("visit_no").loc[stays["stay_no"]]
    drugs = bill[["fee_western_drugs", "fee_patent_chinese_drugs", "fee_herbal_drugs"]].sum(axis=1)
    tests = bill[["fee_pathology", "fee_laboratory", "fee_imaging", "fee_clinical_diagnosis"]].sum(axis=1)
    for column, amount in (("drug_fee", drugs), ("examination_fee", tests), ("own_payment", bill["own_payment"])):
        assert ((paid[column].astype(float) * 100).round().to_numpy() == amount.to_numpy()).all(), column
    assert (paid["payment_method_code"].to_numpy() == stays["payment_method_code"].to_numpy()).all()
    alone = stays["payment_method_code"] == "07"
    assert 0.01 < alone.mean() < 0.05
    assert (bill.loc[alone, "own_payment"] == bill.loc[alone, "total_fee"]).all()


def test_what_a_stay_costs_depends_on_what_it_is_for_and_the_mean_is_the_published_one(made: Any, stays: Any) -> None:
    cost, main = stays["total_fee"].astype(float), stays["main"].str[:3]
    assert cost.mean() == pytest.approx(STAY_FEE, rel=0.06)  # 4,000 residents; within 1% at 24,000
    mean = cost.groupby(main).mean()
    assert mean["I21"] > 1.5 * mean["I63"] and mean["I63"] > 1.5 * mean["A09"] and mean["J18"] > 1.2 * mean["O80"]
    operated = stays["operation_level_1"].isin(["3", "4"]) & (main == "K80")
    bill = fen(stays)
    assert (bill.loc[operated, ["fee_anaesthesia", "fee_operation", "fee_consumables_operation"]] > 0).all(axis=None)
    assert ((bill["fee_pathology"] > 0) == (stays["pathology_no"] != "")).all()
    for feed, fee in (("laboratory", "fee_laboratory"), ("imaging_study", "fee_imaging")):
        assert (bill.loc[stays["stay_no"].isin(made[1][feed]["visit_no"]), fee] > 0).all(), feed
    long, short = stays["days"].astype(int) > 20, stays["days"].astype(int) < 5
    assert bill.loc[long, "fee_nursing"].min() > bill.loc[short, "fee_nursing"].median()


def test_other_diagnoses_are_of_different_categories_and_many_have_more_than_three(stays: Any) -> None:
    codes = stays[["main", *OTHERS]]
    category = codes.apply(lambda c: c.str[:3]).to_numpy()
    for row in category:
        given = [c for c in row if c]
        assert len(given) == len(set(given)) and not {"I10", "I11"} <= set(given)
    given = (codes[OTHERS] != "").sum(axis=1)
    assert ((codes[OTHERS] != "").to_numpy() == (np.arange(10) < given.to_numpy()[:, None])).all()  # no gaps
    old = stays["age"].astype(int) >= 65
    assert (given[old] > 3).mean() > 0.15 > (given[~old] > 3).mean()
    assert given.max() >= 7
    said = stays[[f"other_admission_condition_{n}" for n in range(1, 11)]] != ""
    assert (said.to_numpy() == (codes[OTHERS] != "").to_numpy()).all()
    treated = stays["main"].str.startswith("Z51")  # chemotherapy and radiotherapy: the cancer comes next
    assert stays.loc[treated, "other_diagnosis_code_1"].str.startswith("C").all()


def test_the_way_in_and_the_day_of_the_operation_depend_on_the_reason(stays: Any) -> None:
    emergency, main = stays["admission_route"] == "1", stays["main"].str[:3]
    assert emergency[main == "H25"].mean() < 0.05 < 0.8 < emergency[main == "K35"].mean()
    done = stays[stays["operation_code_1"] != ""]
    after = (pd.to_datetime(done["operation_date_1"]) - done["admitted_day"]).dt.days
    assert after.min() == 0 and (pd.to_datetime(done["operation_date_1"]) <= done["discharged_day"]).all()
    urgent = done["main"].str.startswith("K35")
    assert (after[urgent] == 0).mean() > 0.7 and (after[done["main"].str.startswith("K40")] == 0).mean() < 0.2


def test_who_is_transferred_lies_in_another_hospital_the_next_day(stays: Any) -> None:
    assert set(stays["discharge_way"]) == {"1", "2", "3", "4", "5", "9"}
    transferred = stays[stays["discharge_way"] == "2"]
    assert 0.003 < len(transferred) / len(stays) < 0.02
    assert ((stays["transferred_to"] != "") == stays["discharge_way"].isin(["2", "3"])).all()
    after = transferred["discharged_day"] + pd.Timedelta(days=1)
    came = {(p, d): (s, r) for p, d, s, r in stays[["person", "admitted_day", "sender", "admission_route"]].to_numpy()}
    found = [(came.get((p, d)), s) for p, d, s in zip(transferred["person"], after, transferred["sender"], strict=True)]
    known = [(to, sender) for to, sender in found if to]  # the others were taken in outside the province, or died
    assert len(known) > 0.7 * len(found)
    assert all(to[1] == "3" for to, _ in known)
    assert np.mean([to[0] != sender for to, sender in known]) > 0.9


def test_a_person_is_the_same_at_every_stay(stays: Any) -> None:
    same = ["country_code", "nationality_code", "drug_allergy", "allergy_drugs"]
    assert (stays.groupby("person")[same].nunique() == 1).all(axis=None)
    typed = stays[stays["blood_group_code"] != "6"]
    assert (typed.groupby("person")[["blood_group_code", "rh_code"]].nunique() == 1).all(axis=None)
    in_order = stays.sort_values("admitted_at")
    single = in_order["marital_status_code"] == "10"
    was_married = (~single).groupby(in_order["person"]).cummax()
    assert not (single & was_married).any()
    age = stays["age"].astype(int)
    assert set(stays.loc[age < 18, "marital_status_code"]) == {"10"}
    assert set(stays.loc[(age >= 6) & (age < 18), "occupation_code"]) == {"31"}
    assert (stays["address"].str.startswith("山东省")).all()
    numbers = in_order.groupby(["person", "sender"])["admission_count"].apply(
        lambda n: n.astype(int).is_monotonic_increasing
    )
    assert numbers.all()


def test_a_childbirth_tells_the_weight_on_the_childs_certificate(made: Any, stays: Any) -> None:
    births = stays[stays["main"].str.startswith("O8") & (stays["birth_weight_g"] != "")]
    certified = set(made[1]["birth_certificate"]["birth_weight_g"])
    assert len(births) > 20 and births["birth_weight_g"].isin(certified).mean() > 0.9  # others moved away
    mothers = stays[stays["main"].str.startswith("O8")]
    assert (mothers["marital_status_code"] == "20").mean() > 0.85  # some are not 20, or name no father
    injured = stays["main"].str.startswith("S")
    assert (injured == (stays["external_cause_code"] != "")).all()
    assert ((stays["discharge_way"] == "5") == (stays["autopsy"] != "")).all()


def test_every_field_is_filled_somewhere(stays: Any) -> None:
    empty = {c for c in stays if (stays[c] == "").all()}
    last = {
        f"other_{what}_{n}" for what in ("diagnosis_code", "diagnosis_name", "admission_condition") for n in (9, 10)
    }
    assert empty <= last | {"age_months", "healing_grade_3"}  # of the rarest


def test_numbers_of_stays_and_patients_fit_their_elements(stays: Any) -> None:
    assert stays["stay_no"].str.fullmatch(r"[0-9A-Z]{10}").all()  # 住院号 AN..10
    assert stays["patient_no"].str.len().max() <= 18  # 病案号 AN..18
    assert stays["stay_no"].is_unique


def test_short_numbers_of_all_keys_are_all_numbers() -> None:
    for bits in (9, 12):
        every = np.arange(1 << bits)
        assert sorted(short_numbers(7, "stay", every, bits).tolist()) == every.tolist()
    blocks = MOST_RESIDENTS // BLOCK
    assert blocks * OWN * SLOTS < 2**51 < 36**10


def test_every_key_of_a_stay_is_below_what_its_number_allows(made: Any, facts: ProvinceFacts) -> None:
    scene = made[0]
    assert 20_000 + len(facts.conditions.name) * 400 < SLOTS
    assert (scene.lives.people.no % NUMBERS).max() < OWN
    assert BIRTHS + (2149 - 2000) * 1000 < OWN
