"""Lives: a block is the same whatever else is made, the past is the same however far one goes on, places add up."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

from jobs.province.draws import Draws
from jobs.province.facts import ProvinceFacts
from jobs.province.id_numbers import CHECK, WEIGHTS
from jobs.province.life import AWAY, new_year
from jobs.province.people import NEVER, NOBODY, NUMBERS, residents
from jobs.province.recording import Batch
from jobs.province.registry_feeds import INITIAL, register_events

Live = Callable[..., Any]


def rows(batches: list[Batch], block: int) -> list[tuple[Any, ...]]:
    """All rows about the people of one block, with feed, sender and period, in file order."""
    found = []
    for b in batches:
        mine = np.flatnonzero(b.person // NUMBERS == block)
        columns = [c.take(mine).to_pylist() for c in b.columns]
        found += [(b.feed, *r) for r in zip(b.sender[mine], b.period[mine], *columns, strict=True)]
    return found


def test_a_block_is_the_same_whatever_the_others(live: Live) -> None:
    _, alone, _ = live([3])
    _, among, _ = live([0, 1, 2, 3, 4])
    assert rows(alone, 3) == rows(among, 3)
    assert len(rows(alone, 3)) > 5000


def test_going_on_leaves_the_past_as_it_was(live: Live) -> None:
    _, short, truth = live([0], end="2023-03-31")
    _, long_, later = live([0], end="2025-12-31")
    past = [r for r in rows(long_, 0) if r[2] <= 3]  # back-load, January, February, March
    assert past == rows(short, 0)
    event, after = (t["event"].to_pandas() for t in (truth, later))
    appeared = after["person"].isin(truth["person"]["person"].to_pylist())  # who comes later was ill before, maybe
    until = after[(after["date"] <= date(2023, 3, 31)) & appeared]
    assert set(until.itertuples(index=False, name=None)) == set(event.itertuples(index=False, name=None))


def test_every_id_number_has_the_unassigned_prefix_and_is_nobody_elses(live: Live) -> None:
    scene, _, truth = live(list(range(20)))
    ids = [i for i in truth["person"]["id_number"].to_pylist() if i]
    assert len(set(ids)) == len(ids) > 9_900
    papers = [i for i in ids if i.startswith("ZZ")]  # passports and older cards of foreigners
    assert len(papers) < 20
    ids = [i for i in ids if i not in papers]
    permits = ("81379", "82379", "83379", "937999")
    assert all(len(i) == 18 and i.startswith(("379", *permits)) for i in ids)
    assert sum(i.startswith(permits) for i in ids) < 20
    assert all(CHECK[sum(int(d) * w for d, w in zip(i, WEIGHTS, strict=False)) % 11] == i[17] for i in ids)
    born = dict(zip(truth["person"]["id_number"].to_pylist(), truth["person"]["birth_date"].to_pylist(), strict=True))
    assert all(f"{born[i]:%Y%m%d}" == i[6:14] for i in ids)
    every = [unicodedata.normalize("NFKC", i) for i in scene.identity.numbers.texts.to_pylist() if i]
    assert all(i.removeprefix("军字第").startswith("379") or i[:2] in ("81", "82", "83", "93", "ZZ") for i in every)


def test_a_mistyped_id_number_never_passes_the_check(live: Live) -> None:
    _, batches, _ = live([0, 1], profile="clean", dirt__id_mistyped=1.0)
    visits = next(b for b in batches if b.feed == "outpatient_visit")
    typed = [i for i in visits.columns[2].to_pylist() if i and len(i) == 18]
    right = [CHECK[sum(int(d) * w for d, w in zip(i, WEIGHTS, strict=False)) % 11] == i[17] for i in typed]
    assert len(typed) > 8_000
    assert sum(right) == 0


def test_on_the_day_of_a_move_people_live_at_the_destination(live: Live) -> None:
    scene, _, _ = live(list(range(8)), end="2024-12-31")
    lives = scene.lives
    moved = np.nonzero((lives.homes.move_day < NEVER) & (lives.homes.county_at_start != AWAY))
    day, to, before = lives.homes.move_day[moved], lives.homes.move_to[moved], lives.homes.county_at_start[moved]
    assert len(day) > 100
    assert (lives.homes.county(moved[1], day) == to).all()
    assert (lives.homes.county(moved[1], day - 1) == before).all()


def test_the_register_alone_gives_the_residents_of_any_day(live: Live) -> None:
    """Following each person's register events leads to the same county as the life does, on random days."""
    scene, _, _ = live(list(range(6)), end="2024-12-31")
    lives, begins = scene.lives, new_year(2022)
    register = register_events(lives, begins)
    for day in (begins, begins + 31, begins + 400, begins + 900):
        known = register.at(np.flatnonzero(register.day <= day))
        latest = known.at(np.lexsort((known.code, known.day, known.person)))
        last = np.append(latest.person[1:] != latest.person[:-1], True)
        there = np.full(len(lives.people), AWAY)
        there[latest.person[last]] = latest.county[last]
        everyone = np.arange(len(lives.people))
        alive = lives.resident(everyone, np.full(len(everyone), day)) & (lives.death != day)
        expected = np.where(alive, lives.county(everyone, np.full(len(everyone), day)), AWAY)
        assert (there == expected).all()


def test_the_register_begins_once(live: Live) -> None:
    scene, _, _ = live([0, 1])
    codes = register_events(scene.lives, None).code
    assert INITIAL not in codes


def test_newborns_live_with_their_mothers(live: Live) -> None:
    scene, _, _ = live(list(range(10)), end="2024-12-31")
    people = scene.lives.people
    born = np.flatnonzero(people.birth == people.first)
    assert len(born) > 50
    assert (people.household[born] == people.household[people.mother[born]]).all()
    mothers = (people.birth[born] - people.birth[people.mother[born]]) / 365.2425
    assert mothers.min() >= 15 and mothers.max() < 51


def test_residents_of_the_first_day_have_siblings_as_there_are(facts: ProvinceFacts) -> None:
    """Nine months apart, or twins: of one or two births in a hundred, give or take chance; few mothers of many."""
    people, _ = residents(Draws(5), facts.places, np.arange(20), 0)
    child = np.flatnonzero((people.mother != NOBODY) & (people.age(0) < 18))
    assert len(child) > 1500
    child = child[np.lexsort((people.birth[child], people.mother[child]))]
    gap = np.diff(people.birth[child])[np.diff(people.mother[child]) == 0]
    assert gap[gap > 0].min() >= 280 - 1
    assert 0.005 < (gap == 0).sum() / len(child) < 0.03
    _, of_mother = np.unique(people.mother[child], return_counts=True)
    assert (of_mother >= 2).mean() > 0.35 and (of_mother >= 4).mean() < 0.05


@pytest.mark.parametrize("city", ["370100", "370500", "371300"])
def test_residents_spread_over_cities_as_in_the_census(live: Live, facts: ProvinceFacts, city: str) -> None:
    scene, _, _ = live(list(range(20)))
    at = facts.places.city_code.index(city)
    county = scene.lives.county(np.arange(len(scene.lives.people)), scene.lives.people.first)
    start = scene.lives.people.first == new_year(2022)
    share = (facts.places.city[county[start]] == at).mean()
    assert share == pytest.approx(facts.places.city_people[at] / facts.places.city_people.sum(), rel=0.1)
