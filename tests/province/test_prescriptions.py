"""Drugs fit the diagnosis and the patient, and a visit's fee is what was prescribed and done at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.province.datafiles import csv, longest_prefix
from jobs.province.drugs import LINES, PREGNANT
from jobs.province.facts import ProvinceFacts
from tests.province.test_wider_feeds import CLEAN, CONTRACT

FEEDS = ["outpatient_visit", "prescription", "payment", "inpatient_home_page", "laboratory", "imaging_study"]
AMOUNTS = ["outpatient_fee", "drug_fee", "examination_fee", "fund_payment", "own_payment"]


@pytest.fixture(scope="module")
def care(live: Callable[..., Any]) -> dict[str, pd.DataFrame]:
    """Care of 4,000 residents in two years, without a mistake: rows by feed, with the true ``person``."""
    year = {"population_on": "2022-01-01", "backload_from": "2022-01-01", "end": "2023-12-31"}
    _, batches, _ = live(range(8), **year, **CLEAN, feeds=FEEDS)
    frames = {}
    for b in batches:
        names = CONTRACT[b.feed].names
        frame = pd.DataFrame({n: c.to_pandas() for n, c in zip(names, b.columns, strict=True)}).assign(person=b.person)
        amounts = [c for c in (*AMOUNTS, "price", "total_fee", "days_supply") if c in frame]
        frame[amounts] = frame[amounts].apply(pd.to_numeric, errors="coerce").fillna(0.0)
        frames[b.feed] = frame.assign(born=pd.to_datetime(frame["birth_date"]))
    drugs = frames["prescription"]
    drugs["age"] = (pd.to_datetime(drugs["prescribed_at"]) - drugs["born"]).dt.days / 365.25
    return frames


def test_every_diagnosis_that_people_are_treated_for_has_drugs_declared_for_it_or_none() -> None:
    declared = csv("drug_use.csv").assign(prefix=lambda t: t["icd10_prefix"].str.split(" ")).explode("prefix")
    conditions, treatments = csv("condition_codes.csv"), csv("treatments.csv")["icd10"].dropna()
    met = {
        "O": {*csv("outpatient_reasons.csv")["icd10"], *conditions.loc[conditions["setting"] == "O", "icd10"], "Z34.9"},
        "I": {*csv("inpatient_reasons.csv")["icd10"], *conditions.loc[conditions["setting"] == "I", "icd10"]},
    }
    met["O"] |= {"B08.4", "J11.1", *csv("cancers.csv")["icd10"]}
    met["I"] |= {*treatments, *csv("cancers.csv")["icd10"]}
    met["T"] = set(csv("cancers.csv")["icd10"])
    for setting, codes in met.items():
        prefixes = set(declared.loc[declared["setting"].str.contains(setting), "prefix"])
        assert not [code for code in codes if longest_prefix(code, prefixes) == "any"], setting
    assert not [p for p in declared["prefix"] if len(p) < 3]  # no chapter stands in for its diseases


def test_a_line_holds_at_most_one_drug_for_any_patient_and_no_substance_comes_twice(facts: ProvinceFacts) -> None:
    drugs = facts.catalogue.drugs
    shares = drugs.upper - drugs.cell
    assert shares.max() <= 1.0
    atc = drugs.table["atc"].to_numpy()[drugs.drug]
    patients = 3 * len(drugs.ages)
    cells = pd.DataFrame({"use": drugs.cell // patients // LINES, "patient": drugs.cell % patients, "atc": atc})
    assert not cells.duplicated().any()


def test_nothing_is_given_at_an_age_or_in_a_pregnancy_that_forbids_it(facts: ProvinceFacts) -> None:
    drugs = facts.catalogue.drugs
    given = drugs.table.iloc[drugs.drug]
    kind, age = np.divmod(drugs.cell % (3 * len(drugs.ages)), len(drugs.ages))
    assert given.loc[kind == PREGNANT, "pregnant"].all()
    assert ((given["age_from"] <= drugs.ages[age]) & (drugs.ages[age] < given["age_to"])).all()
    assert not {"C10AA05", "B01AA03", "N03AG01", "C09CA03"} & set(given.loc[kind == PREGNANT, "atc"])


def test_orders_of_a_stay_begin_on_several_days(care: dict[str, Any]) -> None:
    orders = care["prescription"][care["prescription"]["order_kind"] == "2"]
    days = orders.groupby("prescription_no")["prescribed_at"].agg(lambda s: s.str[:10].nunique())
    assert 0.3 < (days > 1).mean() < 0.9


def test_children_have_forms_and_doses_of_their_own_and_nothing_that_is_not_for_them(care: dict[str, Any]) -> None:
    drugs = care["prescription"]
    small, minor = drugs[drugs["age"] < 6], drugs[drugs["age"] < 18]
    assert len(small) > 800
    whole = small[small["dose_form"].isin(["胶囊剂", "缓释胶囊", "片剂", "薄膜衣片", "缓释片"])]
    assert set(whole["drug_code"]) <= {"H02AB06", "J04AC01"}  # crushed: nephrotic syndrome, tuberculosis
    assert not minor["drug_code"].isin(["J01MA12", "B01AC06", "N05CF02", "M01AH01"]).any()  # levofloxacin, aspirin, ...
    syrup = small[small["drug_name"] == "布洛芬混悬液"].assign(dose=lambda t: t["single_dose"].astype(float))
    by_age = syrup.groupby(syrup["age"].astype(int))["dose"].mean()
    assert by_age.is_monotonic_increasing and by_age.iloc[0] < 0.12  # 8 mg a kg


def test_a_person_takes_the_same_drugs_for_a_chronic_condition_at_every_visit(care: dict[str, Any]) -> None:
    drugs = care["prescription"][care["prescription"]["order_kind"] == "1"]
    diabetic = drugs[drugs["diagnosis_code"].str.startswith("E11") & (drugs["age"] > 40)]
    lists = diabetic.groupby(["person", "visit_no"])["drug_code"].agg(lambda s: " ".join(sorted(s)))
    assert len(lists) > 800
    assert (lists.groupby("person").nunique() == 1).mean() > 0.99  # who turns 65 may take another
    young = drugs[drugs["diagnosis_code"].str.startswith("E10")]
    assert young["drug_code"].str.startswith("A10A").all()  # insulin
    hiv = drugs[drugs["diagnosis_code"].str.startswith("B24")]
    assert hiv["drug_code"].str.startswith("J05A").all()


def test_chemotherapy_is_given_on_single_days(care: dict[str, Any]) -> None:
    drugs = care["prescription"]
    infused = drugs[drugs["drug_code"].str.startswith("L01") & (drugs["route_code"] == "404")]
    assert len(infused) > 40
    assert infused["days_supply"].max() <= 3
    assert (drugs.loc[drugs["drug_code"].isin(["L01CD01", "L01XA01"]), "days_supply"] == 1).all()


def test_a_visit_s_fee_is_that_of_its_drugs_tests_and_studies_and_the_rest(care: dict[str, Any]) -> None:
    paid = care["payment"].set_index("visit_no")
    paid = paid[paid["setting_code"] == "1"]
    drugs = care["prescription"].groupby("visit_no")["price"].sum().reindex(paid.index, fill_value=0.0)
    assert np.allclose(paid["drug_fee"], drugs)
    paid = paid[paid["settled_at"] < "2023-12-31"]  # a test of the last day is reported after it
    examined = paid.index.isin(care["laboratory"]["visit_no"]) | paid.index.isin(care["imaging_study"]["visit_no"])
    assert ((paid["examination_fee"] > 0) == examined).all()
    rest = paid["outpatient_fee"] - paid["drug_fee"] - paid["examination_fee"]
    assert rest.min() >= 20 - 0.01  # registration and consultation
    total = care["outpatient_visit"].set_index("visit_no")["total_fee"]
    assert (total.loc[paid.index] == paid["outpatient_fee"]).all()
    assert abs(total.mean() / 361.6 - 1) < 0.03
    by_department = care["outpatient_visit"].groupby("department_code")["total_fee"].median()
    assert by_department.max() > 3 * by_department.min()


def test_what_the_fund_pays_varies_and_some_pay_all_themselves(care: dict[str, Any]) -> None:
    paid = care["payment"]
    insured = paid[(paid["setting_code"] == "1") & (paid["payment_method_code"] != "07")]
    share = insured["fund_payment"] / insured["outpatient_fee"]
    assert (share.round(3).value_counts(normalize=True).iloc[1:] < 0.02).all()
    assert 0.05 < (insured["fund_payment"] == 0).mean() + (share > 0.6).mean() < 0.6
    assert set(insured["insurance_type_code"]) == {"01", "02"}
    stays = paid[paid["setting_code"] == "2"]
    themselves = stays["payment_method_code"] == "07"
    assert 0.01 < themselves.mean() < 0.06
    assert (stays.loc[themselves, "fund_payment"] == 0).all()
