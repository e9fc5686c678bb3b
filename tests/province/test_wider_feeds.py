"""The feeds around visits, stays and public health: as their contracts say, and following from the same lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from jobs.province.facts import ProvinceFacts, population_by_age
from jobs.province.recording import Scene
from jobs.province.settings import FEEDS
from jobs.tables.contract import Contract, load_contracts
from tests.province.conftest import CONTRACTS

SETTINGS = ("outpatient", "inpatient", "death")
CONTRACT = {feed: c for feed, c in load_contracts(CONTRACTS).items() if feed in FEEDS}
CLEAN = {
    "profile": "clean",
    **{f"recording__{s}__{part}": 1.0 for s in SETTINGS for part in ("sensitivity", "predictive_value")},
}


@pytest.fixture(scope="module")
def clean(live: Callable[..., Any]) -> tuple[Scene, dict[str, pd.DataFrame], pd.DataFrame]:
    """A thousand residents of 2021 to 2025 recorded without a mistake: the scene, rows by feed, true events.

    Beside the delivered fields, a row has its true ``person`` and the code of its ``sender``.
    """
    years = {"population_on": "2021-01-01", "backload_from": "2021-01-01", "end": "2025-12-31"}
    scene, batches, truth = live([0, 1], **years, **CLEAN)
    frames = {}
    for b in batches:
        columns = [c.to_pylist() for c in b.columns]
        frames[b.feed] = pd.DataFrame(dict(zip(CONTRACT[b.feed].names, columns, strict=True)))
        frames[b.feed]["person"] = b.person
        frames[b.feed]["sender"] = [scene.institutions.code[s] for s in b.sender]
    return scene, frames, truth["event"].to_pandas()


@pytest.mark.parametrize("feed", FEEDS)
def test_rows_recorded_without_a_mistake_keep_to_the_contract(clean: Any, feed: str) -> None:
    contract, rows = CONTRACT[feed], clean[1][feed]
    assert not rows.duplicated([*contract.key, "sender"]).any()
    for field in contract.fields:
        given = rows[field.name][rows[field.name] != ""]
        assert len(given) == len(rows) or not field.required, field.name
        if field.codes:
            assert set(given) <= set(field.codes), field.name
        if field.formats:
            pd.to_datetime(given, format=field.formats[0])
        if field.type in ("integer", "decimal"):
            whole = r"-?\d+" if field.type == "integer" else r"-?\d+(\.\d+)?"
            assert given.str.fullmatch(whole).all(), field.name


@pytest.mark.parametrize("block", [399, 219_999])
def test_the_last_residents_of_a_province_are_numbered_as_the_first_are(live: Callable[..., Any], block: int) -> None:
    _, batches, _ = live([block], population_on="2021-01-01", backload_from="2021-01-01", end="2024-12-31", **CLEAN)
    assert {b.feed for b in batches if len(b.sender)} >= set(FEEDS) - {"infectious_card", "cancer_card"}
    for b in batches:
        key = pd.DataFrame({n: b.columns[CONTRACT[b.feed].names.index(n)].to_pylist() for n in CONTRACT[b.feed].key})
        assert not key.assign(sender=b.sender).duplicated().any(), b.feed
        assert not b.defects.any(), b.feed


def test_every_wider_feed_tells_who_its_rows_are_about() -> None:
    def roles(contract: Contract) -> set[str]:
        return {f.role for f in contract.fields}

    about = {"id_number", "patient_no", "name", "sex", "birth_date"}
    assert not [feed for feed, c in CONTRACT.items() if not about <= roles(c)]


def test_a_visit_is_registered_once_by_the_same_person_at_the_same_place_and_time(clean: Any) -> None:
    visits, registered = (clean[1][f].set_index("visit_no") for f in ("outpatient_visit", "registration"))
    attended = registered[registered["status_code"] == "1"]
    visits = visits.loc[attended.index]
    assert len(visits) > 30_000
    for column in ("person", "sender", "patient_no", "department_code", "doctor_no"):
        assert (visits[column] == attended[column]).all()
    assert (visits["registration_time"] == attended["registered_at"]).all()
    cancelled = registered[registered["status_code"] == "2"]
    assert set(cancelled.index) == {""}
    assert 0.02 < len(cancelled) / len(attended) < 0.04


def test_drugs_are_prescribed_at_visits_and_stays_for_what_was_diagnosed(clean: Any) -> None:
    frames = clean[1]
    drugs = frames["prescription"]
    number = {
        "1": ("outpatient_visit", "visit_no", "visit_time"),
        "2": ("inpatient_home_page", "stay_no", "admitted_at"),
    }
    for kind, (feed, no, time) in number.items():
        mine = drugs[drugs["order_kind"] == kind]
        told = mine["visit_no"].isin(frames[feed][no])
        assert (~told).sum() <= 60  # a stay not over on the last day has orders, but no home page yet
        mine = mine[told]
        of = frames[feed].set_index(no).loc[mine["visit_no"]]
        assert (of["person"].to_numpy() == mine["person"].to_numpy()).all()
        assert (of["sender"].to_numpy() == mine["sender"].to_numpy()).all()
        first, last = of[time].to_numpy(), of["discharged_at" if kind == "2" else time].str[:10].to_numpy()
        day = mine["prescribed_at"].str[:10].to_numpy()
        assert ((first < mine["prescribed_at"].to_numpy()) & (day <= last)).all()  # orders of a stay in its first days
        assert kind == "2" or (mine["prescribed_at"].str[:10].to_numpy() == of[time].str[:10].to_numpy()).all()
    assert not drugs.duplicated(["prescription_no", "drug_code"]).any()
    assert 1.2 < (drugs["order_kind"] == "1").sum() / len(frames["outpatient_visit"]) < 1.6
    diabetic = drugs[drugs["diagnosis_code"].str.startswith("E11")]
    assert diabetic["drug_code"].str.startswith("A10").mean() > 0.95  # the others: a suspicion, or a wrong code


def test_every_visit_and_stay_is_paid_once_and_the_parts_make_the_whole(clean: Any) -> None:
    paid = clean[1]["payment"].set_index("visit_no")
    visits = clean[1]["outpatient_visit"].set_index("visit_no")
    stays = clean[1]["inpatient_home_page"].set_index("stay_no")
    assert set(paid.index) == set(visits.index) | set(stays.index)
    assert (paid.loc[visits.index, "outpatient_fee"] == visits["total_fee"]).all()
    assert (paid.loc[stays.index, "inpatient_fee"] == stays["total_fee"]).all()
    assert (paid.loc[stays.index, "own_payment"] == stays["own_payment"]).all()
    whole = paid["outpatient_fee"].where(paid["outpatient_fee"] != "", paid["inpatient_fee"]).astype(float)
    parts = paid["own_payment"].astype(float) + paid["fund_payment"].astype(float)
    assert (whole - parts).abs().max() < 0.011
    assert (paid["drug_fee"].astype(float) + paid["examination_fee"].astype(float) < whole + 0.02).all()


def test_studies_are_made_at_visits_and_stays_and_reported_after_them(clean: Any) -> None:
    frames = clean[1]
    done = frames["imaging_study"]
    at = pd.concat([frames["outpatient_visit"], frames["inpatient_home_page"].rename(columns={"stay_no": "visit_no"})])
    known = done[done["visit_no"].isin(at["visit_no"])]
    of = at.set_index("visit_no").loc[known["visit_no"]]
    assert len(done) - len(known) < 20  # of stays not over on the last day
    assert (of["person"].to_numpy() == known["person"].to_numpy()).all()
    assert (of["sender"].to_numpy() == known["sender"].to_numpy()).all()
    assert (known["studied_at"] < known["reported_at"]).all()
    cancer = of["main_diagnosis_code"].fillna("").str.startswith("C34").to_numpy(bool)
    assert (known.loc[cancer, "item_code"] == "CT_CHEST").mean() > 0.9  # the others: a wrong code


def test_the_old_the_chronically_ill_and_employees_are_checked_once_a_year(clean: Any) -> None:
    done = clean[1]["health_checkup"]
    assert not done.assign(year=done["checked_on"].str[:4]).duplicated(["person", "year"]).any()
    age = done["checked_on"].str[:4].astype(int) - done["birth_date"].str[:4].astype(int)
    assert age[done["checkup_kind"] == "1"].min() >= 65
    assert age[done["checkup_kind"] == "3"].between(22, 60).all()
    by_hospital = done["sender"].str.contains("H")
    assert (by_hospital == (done["checkup_kind"] == "3")).all()
    weight, height = done["weight_kg"].astype(float), done["height_cm"].astype(float) / 100
    assert (weight / height**2 - done["bmi"].astype(float)).abs().max() < 0.06
    assert 0.35 < (done["bmi"].astype(float) >= 24).mean() < 0.65  # 50.7% of adults


def test_known_hypertension_and_diabetes_are_followed_every_quarter(clean: Any) -> None:
    _, frames, events = clean
    done = frames["chronic_followup"]
    known = events.set_index("person")
    for code, kind in (("1", "hypertension_diagnosis"), ("2", "diabetes_diagnosis")):
        mine = done[done["disease_code"] == code]
        found = known.loc[known["kind"] == kind, "date"]
        assert set(mine["person"]) <= set(found.index)
        since = pd.to_datetime(mine["followed_on"]) - pd.to_datetime(found.loc[mine["person"]]).to_numpy()
        assert since.min().days >= 30
        quarter = pd.to_datetime(mine["followed_on"]).dt.to_period("Q")
        assert not mine.assign(quarter=quarter).duplicated(["person", "quarter"]).any()
        assert mine.groupby("person").size().median() >= 5
    high = done["systolic"].astype(int) >= 140
    assert not (high & (done["assessment_code"] == "1") & (done["disease_code"] == "1")).any()


def test_children_are_vaccinated_by_the_programme_of_the_day_and_doses_are_counted(clean: Any) -> None:
    _, frames, events = clean
    given = frames["immunisation"]
    born, day = (pd.to_datetime(given[c]) for c in ("birth_date", "vaccinated_on"))
    months = (day - born).dt.days / 30.437
    first = given["dose_ordinal"] == "1"
    assert len(given) > 500
    assert months[(given["vaccine_code"] == "HepB") & first].max() < 1  # within a day of birth
    assert months[given["vaccine_code"] == "MMR"].min() > 7.9
    dtap = (given["vaccine_code"] == "DTaP") & first
    assert months[dtap & (day < "2025-01-01")].min() > 2.9  # from 2025 on at two months
    assert 1.9 < months[dtap & (day >= "2025-01-01")].min() < 2.9
    assert not given.duplicated(["person", "vaccine_code", "dose_ordinal"]).any()
    assert set(given["person"]) == set(events.loc[events["kind"] == "vaccination", "person"])
    born_here = events.loc[(events["kind"] == "birth") & (pd.to_datetime(events["date"]) < "2025-06-01"), "person"]
    assert born_here.isin(given["person"]).mean() > 0.85  # the others refused, moved away or died


def test_a_fifth_of_all_cancers_is_lung_cancer(facts: ProvinceFacts) -> None:
    people, sites = population_by_age(facts.places), facts.catalogue.cancers
    lung = (facts.rates.lung_cancer * people).sum()
    others = (sites.rate * people).sum()
    assert (lung + others) / people.sum() * 1e5 == pytest.approx(341.75, rel=0.01)  # published for 2022
    assert lung / (lung + others) == pytest.approx(0.22, abs=0.01)


def test_a_cancer_found_in_a_resident_leads_to_one_card(clean: Any) -> None:
    _, frames, events = clean
    cards = frames["cancer_card"]
    when = pd.to_datetime(events["date"]).dt.strftime("%Y%m%d")
    known, begun = (events["kind"].str.endswith(f"cancer_{what}") for what in ("diagnosis", "onset"))
    at_death = (events["kind"] == "death") & events["person"].isin(events.loc[begun, "person"])
    told = set(zip(cards["person"], cards["diagnosed_on"], strict=True))
    found, died = (set(zip(events.loc[m, "person"], when[m], strict=True)) for m in (known, at_death))
    assert told & found and told <= found | died  # the others were found in their last months, or elsewhere
    assert (cards["diagnosed_on"] < cards["reported_on"]).all()
    women = cards[cards["site_code"].str[:3].isin(["C50", "C53", "C54", "C56"])]
    assert set(women["sex_code"]) <= {"2"}


def test_every_stay_has_its_notes_and_every_study_its_report(clean: Any) -> None:
    frames = clean[1]
    written, done = frames["emr_document"], frames["imaging_study"].set_index("report_no")
    reports = written[written["document_code"] == "C0006"].set_index("report_no")
    assert set(reports.index) == set(done.index)
    done = done.loc[reports.index]
    for column in ("person", "sender", "visit_no"):
        assert (done[column] == reports[column]).all()
    assert (done["reported_at"] == reports["written_at"]).all()
    assert (reports["findings"] != "").all() and (reports["impression"] != "").all()
    stays = frames["inpatient_home_page"].set_index("stay_no")
    notes = written[written["visit_no"].isin(stays.index)]
    kinds = notes.groupby("document_code")["visit_no"].agg(set)
    died = stays["discharge_way"] == "5"
    assert kinds["C0034"] == set(stays.index)
    assert kinds["C0049"] == set(stays.index[~died]) and kinds["C0050"] == set(stays.index[died])
    last = notes[notes["document_code"].isin(["C0049", "C0050"])].set_index("visit_no")["narrative"]
    assert not last.index.duplicated().any()
    assert (last.str.contains("死亡") == died.loc[last.index]).all()
    admission = notes[notes["document_code"] == "C0034"]
    for column in ("chief_complaint", "present_illness", "past_history", "physical_examination"):
        assert (admission[column].str.len() > 3).all()
