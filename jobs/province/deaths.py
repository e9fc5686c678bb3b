"""Deaths of residents: cause, place, and what the certificate says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.codebook import AGE_GROUPS, age_group
from jobs.province.draws import Choice, Draws, Ints
from jobs.province.entries import Entries
from jobs.province.facts import ProvinceFacts
from jobs.province.life import Lives
from jobs.province.people import NEVER, YEAR
from jobs.province.stays import DIED, Stays

WARD, HOME, OTHER_PLACE = "1", "4", "9"  # place of death
LUNG_CANCER_KILLS = 0.9  # share of deaths of those with lung cancer for at most three years (assumed)


@dataclass(frozen=True)
class Deaths(Entries):
    """One entry a death of a resident. ``cause``, ``immediate`` are positions in Codes (``immediate`` may be -1)."""

    person: Ints
    day: Ints
    cause: Ints
    immediate: Ints
    place: np.ndarray  # code, 死亡登记 死亡地点


def deaths(draws: Draws, facts: ProvinceFacts, lives: Lives, stays: Stays) -> Deaths:
    """Those who died as residents, with the underlying cause drawn by age and illness."""
    person = np.flatnonzero(lives.death < NEVER)
    person = person[lives.resident(person, lives.death[person])]
    day, no = lives.death[person], lives.people.no[person]
    table, names = facts.codes.causes, facts.conditions.name
    weight = table[list(AGE_GROUPS)].to_numpy(np.float64).T[age_group(lives.people.age(day_of(lives))[person])]
    ill = lives.health.onset[person] <= day[:, None]
    column = np.array([names.index(c) if isinstance(c, str) else -1 for c in table["condition"]])
    has = np.where(column >= 0, ill[:, np.maximum(column, 0)], False)
    weight = weight * np.where(has, table["condition_factor"].to_numpy(np.float64), 1.0) + 1e-9
    row = Choice.of(weight).pick(draws.uniform("cause of death", no), np.arange(len(person))) if len(person) else person
    since = (day - lives.health.onset[person, facts.conditions.lung]) / YEAR
    cancer = (since >= 0) & (since < 3) & draws.happens(LUNG_CANCER_KILLS, "death by cancer", no)
    lung = facts.codes.icd10.index("C34.9")
    cause = np.where(cancer, lung, table["diagnosis"].to_numpy()[row])
    immediate = np.where(cancer, -1, table["immediate"].to_numpy()[row])
    inside = np.isin(person, stays.person[stays.way == DIED])
    elsewhere = np.where(draws.happens(0.85, "death at home", no), HOME, OTHER_PLACE)
    return Deaths(person, day, cause, immediate, np.where(inside, WARD, elsewhere))


def day_of(lives: Lives) -> Ints:
    """Each person's day of death; the living are counted as of their first day, whose age is not used."""
    return np.where(lives.death < NEVER, lives.death, lives.people.first)
