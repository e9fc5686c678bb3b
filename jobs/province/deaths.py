"""Deaths of residents: cause, place, and what the certificate says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.causes_of_death import Causes, causes_of_death
from jobs.province.childbirth import is_childbirth
from jobs.province.courses import ACUTE
from jobs.province.datafiles import csv, longest_prefix
from jobs.province.draws import Choice, Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.life import Lives
from jobs.province.people import NEVER, YEAR
from jobs.province.scale import Scale
from jobs.province.stays import DIED, Stays

WARD, HOME = "1", "4"  # place of death
OUTSIDE = {"emergency_room": "2", "on_the_way": "3", "home": HOME, "nursing_home": "5", "other": "9"}  # of a ward
FIRST_DAYS = 7  # of life
EXTERNAL, SUDDEN_DEATH = "VWXY", "I46.1"  # first letters, a code
LASTING, SHORT, SUDDEN = 400.0, 10.0, 0.2  # mean days to death of lasting diseases nobody knew of, others, the sudden


@dataclass(frozen=True)
class Deaths(Causes):
    """One entry a death of a resident, and its ``place``: a code of 死亡登记 死亡地点."""

    place: np.ndarray


def deaths(draws: Draws, facts: ProvinceFacts, scale: Scale, lives: Lives, stays: Stays) -> Deaths:
    """Those who died as residents, of what and where."""
    of = causes_of_death(draws, facts, scale, lives)
    inside = np.isin(of.person, stays.person[stays.way == DIED]) | _beside_mother(lives, stays, of)
    age, no = (of.day - lives.people.birth[of.person]) / YEAR, lives.people.no[of.person]
    place = np.where(inside, WARD, _outside(draws, facts, of.cause, age, no))
    return Deaths(of.person, of.day, of.cause, of.immediate, of.condition, place)


def _beside_mother(lives: Lives, stays: Stays, of: Causes) -> np.ndarray:
    """Who dies in the first days of life, before the mother leaves the ward."""
    births, until = stays.at(np.flatnonzero(is_childbirth(stays.key))), np.full(len(lives.people) + 1, -1)
    until[births.person] = births.discharged  # of the last birth
    mother = lives.people.mother[of.person]  # NOBODY is -1
    return (of.day - lives.people.birth[of.person] < FIRST_DAYS) & (of.day <= until[mother])


def _outside(draws: Draws, facts: ProvinceFacts, cause: Ints, age: Floats, no: Ints) -> np.ndarray:
    """Where those die who die outside a ward, by cause and age (death_places.csv)."""
    places = csv("death_places.csv")
    rows = [places.index[places["icd10_prefix"] == prefix] for prefix in places["icd10_prefix"]]
    by_prefix = dict(zip(places["icd10_prefix"], rows, strict=True))
    mine = [by_prefix[longest_prefix(c, set(by_prefix))] for c in facts.codes.icd10]
    first, last = (np.array([m[end] for m in mine])[cause] for end in (0, -1))  # of all ages; of the old, where given
    row = np.where(age >= places["from_age"].to_numpy()[last], last, first)
    which = Choice.of(places[list(OUTSIDE)]).pick(draws.uniform("place of death", no), row)
    return np.array(list(OUTSIDE.values()))[which]


def days_ill(draws: Draws, facts: ProvinceFacts, lives: Lives, deaths: Deaths) -> Floats:
    """Days from the onset of each underlying cause to death: since a lasting one was known, else as drawn."""
    conditions, people = facts.conditions, lives.people
    acute = [conditions.index(name) for name in ACUTE]
    condition = np.where(np.isin(deaths.condition, acute), -1, deaths.condition)
    known = np.where(condition >= 0, lives.health.diagnosis[deaths.person, condition], NEVER)
    sudden = facts.codes.begins(*EXTERNAL, SUDDEN_DEATH)[deaths.cause]
    mean = np.select([condition >= 0, sudden], [LASTING, SUDDEN], SHORT)  # (assumed)
    drawn = mean * draws.exponential("ill for", people.no[deaths.person])
    days = np.where(known < deaths.day, deaths.day - known, drawn)
    return np.minimum(days, np.maximum(deaths.day - people.birth[deaths.person], 0.1))
