"""What people die of: nothing that they never had, in a ward what they lay there for; newborns in their first days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from jobs.province.deaths import WARD, Deaths, deaths
from jobs.province.draws import Draws
from jobs.province.facts import ProvinceFacts
from jobs.province.life import Lives, simulate_lives
from jobs.province.people import NEVER
from jobs.province.scale import scales
from jobs.province.settings import SimulateSettings
from jobs.province.stays import DIED, Stays, hospital_stays
from tests.province.conftest import node

YEARS, MONTHS = range(2021, 2026), range(51 * 12, 56 * 12)  # from 2021 to 2025


@dataclass(frozen=True)
class World:
    """Twenty thousand residents, their stays and their deaths."""

    lives: Lives
    stays: Stays
    deaths: Deaths

    @property
    def age(self) -> np.ndarray:
        """Days of life at each death."""
        return self.deaths.day - self.lives.people.birth[self.deaths.person]


@pytest.fixture(scope="module")
def world(facts: ProvinceFacts) -> World:
    return lived(facts)


def lived(facts: ProvinceFacts, infants: float = 1.0) -> World:
    """From 2021 to 2025; ``infants`` multiplies the hazard at age 0."""
    settings = SimulateSettings.of(node(Path("unused")))
    draws, scale = Draws(settings.seed), scales(facts, settings.rate)
    death = scale.death.copy()
    death[:, 0] *= infants
    scale = replace(scale, death=death)
    lives = simulate_lives(draws, facts, settings.rate, scale, np.arange(40), YEARS)
    stays = hospital_stays(draws, facts, scale, lives, MONTHS)
    return World(lives, stays, deaths(draws, facts, scale, lives, stays))


def coded(facts: ProvinceFacts, dead: Deaths) -> np.ndarray:
    """The code of each underlying cause."""
    return np.array(facts.codes.icd10)[dead.cause]


def test_nobody_dies_of_a_condition_that_they_never_had(facts: ProvinceFacts, world: World) -> None:
    table, dead = facts.codes.causes.dropna(subset="condition"), world.deaths
    by_code = dict(zip(table["icd10"], table["condition"], strict=True))
    cause = coded(facts, dead)
    named = np.flatnonzero(np.isin(cause, list(by_code)))
    had = np.array([facts.conditions.index(by_code[c]) for c in cause[named]])
    assert len(named) > 150  # about a third of 800 deaths
    assert (world.lives.health.onset[dead.person[named], had] <= dead.day[named]).all()


def test_causes_keep_their_shares(facts: ProvinceFacts, world: World) -> None:
    """Heart diseases, lungs and dementia among all deaths, as relative weights of causes have them (assumed)."""
    cause = coded(facts, world.deaths)
    assert np.isin(cause, ["I25.1", "I46.1", "I50.9"]).mean() == pytest.approx(0.155, abs=0.03)
    assert (cause == "J44.9").mean() == pytest.approx(0.07, abs=0.025)
    assert (cause == "F03").mean() == pytest.approx(0.032, abs=0.02)


def test_who_dies_in_a_ward_lay_there_for_what_killed(facts: ProvinceFacts, world: World) -> None:
    """Unless an earlier stay was not over yet, or the cause is no condition."""
    last = world.stays.at(np.flatnonzero(world.stays.way == DIED))
    lay_for = np.full(len(world.lives.people), NEVER)
    lay_for[last.person] = last.condition
    dead = world.deaths.at(np.flatnonzero(lay_for[world.deaths.person] < NEVER))
    same = lay_for[dead.person] == dead.condition
    cancer = np.isin(dead.condition, facts.conditions.cancers)
    assert cancer.sum() > 50 and same[cancer].mean() > 0.9
    assert same[dead.condition >= 0].mean() > 0.85
    crashed = np.isin(dead.person, last.person[facts.codes.inpatient["icd10"].to_numpy()[last.reason] == "S06.9"])
    assert crashed[coded(facts, dead) == "V89.2"].mean() > 0.8


def test_most_infants_who_die_do_so_in_their_first_days(facts: ProvinceFacts) -> None:
    """Newborn deaths are 2.8 of 4.5 per 1000, a third of them on the first day; here 40 times as many die."""
    world = lived(facts, infants=40.0)
    born = world.lives.people.birth[world.deaths.person] >= 18628  # 2021-01-01
    age, perinatal = world.age[born], np.char.startswith(coded(facts, world.deaths), "P")[born]
    infant = age < 365
    assert infant.sum() > 60
    assert (age[infant] < 28).mean() == pytest.approx(0.62, abs=0.15)
    assert (age[infant] == 0).mean() == pytest.approx(0.22, abs=0.12)
    assert perinatal.sum() > 20 and age[perinatal].max() < 28
    beside_mother = world.deaths.place[born][age == 0] == WARD
    assert beside_mother.mean() > 0.8
