"""Notes and reports fit the patient: the diagnosis, the age, the side that is ill, the way of leaving, the children."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import fromstring

import pandas as pd
import pyarrow as pa
import pytest

from jobs.province.clinical_document import clinical_documents, escaped
from jobs.province.datafiles import csv, longest_prefix
from jobs.province.facts import ProvinceFacts
from tests.province.test_wider_feeds import CLEAN, CONTRACT

FEEDS = ("emr_document", "imaging_study", "inpatient_home_page", "outpatient_visit", "birth_certificate")
BEATS = r"P (\d+)次/分"


@pytest.fixture(scope="module")
def frames(live: Callable[..., Any]) -> dict[str, pd.DataFrame]:
    """Rows by feed of 2,000 residents over three years, recorded without a mistake. Documents and studies have the
    true ``person`` and the ``diagnosis`` of their visit or stay."""
    years = {"population_on": "2022-01-01", "backload_from": "2022-01-01", "end": "2024-12-31"}
    _, batches, _ = live(range(4), **years, **CLEAN, feeds=list(FEEDS))
    found = {}
    for b in batches:
        columns = [c.to_pylist() for c in b.columns]
        found[b.feed] = pd.DataFrame(dict(zip(CONTRACT[b.feed].names, columns, strict=True))).assign(person=b.person)
    stays = found["inpatient_home_page"].set_index("stay_no")
    visits = found["outpatient_visit"].set_index("visit_no")
    codes = pd.concat([stays["main_diagnosis_code"], visits["diagnosis_code"]])
    for feed in ("emr_document", "imaging_study"):
        found[feed]["diagnosis"] = found[feed]["visit_no"].map(codes).fillna("")
    return found


@pytest.fixture(scope="module")
def notes(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The documents of stays that are over, by their code, with the row of the stay beside."""
    stays = frames["inpatient_home_page"].set_index("stay_no")[["admitted_at", "discharged_at", "discharge_way"]]
    written = frames["emr_document"].drop(columns=["admitted_at", "discharged_at"])
    written = written.join(stays, on="visit_no", how="inner")
    return {str(code): n for code, n in written.groupby("document_code")}


def reasons() -> set[str]:
    """Every diagnosis that a visit or a stay can be for."""
    lists = ("inpatient_reasons", "outpatient_reasons", "condition_codes", "cancers", "treatments")
    return set().union(*(csv(f"{name}.csv")["icd10"].dropna() for name in lists))


def test_every_reason_of_a_visit_or_stay_has_words_of_its_own() -> None:
    symptoms = csv("symptoms.csv").set_index("icd10_prefix")
    known = set(symptoms.index)
    assert len(reasons()) > 100
    for code in reasons():
        prefix = longest_prefix(code, known)
        assert code.startswith(prefix) and len(prefix) >= 3, code
    assert not symptoms.drop(columns="source").isna().any().any()


def test_the_words_of_a_reason_are_not_those_of_another(notes: dict[str, pd.DataFrame]) -> None:
    """Bleeding is told as bleeding, sepsis is no healthy belly, and epilepsy is no transient attack."""
    admission = notes["C0034"]
    told = admission["chief_complaint"] + admission["present_illness"] + admission["physical_examination"]
    for code, words in {"K92.2": "黑便", "K85.9": "墨菲征阴性", "I80.2": "下肢肿胀", "S72.0": "髋"}.items():
        mine = told[admission["diagnosis"] == code]
        assert len(mine) and mine.str.contains(words).all(), code
    assert not told.str.contains("{", regex=False).any()


def test_pulse_and_breath_are_those_of_the_age_and_the_heart_is_counted_once(notes: dict[str, pd.DataFrame]) -> None:
    admission = notes["C0034"]
    examined, born = admission["physical_examination"], pd.to_datetime(admission["birth_date"])
    age = (pd.to_datetime(admission["admitted_at"]) - born).dt.days / 365.25
    pulse = examined.str.extract(BEATS)[0].astype(int)
    assert pulse[age < 3].mean() > 110 > 90 > pulse[age >= 18].mean()
    heart = examined.str.extract(r"心率(\d+)次/分")[0].dropna().astype(int)
    assert len(heart) > 100 and (heart == pulse[heart.index]).all()
    warm = examined.str.extract(r"T ([\d.]+)℃")[0].astype(float)
    assert (warm[admission["diagnosis"].str.startswith("J18")] > 37.2).mean() > 0.8


def test_the_course_is_told_from_the_first_hours_on_every_few_days(notes: dict[str, pd.DataFrame]) -> None:
    first, later = notes["C0037"], notes["C0038"]
    after = pd.to_datetime(first["written_at"]) - pd.to_datetime(first["admitted_at"])
    assert after.min() > pd.Timedelta(0) and after.max() <= pd.Timedelta(hours=8)
    assert set(first["visit_no"]) == set(notes["C0034"]["visit_no"])
    assert (later["written_at"].str[:10] > later["admitted_at"].str[:10]).all()
    assert (later["written_at"].str[:10] < later["discharged_at"].str[:10]).all()
    assert later["written_at"].str[11:].nunique() > 100
    assert not later.duplicated(["visit_no", "written_at"]).any()
    days = (pd.to_datetime(later["discharged_at"]) - pd.to_datetime(later["admitted_at"])).dt.days
    many = later.groupby("visit_no").size()
    assert many[later.loc[days >= 10, "visit_no"].unique()].min() >= 4


def test_the_last_note_says_how_the_stay_ended(notes: dict[str, pd.DataFrame]) -> None:
    discharge, death = notes["C0049"], notes["C0050"]
    against = discharge["discharge_way"] == "4"
    assert 20 < against.sum() < 0.2 * len(discharge)
    assert (discharge["narrative"].str.contains("自动出院") == against).all()
    assert (discharge["narrative"].str.contains("准予出院") == (discharge["discharge_way"] == "1")).all()
    assert (death["discharge_way"] == "5").all() and set(death["document_title"]) == {"死亡记录"}


def test_the_notes_of_a_delivery_tell_the_child_of_the_birth_certificate(
    frames: dict[str, pd.DataFrame], notes: dict[str, pd.DataFrame]
) -> None:
    discharge = notes["C0049"]
    told = discharge[discharge["diagnosis"].str.startswith("O8")]["narrative"]
    weight = told.str.extract(r"体重(\d+)g，Apgar评分1分钟(\d+)分、5分钟(\d+)分").dropna().astype(int)
    assert len(weight) > 0.9 * len(told) > 20
    certified = set(frames["birth_certificate"]["birth_weight_g"].astype(int))
    assert weight[0].isin(certified).mean() > 0.9  # the others: filed after the last day
    assert weight[[1, 2]].to_numpy().max() <= 10 and (weight[1] <= weight[2]).all()


def test_a_mother_is_delivered_before_her_notes_and_studies_say_so(
    frames: dict[str, pd.DataFrame], notes: dict[str, pd.DataFrame]
) -> None:
    born = frames["birth_certificate"]
    mothers = notes["C0038"][notes["C0038"]["diagnosis"].str.startswith("O8")]
    birth = mothers["id_number"].map(
        born.drop_duplicates("mother_id_number").set_index("mother_id_number")["birth_time"]
    )
    day = pd.to_datetime(birth).dt.normalize()[birth.notna()]
    written = pd.to_datetime(mothers.loc[day.index, "written_at"]).dt.normalize()
    waiting = mothers.loc[day.index, "narrative"].str.contains("待产")
    near = (written - day).dt.days.between(-3, 30)  # of another birth of hers
    assert near.sum() > 20 and (waiting[near] == (written <= day)[near]).all()
    done = frames["imaging_study"]
    left = done["visit_no"].map(frames["inpatient_home_page"].set_index("stay_no")["discharged_at"])
    assert not (done["studied_at"] > left.fillna("9999")).any()


def test_allergies_are_those_of_the_home_page_and_chemotherapy_leaves_no_wound(
    frames: dict[str, pd.DataFrame], notes: dict[str, pd.DataFrame]
) -> None:
    drug = frames["inpatient_home_page"].set_index("stay_no")["allergy_drugs"]
    past = notes["C0034"].set_index("visit_no")["past_history"]
    assert (past.str.extract("对(.+)过敏")[0].fillna("") == drug.loc[past.index]).all()
    therapy = pd.concat([notes["C0038"], notes["C0049"]])
    therapy = therapy[therapy["diagnosis"].str.startswith("Z51")]
    assert len(therapy) and not therapy["narrative"].str.contains("切口|手术").any()


def test_a_study_is_of_the_part_that_is_ill(frames: dict[str, pd.DataFrame]) -> None:
    done = frames["imaging_study"]
    pregnant = done[done["diagnosis"].str.startswith("Z34")]
    assert len(pregnant) and set(pregnant["item_code"]) == {"US_OBSTETRIC"}
    assert set(done.loc[done["diagnosis"].str.startswith("O8"), "item_code"]) == {"US_POSTPARTUM"}
    assert set(done.loc[done["diagnosis"].str.startswith("C71"), "item_code"]) <= {"MR_HEAD"}
    assert set(done.loc[done["diagnosis"].str.startswith("K35"), "item_code"]) <= {"US_ABDOMEN", "CT_ABDOMEN"}


def test_reports_agree_with_the_diagnosis_and_fall_on_both_sides(frames: dict[str, pd.DataFrame]) -> None:
    written = frames["emr_document"]
    reports = written[written["document_code"] == "C0006"]
    told = reports["findings"] + reports["impression"]
    assert not told.str.contains("{", regex=False).any()
    chronic = reports["diagnosis"].str.startswith(("I67", "I69"))
    assert chronic.any() and not told[chronic].str.contains("急性脑梗死|呈高信号").any()
    first = reports.loc[reports["impression"].str[0].isin(["左", "右"]), "impression"].str[0]
    assert len(first) > 100 and 0.4 < (first == "左").mean() < 0.6
    stroke = reports["diagnosis"].str.startswith(("I61", "I63", "I69"))
    sides = reports[stroke].assign(side=told[stroke].str.extract(r"([左右])侧基底节区")[0])
    assert (sides.dropna(subset="side").groupby("person")["side"].nunique() == 1).all()


def test_a_course_of_treatment_is_followed_where_the_cancer_is(frames: dict[str, pd.DataFrame]) -> None:
    written = frames["emr_document"]
    therapy = written[written["diagnosis"].str.startswith("Z51")]
    name = therapy[therapy["document_code"] == "C0034"].set_index("visit_no")["chief_complaint"]
    reports = therapy[therapy["document_code"] == "C0006"]
    of_lung = reports["visit_no"].map(name).str.contains("肺恶性肿瘤")
    assert len(reports) > 10 and (reports["impression"].str.contains("肺癌") <= of_lung).all()
    assert not reports["impression"].str.contains("占位，考虑").any()


def test_facts_have_a_study_for_every_reason_with_a_place_of_its_own(facts: ProvinceFacts) -> None:
    """Of chapters whose studies are of one part of the body, none falls back to what anybody may have done."""
    known = set(csv("imaging_uses.csv")["icd10_prefix"])
    for code in facts.codes.icd10:
        if code[0] in "CFGIJKMNOPRS":
            assert longest_prefix(code, known)[0] == code[0], code


HEADER = ("realmCode", "typeId", "id", "code", "title", "effectiveTime", "confidentialityCode", "languageCode",
          "recordTarget", "author", "custodian", "componentOf", "component")  # fmt: skip


def test_a_clinical_document_has_what_the_schema_of_cda_requires_in_its_order(frames: dict[str, pd.DataFrame]) -> None:
    rows = frames["emr_document"].groupby("document_code").head(2).assign(id_number="")
    columns = {n: escaped(pa.array(rows[n])) for n in CONTRACT["emr_document"].names}
    text = clinical_documents(columns, "utf-8").decode()
    assert 'extension=""' not in text and 'value=""' not in text and 'code=""' not in text
    space = {"": "urn:hl7-org:v3"}
    documents = fromstring(text).findall("ClinicalDocument", space)
    assert len(documents) == len(rows) > 10
    for document, row in zip(documents, rows.itertuples(), strict=True):
        assert tuple(part.tag.split("}")[1] for part in document) == HEADER
        keeper = document.find("custodian/assignedCustodian/representedCustodianOrganization/id", space)
        assert keeper is not None and keeper.get("extension") == row.organisation_code
        encounter = document.find("componentOf/encompassingEncounter", space)
        assert [part.tag.split("}")[1] for part in encounter or ()] == ["id", "effectiveTime", "location"]
        times = [t.get("value", "") for t in document.findall("componentOf/*/effectiveTime/*", space)]
        ended = [row.discharged_at] if row.discharged_at else []
        assert times == [re.sub("[^0-9]", "", t) for t in (row.admitted_at, *ended)]
        assert document.find("component/structuredBody/component/section/text", space) is not None
