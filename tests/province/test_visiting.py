"""When and where people see a doctor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.province.opening import holidays
from jobs.province.settings import FEEDS
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS

CONTRACT = {feed: c for feed, c in load_contracts(CONTRACTS).items() if feed in FEEDS}


@pytest.fixture(scope="module")
def seen(live: Callable[..., Any]) -> dict[str, pd.DataFrame]:
    """Visits, stays and vaccinations of four thousand residents over three years, recorded without a mistake."""
    feeds = {"feeds": ["outpatient_visit", "inpatient_home_page", "immunisation"], "profile": "clean"}
    _, batches, _ = live(list(range(8)), end="2024-12-31", **feeds)
    frames = {}
    for b in batches:
        columns = dict(zip(CONTRACT[b.feed].names, (c.to_pylist() for c in b.columns), strict=True))
        frames[b.feed] = pd.DataFrame(columns).assign(person=b.person, sender=b.sender)
    return frames


def test_those_who_lie_in_hospital_see_no_doctor_elsewhere(seen: Any) -> None:
    visits, stays = seen["outpatient_visit"], seen["inpatient_home_page"]
    both = visits.merge(stays, on="person", suffixes=("", "_stay"))
    day = both["visit_time"].str[:10]
    inside = (day > both["admitted_at"].str[:10]) & (day < both["discharged_at"].str[:10])
    assert len(both) > 20_000
    assert inside.sum() <= 12  # a condition was found that day, or an infection; of chance there were 600


def test_clinics_are_busiest_on_mondays_and_in_the_morning_and_hardly_open_in_the_spring_festival(seen: Any) -> None:
    visits = seen["outpatient_visit"]
    time = pd.to_datetime(visits["visit_time"])
    clinic = time[~visits["department_code"].isin(["07", "20"])]  # not paediatrics either: nor do children wait
    by_weekday, by_hour = clinic.dt.dayofweek.value_counts(), clinic.dt.hour.value_counts()
    assert by_weekday.idxmax() == 0 and by_weekday[6] < 0.55 * by_weekday[0]
    assert by_hour[[8, 9, 10]].min() > by_hour[[14, 15]].max() > by_hour[13] > by_hour[12]  # two peaks
    assert set(by_hour.index) <= set(range(7, 20))
    day = clinic.dt.strftime("%Y-%m-%d")
    festival, later = day.between("2024-02-09", "2024-02-15"), day.between("2024-02-19", "2024-02-25")
    assert festival.sum() < 0.5 * later.sum()


def test_emergencies_come_at_all_hours_and_days(seen: Any) -> None:
    visits = seen["outpatient_visit"]
    time = pd.to_datetime(visits.loc[visits["department_code"] == "20", "visit_time"])
    by_hour = time.dt.hour.value_counts().reindex(range(23), fill_value=0)
    assert by_hour.min() > 5
    assert by_hour[[18, 19, 20, 21]].mean() > 1.2 * by_hour[[9, 10, 11, 12]].mean()
    by_weekday = time.dt.dayofweek.value_counts()
    assert by_weekday.max() < 1.3 * by_weekday.min()


def test_few_leave_hospital_on_sundays_and_no_one_is_vaccinated_then_but_newborns(seen: Any) -> None:
    left = pd.to_datetime(seen["inpatient_home_page"]["discharged_at"]).dt.dayofweek.value_counts()
    assert left[6] < 0.75 * left[:5].mean()
    given = seen["immunisation"]
    day, born = (pd.to_datetime(given[c]) for c in ("vaccinated_on", "birth_date"))
    assert (given.loc[day.dt.dayofweek == 6, "vaccinated_on"] == given.loc[day.dt.dayofweek == 6, "birth_date"]).all()
    by_weekday = day[day > born].dt.dayofweek.value_counts()
    assert by_weekday.max() < 1.6 * by_weekday.min()


def test_children_go_to_paediatrics_and_hospitals_name_their_departments(seen: Any) -> None:
    visits = seen["outpatient_visit"]
    age = visits["visit_time"].str[:4].astype(int) - visits["birth_date"].str[:4].astype(int)
    children = visits.loc[age < 6, "department_code"]
    assert (children == "07").mean() > 0.6  # the others: skin, eyes, ears, teeth, injuries
    assert (children == "03.01").mean() < 0.03
    assert (visits.loc[age >= 18, "department_code"] != "07").all()
    names = visits.groupby(["sender", "department_code"])["department_name"].nunique()
    assert (names == 1).all()
    assert visits.loc[visits["department_code"] == "03.01", "department_name"].nunique() >= 3


def test_holidays_by_sun_and_moon() -> None:
    known = ["2023-01-21", "2024-02-09", "2025-01-28", "2024-04-04", "2025-05-31", "2023-09-29", "2025-10-06"]
    assert np.isin(np.array(known, "M8[D]").astype(np.int64), holidays()).all()
    working = ["2024-02-08", "2024-02-19", "2025-06-02", "2025-10-09"]
    assert not np.isin(np.array(working, "M8[D]").astype(np.int64), holidays()).any()


def test_antenatal_visits_are_by_appointment_and_before_the_birth(live: Callable[..., Any]) -> None:
    _, batches, truth = live(list(range(8)), end="2024-12-31", profile="clean", feeds=["outpatient_visit"])
    columns = (c.to_pylist() for c in batches[0].columns)
    visits = pd.DataFrame(dict(zip(CONTRACT["outpatient_visit"].names, columns, strict=True)))
    visits = visits.assign(person=batches[0].person, day=pd.to_datetime(visits["visit_time"].str[:10]))
    mine = visits[(visits["diagnosis_name"] == "正常妊娠监督") & (visits["department_code"] == "05")]
    assert (mine["day"].dt.dayofweek != 6).all()
    events = truth["event"].to_pandas()
    births = events[events["kind"] == "delivery"][["person", "date"]].astype({"date": "datetime64[ns]"})
    both = mine.merge(births, on="person")
    after = (both["day"] > both["date"]) & (both["day"] < both["date"] + pd.Timedelta(days=60))
    assert len(both) > 400 and after.mean() < 0.01


def test_a_visit_tells_what_for_since_when_and_whether_for_the_first_time(seen: Any) -> None:
    visits = seen["outpatient_visit"]
    chief, illness = visits["chief_complaint"], visits["present_illness"]
    assert (chief != "").all() and not (chief + illness).str.contains("[{}]").any()
    since = chief.str.extract(r"(\d+(?:小时|天|周|个月|年))$")[0]
    dated = since.notna()
    assert 0.8 < dated.mean() < 1  # not so check-ups and antenatal visits
    assert [f"患者{s}前" in told for s, told in zip(since[dated], illness[dated], strict=True)] == [True] * dated.sum()
    cold = visits["diagnosis_code"].str.startswith("J06")
    assert cold.sum() > 1000 and (chief[cold].str.contains("鼻塞|咳嗽")).mean() > 0.9
    is_first = visits["first_visit_code"] == "1"
    chronic, antenatal = (visits["diagnosis_code"].str.startswith(code) for code in ("I10", "Z34"))
    assert is_first[cold].mean() > 0.6 > 0.25 > is_first[antenatal].mean() > 0 and is_first[chronic].mean() < 0.25
    assert (visits["organisation_code"].str.fullmatch(r"37\d{4}H001")).all()


def test_an_allergy_is_a_persons_own_at_every_visit(seen: Any) -> None:
    visits = seen["outpatient_visit"]
    assert (visits.groupby("person")[["drug_allergy", "allergy_history"]].nunique() == 1).all(axis=None)
    assert ((visits["drug_allergy"] == "T") == (visits["allergy_history"] != "")).all()
    assert 0.03 < (visits.groupby("person")["drug_allergy"].first() == "T").mean() < 0.09
