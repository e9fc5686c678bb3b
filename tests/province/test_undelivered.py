"""What is never delivered: each kind with its own rate by place and age; the truth lists exactly what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.lakehouse.errors import Refused
from jobs.province.codebook import age_group
from jobs.province.people import YEAR
from jobs.province.settings import FEEDS, SimulateSettings
from jobs.province.shares import NOTIFIABLE
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS, node

CONTRACT = {feed: c for feed, c in load_contracts(CONTRACTS).items() if feed in FEEDS}
YEARS = {"population_on": "2021-01-01", "backload_from": "2021-01-01", "end": "2025-12-31"}
NONE, ALL = [0.0] * 5, [1.0] * 5
FEW = ["resident_register", "outpatient_visit", "inpatient_home_page", "birth_certificate", "death_certificate"]
Rows = dict[str, pd.DataFrame]


def share(kind: str, urban: list[float], rural: list[float]) -> dict[str, Any]:
    return {f"undelivered__{kind}": {"urban": urban, "rural": rural}}


@pytest.fixture(scope="module")
def made(live: Callable[..., Any]) -> Callable[..., tuple[Any, Rows, Rows]]:
    """Some blocks without dirt: the scene, rows by feed with their true person, and the truth."""

    def make(blocks: int, **changed: Any) -> tuple[Any, Rows, Rows]:
        scene, batches, truth = live(range(blocks), profile="clean", **YEARS, **changed)
        frames = {}
        for b in batches:
            columns = [c.to_pylist() for c in b.columns]
            frames[b.feed] = pd.DataFrame(dict(zip(CONTRACT[b.feed].names, columns, strict=True)))
            frames[b.feed]["person"] = b.person
            frames[b.feed]["sender"] = b.sender
        return scene, frames, {n: t.to_pandas() for n, t in truth.items()}

    return make


@pytest.fixture(scope="module")
def usual(made: Any) -> Any:
    """Two thousand residents of 2021 to 2025 with the shares of the settings, all feeds."""
    return made(4, feeds=list(FEEDS))


def lost(truth: Rows, kind: str, feed: str | None = None) -> pd.DataFrame:
    found = truth["undelivered"]
    return found[(found["kind"] == kind) & ((found["feed"] == feed) if feed else True)]


def happened(truth: Rows, kind: str) -> pd.DataFrame:
    return truth["event"][truth["event"]["kind"] == kind]


def count(frame: pd.DataFrame, day: str = "date") -> dict[tuple[int, str], int]:
    """How often a person has something on a day."""
    text = frame[day].astype(str).str.replace("-", "").str[:8]
    return frame.groupby([frame["person"], text]).size().to_dict()


def less(all_: dict[Any, int], some: dict[Any, int]) -> dict[Any, int]:
    return {k: n - some.get(k, 0) for k, n in all_.items() if n > some.get(k, 0)}


def test_visits_and_stays_are_those_that_happened_less_those_elsewhere(usual: Any) -> None:
    _, frames, truth = usual
    for feed, kind, day in (
        ("outpatient_visit", "outpatient_visit", "visit_time"),
        ("inpatient_home_page", "inpatient_stay", "admitted_at"),
    ):
        elsewhere = pd.concat([lost(truth, "care_elsewhere", feed), lost(truth, "birth_elsewhere", feed)])
        told = count(frames[feed], day)
        expected = less(count(happened(truth, kind)), count(elsewhere))
        still_there = {k: n for k, n in expected.items() if k[1] >= "20250825"} if feed == "inpatient_home_page" else {}
        assert {k: n for k, n in told.items() if k not in still_there} == {
            k: n for k, n in expected.items() if k not in still_there
        }
        assert len(elsewhere) > 5
    visits = len(lost(truth, "care_elsewhere", "outpatient_visit")) / len(happened(truth, "outpatient_visit"))
    assert 0.007 < visits < 0.02


def test_nothing_of_a_visit_elsewhere_is_delivered_by_any_feed(made: Any) -> None:
    _, frames, truth = made(
        1,
        feeds=list(FEEDS),
        **share("care_elsewhere", ALL, ALL),
        **share("birth_elsewhere", ALL, ALL),
        undelivered__unnotified={d: {"urban": ALL, "rural": ALL} for d in NOTIFIABLE},
    )
    care = ("registration", "outpatient_visit", "emr_document", "prescription", "payment", "inpatient_home_page")
    assert {f: len(frames[f]) for f in (*care, "laboratory", "imaging_study")} == dict.fromkeys(
        (*care, "laboratory", "imaging_study"), 0
    )
    assert len(happened(truth, "outpatient_visit")) > 10_000
    assert len(frames["birth_certificate"]) == 0 < len(lost(truth, "birth_elsewhere", "birth_certificate"))
    assert len(frames["health_checkup"]) > 100


def test_births_elsewhere_are_in_the_register_and_have_no_certificate(made: Any) -> None:
    _, frames, truth = made(6, feeds=FEW, **share("birth_elsewhere", [0.5] * 5, NONE))
    away = lost(truth, "birth_elsewhere", "birth_certificate")
    born = happened(truth, "birth")
    assert len(away) > 10
    certified = set(frames["birth_certificate"]["person"])
    early = born[born["date"].astype(str) < "2025-12-15"]
    assert set(early["person"]) - certified == set(away["person"]) & set(early["person"])
    registered = frames["resident_register"]
    assert set(early["person"]) <= set(registered.loc[registered["event_code"] == "2", "person"])
    assert int(born.merge(away, on="person")["county"].str[4:].astype(int).max()) <= 20  # districts only


def test_deaths_without_a_certificate_are_at_home_and_the_register_hears_of_most(made: Any) -> None:
    scene, frames, truth = made(12, feeds=FEW)
    dead, missing = happened(truth, "death"), lost(truth, "home_death", "death_certificate")
    early = dead[dead["date"].astype(str) < "2025-12-15"]
    certified = frames["death_certificate"]
    assert set(early["person"]) - set(certified["person"]) == set(missing["person"]) & set(early["person"])
    assert 0.005 < len(missing) / len(dead) < 0.06
    heard = lost(truth, "home_death", "resident_register")
    assert set(heard["person"]) == set(missing["person"])
    later = (pd.to_datetime(heard["known"]) - pd.to_datetime(heard["date"])).dt.days.dropna()
    assert later.between(30, 700).all() and len(later) >= 0.5 * len(heard)
    nowhere = heard["known"].isna().sum() / len(dead)
    assert nowhere < 0.02
    assert len(scene.lives.people) > 6000


def test_every_death_at_home_may_go_without_a_certificate_and_no_other(made: Any) -> None:
    _, frames, truth = made(4, feeds=FEW, **share("home_death", ALL, ALL), **share("home_death_unheard", ALL, NONE))
    assert "4" not in set(frames["death_certificate"]["death_place_code"])
    assert len(frames["death_certificate"]) > 5
    heard = lost(truth, "home_death", "resident_register").merge(happened(truth, "death"), on="person")
    urban = heard["county"].str[4:].astype(int) <= 20
    assert heard.loc[urban, "known"].isna().all() and heard.loc[~urban, "known"].notna().all()
    assert urban.sum() > 5 and (~urban).sum() > 5


def test_the_dead_and_departed_may_stay_on_the_register(made: Any) -> None:
    _, frames, truth = made(4, feeds=FEW, **share("register_never", ALL, NONE), **share("register_late", NONE, ALL))
    register, gone = frames["resident_register"], lost(truth, "still_registered")
    ends = pd.concat([happened(truth, "death"), happened(truth, "move_out")])
    at_home = lost(truth, "home_death", "resident_register")
    assert count(gone) == less(count(ends), count(at_home))
    never = gone[gone["known"].isna()]
    told = register[register["event_code"].isin(["5", "6"])]
    day = {(p, d) for p, d in zip(told["person"], told["event_date"], strict=True)}
    assert len(never) > 20 and len(told) > 20
    assert not {(p, f"{d:%Y%m%d}") for p, d in zip(never["person"], never["date"], strict=True)} & day
    late = gone[gone["known"].notna() & (gone["known"].astype(str) <= "2025-12-31")]
    assert len(late) > 20
    assert {(p, f"{d:%Y%m%d}") for p, d in zip(late["person"], late["date"], strict=True)} <= day


def test_cards_are_those_of_the_notified(usual: Any) -> None:
    _, frames, truth = usual
    infected, cards = truth["infection"], frames["infectious_card"]
    notified = infected[infected["notified"]]
    spread = notified[notified["disease"].isin(["influenza", "hand_foot_mouth"])]
    of = set(zip(spread["person"], spread["onset"].astype(str).str.replace("-", ""), strict=True))
    once = cards[cards["disease_code"].isin(["J11.1", "B08.4"])]
    told = set(zip(once["person"], once["onset_date"], strict=True))
    early = {k for k in of if k[1] < "20251020"}
    assert early <= told <= of and len(early) > 60
    missing = lost(truth, "unnotified", "infectious_card")
    assert len(missing) + len(notified) == len(infected)
    by_disease = infected.groupby("disease")["notified"].mean()
    assert by_disease["influenza"] < 0.2 < by_disease["hand_foot_mouth"] < 0.5
    assert (cards["onset_date"] <= cards["diagnosed_on"]).all() and (
        cards["diagnosed_on"] <= cards["reported_on"]
    ).all()
    assert {d: k for d, k in zip(cards["disease_code"], cards["disease_class"], strict=True)}.items() <= {
        ("J11.1", "丙"),
        ("B08.4", "丙"),
        ("B18.1", "乙"),
        ("A16.2", "乙"),
    }
    rate = len(cards) / (2000 * 5) * 1e5
    assert 850 < rate < 1450  # about 1,130 a year and 100,000; 113 expected


def test_a_case_that_is_notified_was_found_at_a_visit(usual: Any) -> None:
    scene, frames, _ = usual
    cards, visits = frames["infectious_card"], frames["outpatient_visit"]
    visits = visits.assign(
        institution=np.array(scene.institutions.code)[visits["sender"]],
        day=visits["visit_time"].str[:10].str.replace("-", ""),
        category=visits["diagnosis_code"].str[:3],
    )
    place = ["person", "institution", "day"]
    cards = cards.rename(columns={"reporting_institution": "institution", "diagnosed_on": "day"})
    found = cards.merge(visits[[*place, "category", "department_code"]], on=place, how="left", indicator=True)
    assert (found["_merge"] == "both").all()
    found = found.assign(told=found["category"] == found["disease_code"].str[:3])
    of_card = found.groupby("card_no").agg(told=("told", "any"), age=("age", "first"))
    assert of_card["told"].mean() > 0.85  # the others' codes are missed, as all codes are
    spread = found[found["told"] & found["disease_code"].isin(["J11.1", "B08.4"])]
    departments = spread.groupby(spread["age"].astype(int) < 14)["department_code"].agg(set)
    assert departments[True] == {"07"} and departments[False] == {"16"}


def test_unnotified_goes_by_place_and_age(made: Any) -> None:
    influenza = {"urban": ALL, "rural": [0, 0, 1, 1, 1]}
    scene, _, truth = made(4, feeds=["infectious_card"], undelivered__unnotified__influenza=influenza)
    flu = truth["infection"][truth["infection"]["disease"] == "influenza"]
    people = scene.lives.people
    birth = dict(zip(people.no.tolist(), people.birth.tolist(), strict=True))
    onset = flu["onset"].to_numpy("M8[D]").astype(np.int64)
    group = age_group((onset - flu["person"].map(birth).to_numpy()) / YEAR)
    rural_child = (flu["county"].str[4:].astype(int) > 20).to_numpy() & (group < 2)
    assert rural_child.sum() > 20
    assert not flu["notified"][~rural_child].any()
    assert flu["notified"][rural_child].mean() > 0.9  # the others moved away first


def test_some_residents_have_several_numbers_at_an_institution_and_others_one(usual: Any) -> None:
    _, frames, truth = usual
    several = set(lost(truth, "several_files")["person"])
    assert 0.02 < len(several) / len(truth["person"]) < 0.07
    for feed in ("outpatient_visit", "health_checkup", "chronic_followup"):
        numbers = frames[feed].groupby(["person", "sender"])["patient_no"].nunique()
        more = numbers[numbers > 1].index.get_level_values("person")
        assert len(more) > 5 and set(more) <= several
    visits = frames["outpatient_visit"].groupby("patient_no")["person"].nunique()
    assert (visits == 1).all()
    first = frames["registration"].set_index("visit_no")["patient_no"]
    of = frames["outpatient_visit"]
    assert (of["patient_no"].to_numpy() == first.loc[of["visit_no"]].to_numpy()).all()


def test_a_run_day_by_day_tells_the_same_of_what_is_missing(live: Callable[..., Any]) -> None:
    def told(**days: Any) -> pd.DataFrame:
        truth = live([0], population_on="2022-01-01", feeds=["laboratory"], **days)[2]
        return truth["undelivered"].to_pandas()

    whole = told(backload_from="2022-01-01", end="2023-03-31")
    parts = [
        told(backload_from="2022-01-01", end="2023-02-10"),
        told(backload_from=None, start="2023-02-11", end="2023-03-31"),
    ]
    columns = list(whole.columns)
    assert (
        whole.astype(str)
        .sort_values(columns, ignore_index=True)
        .equals(pd.concat(parts).astype(str).sort_values(columns, ignore_index=True))
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (share("home_death", [0, 0, 0, 0, 1.5], NONE), r"simulate\.undelivered\.home_death\.urban\[4\]=1\.5: must be"),
        (share("home_death", [0.1], NONE), r"undelivered\.home_death\.urban=\[0\.1\]: must be a list of 5 shares"),
        (
            {"undelivered__care_elsewhere": 0.1},
            r"undelivered\.care_elsewhere=0\.1: must have the places urban and rural",
        ),
        ({"undelivered__unnotified__plague": {}}, r"undelivered\.unnotified: must have the diseases hand_foot_mouth"),
        ({"outbreaks__a_year": -1}, r"simulate\.outbreaks\.a_year=-1: must be a number from 0 to 10"),
        ({"outbreaks__weeks": 0}, r"simulate\.outbreaks\.weeks=0: must be a number from 1 to 26"),
    ],
)
def test_impossible_shares_are_refused(tmp_path: Any, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        SimulateSettings.of(node(tmp_path, **changed))


def test_a_certificate_tells_the_minute_of_death_and_how_long_the_illness_lasted(usual: Any) -> None:
    _, frames, _ = usual
    rows, stays, visits = (frames[f] for f in ("death_certificate", "inpatient_home_page", "outpatient_visit"))
    assert (rows["death_time"].str[:10].str.replace("-", "") == rows["death_date"]).all()
    assert rows["onset_to_death"].str.fullmatch(r"[1-9]\d{0,2}(小时|天|个月|年)").all()
    cancer = rows["underlying_cause_code"].str.startswith("C")
    assert rows.loc[cancer, "onset_to_death"].str.endswith(("个月", "年")).mean() > 0.5
    in_hospital = rows.merge(stays[stays["discharge_way"] == "5"], on="person")
    assert len(in_hospital) > 10 and (in_hospital["death_time"] == in_hospital["discharged_at"]).all()
    seen = rows.merge(visits, on="person")
    assert len(seen) > 500 and (seen["visit_time"] < seen["death_time"]).all()
