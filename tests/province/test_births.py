"""Births: to a mother and a father who live together, twins, and what certificates and mothers' stays say of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.province.life import new_year
from jobs.province.people import NEVER, NOBODY, YEAR
from jobs.province.registry_feeds import MOVE, register_events
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS

FEEDS = ["resident_register", "birth_certificate", "inpatient_home_page"]
YEARS = {"population_on": "2021-01-01", "backload_from": "2021-01-01", "end": "2025-12-31"}


@pytest.fixture(scope="module")
def made(live: Callable[..., Any]) -> Any:
    """Eight thousand residents of 2021 to 2025, one birth in five of twins: scene, rows by feed, truth."""
    scene, batches, truth = live(range(16), profile="clean", feeds=FEEDS, rate__twins=0.2, **YEARS)
    names = load_contracts(CONTRACTS)
    frames = {
        b.feed: pd.DataFrame(
            dict(zip(names[b.feed].names, (c.to_pylist() for c in b.columns), strict=True))
            | {"person": b.person, "sender": b.sender}
        )
        for b in batches
    }
    return scene, frames, {n: t.to_pandas() for n, t in truth.items()}


def born(scene: Any) -> Any:
    people = scene.lives.people
    of_the_years = (people.birth == people.first) & (people.birth < new_year(2026))
    return np.flatnonzero(of_the_years & (people.mother != NOBODY))


def test_nearly_every_birth_has_a_father_and_he_lives_with_the_mother_in_every_year(made: Any) -> None:
    scene, frames, truth = made
    certificates = frames["birth_certificate"]
    named = (certificates["father_name"] != "").groupby(certificates["birth_time"].str[:4]).mean()
    assert len(named) == 5 and named.min() > 0.9 and certificates["father_name"].ne("").mean() < 1
    lives, people, child = scene.lives, scene.lives.people, born(scene)
    child = child[people.father[child] != NOBODY]
    father, mother, day = people.father[child], people.mother[child], people.birth[child]
    alive = lives.death[father] > day
    assert alive.mean() > 0.99
    together = lives.household(father, day) == lives.household(mother, day)
    assert together.all()
    older = (people.birth[mother] - people.birth[father]) / YEAR
    assert 1 < older.mean() < 3 and older.min() > -10 and (people.sex[father] == 0).all()
    told = truth["person"].set_index("person")["father"]
    assert (told.loc[people.no[child]] == people.no[father]).all()


def test_a_man_moves_in_with_one_woman_and_the_register_notes_it(made: Any) -> None:
    scene, _, truth = made
    lives = scene.lives
    man = np.flatnonzero(lives.joins < NEVER)
    assert len(man) > 50 and len(np.unique(lives.partner[man])) > 0.95 * len(man)  # some women are widowed again
    day = lives.joins[man]
    assert (lives.county(man, day) == lives.county(lives.partner[man], day)).all()
    moves = register_events(lives, None)
    moves = moves.at(np.flatnonzero(moves.code == MOVE))
    noted = set(zip(moves.person.tolist(), moves.day.tolist(), strict=True))
    went = (day > lives.people.first[man]) & (lives.county(man, day) != lives.county(man, day - 1))
    went &= lives.county(man, day - 1) >= 0
    assert went.sum() > 20
    assert set(zip(man[went].tolist(), day[went].tolist(), strict=True)) <= noted
    assert len(noted) == len(moves.person)
    couples = truth["event"][truth["event"]["kind"] == "couple"]
    assert couples.groupby("date")["person"].count().mod(2).eq(0).all()


def test_no_child_is_born_within_two_years_of_an_elder_one(made: Any) -> None:
    people = made[0].lives.people
    child = np.flatnonzero(people.mother != NOBODY)
    order = child[np.lexsort((people.birth[child], people.mother[child]))]
    same, gap = np.diff(people.mother[order]) == 0, np.diff(people.birth[order])
    simulated = (people.birth == people.first)[order[1:]]
    assert (gap[same & simulated & (gap > 0)] > 2 * YEAR).all() and (same & simulated).sum() > 30  # twins are one birth


def test_children_have_their_fathers_surname_or_their_mothers(made: Any) -> None:
    rows = made[1]["birth_certificate"]
    of_father, of_mother = (rows["child_name"].str[0] == rows[f"{p}_name"].str[0] for p in ("father", "mother"))
    known = rows["father_name"] != ""
    assert of_father[known].mean() > 0.9 and (of_father | of_mother).mean() > 0.98  # the others: minorities
    assert of_mother[~known].all()


def pairs(made: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The certificates of the first and of the second of twins."""
    persons = made[2]["person"][["person", "mother", "birth_date"]].dropna()
    twins = persons[persons.duplicated(["mother", "birth_date"], keep=False)]
    rows = made[1]["birth_certificate"].merge(twins, on="person").sort_values(["mother", "birth_date", "person"])
    rows = rows[rows.duplicated(["mother", "birth_date"], keep=False)]
    return rows.iloc[::2].reset_index(drop=True), rows.iloc[1::2].reset_index(drop=True)


def test_twins_have_one_surname_and_often_one_sex(made: Any) -> None:
    one, other = pairs(made)
    assert len(one) > 20 and (one["child_name"].str[0] == other["child_name"].str[0]).all()
    assert (one["child_name"] != other["child_name"]).all()
    assert 0.5 < (one["sex_code"] == other["sex_code"]).mean() < 0.85  # two thirds


def test_twins_come_minutes_apart_after_the_same_weeks_and_are_lighter(made: Any) -> None:
    one, other = pairs(made)
    assert (one["gestational_weeks"] == other["gestational_weeks"]).all()
    assert set(one["birth_order"]) == {"1"} and set(other["birth_order"]) == {"2"}
    apart = pd.to_datetime(other["birth_time"]) - pd.to_datetime(one["birth_time"])
    late = one["birth_time"].str[11:] > "23:29"  # midnight parts no twins
    assert apart[~late].dt.total_seconds().between(5 * 60, 30 * 60).all()
    rows = made[1]["birth_certificate"]
    weight, twin = rows["birth_weight_g"].astype(int), rows["children_born"] == "2"
    assert 2300 < weight[twin].mean() < 2700 and 3200 < weight[~twin].mean() < 3450


def test_most_single_children_are_born_after_39_or_40_weeks_and_boys_weigh_more(made: Any) -> None:
    rows = made[1]["birth_certificate"]
    rows = rows[rows["children_born"] == "1"]
    weeks, weight = rows["gestational_weeks"].astype(int), rows["birth_weight_g"].astype(int)
    share = weeks.value_counts(normalize=True)
    assert share[39] + share[40] > 0.45 and share[37] < 0.15 and 0.02 < (weeks < 37).mean() < 0.08
    assert weight[weeks < 37].mean() < weight[weeks == 38].mean() - 300
    boys = rows["sex_code"] == "1"
    assert 20 < weight[boys].mean() - weight[~boys].mean() < 180


def test_a_mother_is_admitted_before_the_birth_and_operated_on_when_it_happens(made: Any) -> None:
    scene, frames, truth = made
    stays = frames["inpatient_home_page"]
    stays = stays[stays["main_diagnosis_code"].str.startswith(("O80", "O82"))]
    mother = truth["person"].set_index("person")["mother"]
    births = frames["birth_certificate"].query("birth_order == '1'")
    births = births.assign(mother=mother.loc[births["person"]].to_numpy())
    both = births.merge(stays, left_on="mother", right_on="person", suffixes=("", "_stay"))
    came, birth = pd.to_datetime(both["admitted_at"]), pd.to_datetime(both["birth_time"])
    own = (birth - came).dt.days.between(-9, 9)
    both, came, birth = both[own], came[own], birth[own]
    assert len(both) > 0.9 * len(births)
    assert (came <= birth).all() and (birth < pd.to_datetime(both["discharged_at"])).all()
    days = (birth.dt.normalize() - came.dt.normalize()).dt.days
    assert set(days) == {0, 1, 2} and (days == 0).mean() > 0.3
    cut = both["operation_code_1"].str.startswith("74")
    assert 0.3 < cut.mean() < 0.6
    assert (pd.to_datetime(both["operation_date_1"][cut]) == birth[cut].dt.normalize()).all()
    county = np.array([scene.institutions.code[s][:6] for s in both["sender_stay"]])
    of_a_county = np.char.endswith(np.array([scene.institutions.code[s] for s in both["sender_stay"]]), "H001")
    of_a_county &= np.isin(county, scene.facts.places.county_code)
    assert (both["birth_county"][of_a_county] == county[of_a_county]).all() and of_a_county.sum() > 20
    assert 0.05 < (both["birth_county"] == both["mother_residence_county"]).mean() < 0.9
    assert (both["birth_place_code"] == "1").all()
