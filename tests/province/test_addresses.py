"""Addresses: a household keeps one until it moves, within its county too, and the register hears of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.province.personal_details import address
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS

CONTRACT = load_contracts(CONTRACTS)
BELOW = [f"address_{part}" for part in ("township", "village", "door")]


@pytest.fixture(scope="module")
def made(live: Callable[..., Any]) -> Any:
    """A thousand residents who move often, without a mistake: the scene, rows by feed, the truth's events."""
    years = {"population_on": "2021-01-01", "backload_from": "2021-01-01", "end": "2024-12-31"}
    feeds = ["resident_register", "inpatient_home_page"]
    scene, batches, truth = live(range(2), feeds=feeds, profile="clean", rate__move_address=0.2, **years)
    frames = {}
    for b in batches:
        columns = dict(zip(CONTRACT[b.feed].names, (c.to_pylist() for c in b.columns), strict=True))
        frames[b.feed] = pd.DataFrame(columns).assign(person=b.person)
    return scene, frames, truth["event"].to_pandas()


def test_a_household_moves_to_another_address_as_a_whole(made: Any) -> None:
    scene, frames, _ = made
    lives, people = scene.lives, scene.lives.people
    rows = frames["resident_register"]
    moved = rows[rows["event_code"] == "7"]
    assert len(moved) > 300
    person = np.searchsorted(people.no, moved["person"], sorter=np.argsort(people.no))
    person = np.argsort(people.no)[person]
    day = pd.to_datetime(moved["event_date"]).to_numpy().astype("M8[D]").astype(np.int64)
    now, before = (np.array(address(scene, person, d).to_pylist()) for d in (day, day - 1))
    assert (now == moved["address"]).all() and (now != before).all()
    assert (lives.county(person, day) == lives.county(person, day - 1)).all()
    house = pd.DataFrame({"house": lives.household(person, day), "day": day, "address": now})
    assert (house.groupby(["house", "day"])["address"].nunique() == 1).all()
    together = moved.groupby(["address", "event_date"]).size()
    assert (together > 1).mean() > 0.4  # households of several people


def test_the_truth_tells_each_change_of_address(made: Any) -> None:
    _, frames, events = made
    rows = frames["resident_register"]
    told = rows.loc[rows["event_code"] == "7", ["person", "event_date"]].astype(str).apply(tuple, axis=1)
    true = events[events["kind"] == "change_of_address"]
    happened = zip(true["person"].astype(str), pd.to_datetime(true["date"]).dt.strftime("%Y%m%d"), strict=True)
    assert set(told) == set(happened)


def test_moves_between_counties_are_the_same_however_many_change_address(made: Any, live: Callable[..., Any]) -> None:
    years = {"population_on": "2021-01-01", "backload_from": "2021-01-01", "end": "2024-12-31"}
    few = live(range(2), feeds=["resident_register"], rate__move_address=0.0, **years)[2]["event"].to_pandas()
    for kind in ("move", "move_in", "move_out"):
        one, other = (e.loc[e["kind"] == kind, ["person", "date"]].astype(str) for e in (made[2], few))
        assert len(one) > 10 and (one.to_numpy() == other.to_numpy()).all(), kind


def test_the_home_page_has_the_address_that_the_register_knows(made: Any) -> None:
    stays, register = made[1]["inpatient_home_page"], made[1]["resident_register"]
    stays = stays.assign(day=pd.to_datetime(stays["admitted_at"]).dt.normalize())
    register = register.assign(day=pd.to_datetime(register["event_date"]))
    known = register.loc[register["address"] != "", ["person", "day", "address"]]
    both = pd.merge_asof(stays.sort_values("day"), known.sort_values("day"), on="day", by="person").dropna()
    assert len(both) > 400 and both["address_y"].nunique() > 200
    assert (both["address_x"] == both["address_y"]).all()


def test_the_register_says_who_people_are(made: Any) -> None:
    rows = made[1]["resident_register"]
    here = ~rows["event_code"].isin(["5", "6"])
    assert (rows.loc[here, ["address", *BELOW, "phone", "nationality_code", "marital_status_code"]] != "").all(
        axis=None
    )
    assert (rows.loc[~here, ["address", "address_province", *BELOW]] == "").all(axis=None)
    joined = rows["address_province"] + rows["address_city"]
    assert [a.startswith(p) for a, p in zip(rows["address"], joined, strict=True)] == [True] * len(rows)
    assert set(rows["id_kind_code"]) <= {"", "01", "03", "99"}
    group = rows[rows["blood_group_code"] != "5"].groupby("person")["blood_group_code"]
    assert 0.2 < (rows["blood_group_code"] != "5").mean() < 0.4 and (group.nunique() == 1).all()
