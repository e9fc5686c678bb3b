"""Factors that bring the assumed shapes to the published totals, found once on a fixed sample of residents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from jobs.province.conditions import AGES, Conditions, onset_age_factor
from jobs.province.courses import planned_stays
from jobs.province.draws import Floats
from jobs.province.facts import ProvinceFacts, population_by_age
from jobs.province.hazards import LATER, SAMPLE, Baseline, calibrated, mean_by_age, nearness, survival
from jobs.province.illness import RECURRING, Health, course, death_ratio, frailty
from jobs.province.people import YEAR
from jobs.province.pregnancies import ANTENATAL
from jobs.province.settings import Yearly

MONTH = np.array([1 / 12])
READMITTED = 0.078  # readmissions a first admission, as they come out of stays.py
BORN = 0.935  # births for each that the rates by age come to, as they come out of life.py: none soon after another
IN_BED = 0.0073  # visits that fall into a stay and do not take place, as they come out of out_of_bed.py
PLANNED_YEARS = 3  # of the sample, to count the stays that follow from events and courses of treatment
LEAST = 0.1  # of deaths at an age that are not excess deaths


@dataclass(frozen=True)
class Scale:
    """By sex and whole age: deaths a year without excess deaths, the mean ratio of death, and the risk of dying within
    a year of an onset yet to come; hazards of onset by condition; factors on fertility and care."""

    death: Floats
    death_ratio: Floats
    yet_to_come: Floats
    onset: tuple[Baseline, ...]
    fertility: float
    visits: float
    admissions: float


def scales(facts: ProvinceFacts, rate: Yearly) -> Scale:
    """The factors for these rates."""
    people = population_by_age(facts.places)
    births = (people[1] * facts.rates.fertility).sum() / people.sum() * 1000
    health, ratio = _sample(facts)
    total = facts.rates.death * rate.mortality_scale
    visits, admissions = _care(facts, rate, health)
    return Scale(
        np.maximum(total - excess_deaths(facts), LEAST * total),
        ratio,
        yet_to_come(facts),
        calibrated(facts)[1],
        rate.births_per_1000 / births / BORN,
        visits,
        admissions,
    )


@cache
def _sample(facts: ProvinceFacts) -> tuple[Health, Floats]:
    """The sample's health, and the mean of ``death_ratio`` by sex and age."""
    ageing, _ = calibrated(facts)
    people = ageing.people
    health = course(SAMPLE, facts, people, ageing.day, np.zeros((len(people), 0, len(AGES)), np.float32))
    ratio = death_ratio(facts.conditions, ageing.day <= 0, frailty(SAMPLE, people.no))
    near = nearness(people)
    return health, np.array([mean_by_age(near, people.sex, s, ratio) for s in (0, 1)])


def excess_deaths(facts: ProvinceFacts) -> Floats:
    """Expected excess deaths a resident and year, by sex and whole age: of those who fell ill at every age before."""
    conditions, found = facts.conditions, np.zeros((2, len(AGES)))
    lag = AGES[None, :] - AGES[:, None]  # by age at onset and age now
    for c in conditions.deadly:
        if conditions.prevalence[c].any():
            found += conditions.prevalence[c] * conditions.excess[c, LATER] * onset_age_factor(-1, AGES - 5.0)
            continue
        alive = survival(conditions, c)
        dies = np.where(lag >= 0, np.take_along_axis(-np.diff(alive), np.maximum(lag, 0), axis=1), 0.0)
        found += conditions.incidence[c] @ dies
        if conditions.name[c] in RECURRING:
            had = np.where(lag >= 0, np.take_along_axis(alive, np.maximum(lag, 0), axis=1), 0.0)
            again = RECURRING[conditions.name[c]][1][1]
            found += conditions.incidence[c] @ had * again * (1 - survival(conditions, c, MONTH)[:, 0])
    return found


def yet_to_come(facts: ProvinceFacts) -> Floats:
    """By sex and whole age, the risk of an onset within a year that kills within it."""
    conditions = facts.conditions
    return np.sum([conditions.incidence[c] * killed_within_a_year(conditions, c) for c in conditions.deadly], axis=0)


def killed_within_a_year(conditions: Conditions, c: int) -> Floats:
    """By age, the share of those who fall ill in a year, evenly over it, whom the condition kills in it."""
    return 1 - survival(conditions, c, (np.arange(48) + 0.5) / 48).mean(axis=1)


def _care(facts: ProvinceFacts, rate: Yearly, health: Health) -> tuple[float, float]:
    """Factors on visits and admissions for other reasons, so that all together come to the published rates."""
    people, conditions = calibrated(facts)[0].people, facts.conditions
    age = people.age(0).astype(np.int64)
    lasts = np.minimum(conditions.numbers("lasts_years"), 200) * YEAR
    known = (health.diagnosis <= 0) & (health.diagnosis + lasts > 0)
    chronic_visits = (known @ conditions.numbers("visits_per_year")).mean()
    chronic_stays = (known @ conditions.numbers("admissions_per_year")).mean()
    antenatal = ANTENATAL * rate.births_per_1000 / 1000
    planned = planned_stays(SAMPLE, facts, people, health)
    soon = (planned.day >= 0) & (planned.day < PLANNED_YEARS * YEAR)
    courses = soon.sum() / PLANNED_YEARS / len(people)
    wanted = (rate.admissions - rate.births_per_1000 / 1000 - courses) / (1 + READMITTED)
    return (
        max(rate.visits / (1 - IN_BED) - chronic_visits - antenatal, 0.0) / facts.rates.visits[people.sex, age].mean(),
        max(wanted - chronic_stays, 0.0) / facts.rates.admissions[people.sex, age].mean(),
    )
