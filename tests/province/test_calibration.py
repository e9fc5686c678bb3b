"""Forty thousand residents of 2021 to 2025 against published figures (``jobs/province/data/calibration.csv``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from jobs.province.datafiles import csv
from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.institutions import Institutions
from jobs.province.life import AWAY, Lives, new_year, simulate_lives
from jobs.province.out_of_bed import out_of_bed
from jobs.province.people import NEVER
from jobs.province.scale import scales
from jobs.province.settings import SimulateSettings
from jobs.province.stays import DIED, Stays, hospital_stays
from jobs.province.visits import OTHER, Visits, outpatient_visits
from tests.province.conftest import node

FIRST, LAST = 2021, 2025


@dataclass(frozen=True)
class World:
    """Lives and care of the sample, and its person-years from month to month."""

    lives: Lives
    visits: Visits
    stays: Stays
    person_years: float

    @property
    def middle(self) -> Ints:
        """The residents on 1 July 2023."""
        everyone = np.arange(len(self.lives.people))
        return everyone[self.lives.resident(everyone, np.full(len(everyone), new_year(2023) + 181))]

    def prevalence(self, days: Ints) -> tuple[float, float]:
        """Share of adults who had it by 1 July 2023, as of its onset (or diagnosis) days; and the number of adults."""
        adults = self.middle[self.lives.people.age(new_year(2023) + 181)[self.middle] >= 18]
        return float((days[adults] <= new_year(2023) + 181).mean()), len(adults)


@pytest.fixture(scope="module")
def world(facts: ProvinceFacts, tmp_path_factory: pytest.TempPathFactory) -> World:
    settings = SimulateSettings.of(node(tmp_path_factory.mktemp("unused")))
    draws, scale = Draws(settings.seed), scales(facts, settings.rate)
    lives = simulate_lives(draws, facts, settings.rate, scale, np.arange(80), range(FIRST, LAST + 2))
    months = range((FIRST - 1970) * 12, (LAST + 1 - 1970) * 12)
    everyone = np.arange(len(lives.people))
    middles = range(new_year(FIRST) + 15, new_year(LAST + 1), 30)
    alive = [lives.resident(everyone, np.full(len(everyone), d)).sum() for d in middles]
    years = float(np.mean(alive)) * (LAST + 1 - FIRST)
    visits = outpatient_visits(draws, facts, scale, Institutions.of(facts.places, settings), lives, months)
    stays = hospital_stays(draws, facts, scale, lives, months)
    return World(lives, out_of_bed(visits, stays), stays, years)


def published(indicator: str, year: str, sex: str = "B") -> float:
    """A published figure over all ages (or all adults)."""
    rows = csv("calibration.csv")
    mine = (rows["indicator"] == indicator) & (rows["year"].astype(str) == year) & (rows["sex"] == sex)
    return float(rows.loc[mine, "value"].iloc[0])


def in_years(days: Ints | Floats) -> np.ndarray:
    return (days >= new_year(FIRST)) & (days < new_year(LAST + 1))


def test_deaths(world: World) -> None:
    died = np.flatnonzero(in_years(world.lives.death))
    there = world.lives.resident(died, world.lives.death[died])
    rate = there.sum() / world.person_years * 1000
    assert rate == pytest.approx(published("crude_death_rate", "2022"), rel=0.10)


def test_births(world: World) -> None:
    people = world.lives.people
    born = np.flatnonzero((people.birth == people.first) & in_years(people.birth))
    here = world.lives.county(born, people.birth[born]) != AWAY
    assert here.sum() / world.person_years * 1000 == pytest.approx(published("crude_birth_rate", "2022"), rel=0.12)
    boys = (people.sex[born] == 0).sum() / (people.sex[born] == 1).sum() * 100
    assert boys == pytest.approx(published("sex_ratio_at_birth", "2020"), rel=0.15)


def test_visits_and_stays(world: World) -> None:
    assert len(world.visits) / world.person_years == pytest.approx(published("visits_per_person", "2023"), rel=0.03)
    stays = world.stays
    assert len(stays) / world.person_years * 100 == pytest.approx(published("admission_rate", "2023"), rel=0.05)
    assert stays.days.mean() == pytest.approx(published("mean_length_of_stay_hospital", "2023"), rel=0.03)


def test_hardly_anybody_lies_in_hospital_for_what_nobody_has_found(world: World) -> None:
    s = world.stays.at(np.flatnonzero((world.stays.condition != OTHER) & (world.stays.way != DIED)))
    unknown = world.lives.health.diagnosis[s.person, s.condition] > s.admitted
    assert len(s) > 1000 and unknown.mean() < 0.01  # save for acute events, which are found there


def test_hypertension_and_diabetes(world: World, facts: ProvinceFacts) -> None:
    health = world.lives.health
    for name, prevalence, known in (
        ("hypertension", "hypertension_prevalence", ("hypertension_diagnosed_share", "2013-2014")),
        ("diabetes", "diabetes_prevalence", ("diabetes_awareness", "2018")),
    ):
        c = facts.conditions.name.index(name)
        have, _ = world.prevalence(health.onset[:, c])
        diagnosed, _ = world.prevalence(health.diagnosis[:, c])
        assert have * 100 == pytest.approx(published(prevalence, "2018"), rel=0.08)
        assert diagnosed / have * 100 == pytest.approx(published(*known), rel=0.08)


def test_lung_cancer(world: World, facts: ProvinceFacts) -> None:
    onset = world.lives.health.onset[:, facts.conditions.lung]
    new = np.flatnonzero((onset < NEVER) & in_years(onset))
    cases = world.lives.resident(new, onset[new]).sum()
    expected = world.person_years * 1_060_600 / 1.412e9  # China 2022; within three standard errors of the count
    assert abs(cases - expected) < 3 * expected**0.5


def test_no_one_is_in_two_beds_and_many_come_back(world: World) -> None:
    stays = world.stays.at(np.lexsort((world.stays.admitted, world.stays.person)))
    same = stays.person[1:] == stays.person[:-1]
    gap = stays.admitted[1:] - stays.discharged[:-1]
    assert (gap[same] > 0).all()
    alive = stays.way[:-1] != DIED
    assert 0.08 < (same & (gap <= 30))[alive].mean() < 0.2


def test_patients_go_further_the_more_severe_it_is(world: World, facts: ProvinceFacts) -> None:
    """Where there is a hospital in the county, of a city other than the capital; shares of hospital_choice.csv."""
    visits, places = world.visits, facts.places
    settings = SimulateSettings.of(node(Path("unused")))
    institutions, conditions = Institutions.of(places, settings), facts.conditions
    county = world.lives.county(visits.person, visits.day)
    severity = np.where(visits.condition >= 0, conditions.severity[np.maximum(visits.condition, 0)], 0)
    asked = (institutions.of_county[county] >= 0) & (places.city[county] > 0)
    for grade, row in csv("hospital_choice.csv").iterrows():
        mine = asked & (severity == grade)
        where, home = visits.hospital[mine], county[mine]
        others = institutions.hospital.shape[1] - 1  # of the city, their county's among them
        own = row["own_county"] + row["other_of_city"] / others
        assert (where == institutions.of_county[home]).mean() == pytest.approx(own, abs=0.04)
        far, near = row["capital"] + row["near_city"], places.near_city[places.city[home]]
        to_near = row["near_city"] * (near > 0).mean()  # the others' is the capital
        assert (institutions.city[where] == 0).mean() == pytest.approx(far - to_near, abs=0.03)
        assert (institutions.city[where] == places.city[home]).mean() == pytest.approx(1 - far, abs=0.03)
        assert ((institutions.city[where] == near) & (near > 0)).mean() == pytest.approx(to_near, rel=0.5)
