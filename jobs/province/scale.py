"""Factors that bring the assumed shapes to the published totals, found once on a fixed sample of residents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Draws, Floats
from jobs.province.facts import AGES, ProvinceFacts, population_by_age
from jobs.province.illness import death_ratio, frailty, onsets
from jobs.province.people import NOBODY, YEAR, People, residents
from jobs.province.settings import Yearly

SAMPLE = Draws(37)  # not the simulation's seed: another seed has the same rates
READMITTED = 0.135  # readmissions an admission, as they come out of care.py; only to set the first admissions' rate
LUNG_CANCER_FATALITY = 0.69  # deaths a case: 51.94 deaths and 75.1 new cases per 100 000 (cancer_rates_cn.csv)


@dataclass(frozen=True)
class Scale:
    """By sex and whole age: deaths a year without lung cancer's, the mean ratio of death; and factors on care."""

    death: Floats
    death_ratio: Floats
    fertility: float
    visits: float
    admissions: float


def scales(facts: ProvinceFacts, rate: Yearly) -> Scale:
    """The factors for these rates."""
    people = population_by_age(facts.places)
    cancer = LUNG_CANCER_FATALITY * facts.rates.lung_cancer
    death = facts.rates.death * rate.mortality_scale
    births = (people[1] * facts.rates.fertility).sum() / people.sum() * 1000
    visits, admissions = _care(facts, rate)
    return Scale(
        np.maximum(death - cancer, 0.3 * death), _death_ratios(facts), rate.births_per_1000 / births, visits, admissions
    )


def _death_ratios(facts: ProvinceFacts) -> Floats:
    """The mean of ``death_ratio`` by sex and age, over 2,000 people of each sex followed through all ages."""
    ratios = np.empty((2, len(AGES)))
    for sex in (0, 1):
        no = np.arange(2000)
        nobody = np.full(len(no), NOBODY)
        born = np.zeros(len(no), np.int64)
        people = People(no, born, np.full(len(no), sex), no, nobody, nobody, nobody, born, born)
        onset, weak = onsets(SAMPLE, facts, people).onset, frailty(SAMPLE, no)
        for age in AGES:
            ratios[sex, age] = death_ratio(facts.conditions, onset <= (age + 0.5) * YEAR, weak).mean()
    return ratios


def _care(facts: ProvinceFacts, rate: Yearly) -> tuple[float, float]:
    """Factors on visits and admissions for other reasons, so that all together come to the published rates."""
    people, _ = residents(SAMPLE, facts.places, np.arange(20), 0)
    health = onsets(SAMPLE, facts, people)
    age, table = people.age(0).astype(np.int64), facts.conditions.table
    chronic_visits = ((health.diagnosis <= 0) @ table["visits_per_year"].to_numpy(np.float64)).mean()
    chronic_stays = ((health.onset <= 0) @ table["admissions_per_year"].to_numpy(np.float64)).mean()
    wanted = (rate.admissions - rate.births_per_1000 / 1000) / (1 + READMITTED)
    return (
        max(rate.visits - chronic_visits, 0.0) / facts.rates.visits[people.sex, age].mean(),
        max(wanted - chronic_stays, 0.0) / facts.rates.admissions[people.sex, age].mean(),
    )
