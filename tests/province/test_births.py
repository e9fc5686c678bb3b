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
            dict(zip(names[b.feed].names, (c.to_pylist() for c in b.columns), strict=True)) | {"person": b.person}
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
