"""Deaths of residents: cause, place, and what the certificate says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.codebook import AGE_GROUPS, age_group
from jobs.province.courses import ACUTE
from jobs.province.datafiles import csv, longest_prefix
from jobs.province.draws import Choice, Draws, Floats, Ints
from jobs.province.entries import Entries
from jobs.province.facts import ProvinceFacts
from jobs.province.illness import episodes, excess_now
from jobs.province.life import Lives, steady_hazard
from jobs.province.people import NEVER
from jobs.province.scale import Scale
from jobs.province.stays import DIED, Stays

WARD, HOME = "1", "4"  # place of death
OUTSIDE = {"emergency_room": "2", "on_the_way": "3", "home": HOME, "nursing_home": "5", "other": "9"}  # of a ward
FALL, FRACTURE = "W19", "S72.0"  # the injury that falls kill by, where they kill by a condition
SUDDEN_DEATH = "I46.1"
KILLS_BY = {  # cause of an excess death; a cancer's is its site
    "infarction": "I21.9",
    "stroke": "I63.9",
    "hip_fracture": FALL,
    "kidney_replacement": "N18.5",
    "cirrhosis": "K74.6",
    "tuberculosis": "A16.2",
}
OF_SOMETHING_ELSE = (
    0.2  # share of excess deaths of those who have had a stroke that are put down to another cause (assumed)
)
LASTING, SHORT, SUDDEN = 400.0, 10.0, 0.2  # mean days to death of lasting diseases nobody knew of, others, the sudden
STROKES = ("I63.9", "I61.9", "I60.9", "I63.9")  # by grade


@dataclass(frozen=True)
class Deaths(Entries):
    """One entry a death of a resident. ``cause``, ``immediate`` are positions in Codes (``immediate`` may be -1)."""

    person: Ints
    day: Ints
    cause: Ints
    immediate: Ints
    place: np.ndarray  # code, 死亡登记 死亡地点


def deaths(draws: Draws, facts: ProvinceFacts, scale: Scale, lives: Lives, stays: Stays) -> Deaths:
    """Those who died as residents, with the underlying cause: an excess hazard's with its part in the whole hazard of
    the day, else one drawn by age and illness."""
    person = np.flatnonzero(lives.death < NEVER)
    person = person[lives.resident(person, lives.death[person])]
    day, no = lives.death[person], lives.people.no[person]
    table, names = facts.codes.causes, facts.conditions.name
    age = lives.people.age(day_of(lives))[person]
    weight = table[list(AGE_GROUPS)].to_numpy(np.float64).T[age_group(age)]
    ill = lives.health.onset[person] <= day[:, None]
    column = np.array([names.index(c) if isinstance(c, str) else -1 for c in table["condition"]])
    weight = weight * ((column < 0) | ill[:, np.maximum(column, 0)])  # nobody dies of what they never had
    row = Choice.of(weight).pick(draws.uniform("cause of death", no), np.arange(len(person))) if len(person) else person
    killed, by = _killed_by(draws, facts, scale, lives, person, day)
    cause = np.where(killed, by, table["diagnosis"].to_numpy()[row])
    fall, fracture = (facts.codes.icd10.index(c) for c in (FALL, FRACTURE))
    immediate = np.where(killed, np.where(by == fall, fracture, -1), table["immediate"].to_numpy()[row])
    inside = np.isin(person, stays.person[stays.way == DIED])
    return Deaths(person, day, cause, immediate, np.where(inside, WARD, _outside(draws, facts, cause, age, no)))


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


def _killed_by(
    draws: Draws, facts: ProvinceFacts, scale: Scale, lives: Lives, person: Ints, day: Ints
) -> tuple[np.ndarray, Ints]:
    """Whether each death is an excess death, and its cause."""
    conditions, codes = facts.conditions, facts.codes
    place = np.full(len(lives.people), -1)
    place[person] = np.arange(len(person))
    found = episodes(draws, facts, lives.people, lives.health, conditions.deadly)
    found = found.at(np.flatnonzero(place[found.person] >= 0))
    of = place[found.person]
    order = np.lexsort((found.nth, found.condition, of))
    found, of = found.at(order), of[order]
    excess = np.cumsum(excess_now(found, day[of]))
    last = np.searchsorted(of, np.arange(len(person)), side="right")  # one past each person's episodes
    whole = np.append(0.0, excess)
    first = np.searchsorted(of, np.arange(len(person)), side="left")
    own = whole[last] - whole[first]
    steady = steady_hazard(facts, scale, lives, person, day)
    u = draws.uniform("killed by", lives.people.no[person]) * (own + steady)
    which = np.minimum(np.searchsorted(excess, whole[first] + u, side="right"), np.maximum(last - 1, 0))
    cause = np.full(len(conditions.name), -1)
    for name, code in KILLS_BY.items():
        cause[conditions.index(name)] = codes.icd10.index(code)
    icd10 = facts.catalogue.cancers.table["icd10"]
    cause[conditions.cancers] = [codes.icd10.index(c) for c in icd10]
    if not len(found.person):
        return np.zeros(len(person), bool), np.full(len(person), -1)
    by = cause[found.condition]
    stroke = found.condition == conditions.index("stroke")
    by = np.where(stroke, np.array([codes.icd10.index(c) for c in STROKES])[found.grade], by)
    killed, other = (
        u < own,
        stroke[which] & draws.happens(OF_SOMETHING_ELSE, "of something else", lives.people.no[person]),
    )
    return killed & ~other, by[which]


def days_ill(draws: Draws, facts: ProvinceFacts, lives: Lives, deaths: Deaths) -> Floats:
    """Days from the onset of each underlying cause to death: since a lasting one was known, else as drawn."""
    conditions, codes, people = facts.conditions, facts.codes, lives.people
    of = np.full(len(codes.icd10), -1)
    for row, name in zip(codes.causes["diagnosis"], codes.causes["condition"], strict=True):
        of[row] = conditions.index(name) if isinstance(name, str) else -1
    for name, code in KILLS_BY.items():
        of[codes.icd10.index(code)] = -1 if name in ACUTE else conditions.index(name)
    of[[codes.icd10.index(c) for c in facts.catalogue.cancers.table["icd10"]]] = conditions.cancers
    condition = of[deaths.cause]
    known = np.where(condition >= 0, lives.health.diagnosis[deaths.person, condition], NEVER)
    sudden = np.array([code[0] in "VWXY" or code == SUDDEN_DEATH for code in codes.icd10])[deaths.cause]
    mean = np.select([condition >= 0, sudden], [LASTING, SUDDEN], SHORT)  # (assumed)
    drawn = mean * draws.exponential("ill for", people.no[deaths.person])
    days = np.where(known < deaths.day, deaths.day - known, drawn)
    return np.minimum(days, np.maximum(deaths.day - people.birth[deaths.person], 0.1))


def day_of(lives: Lives) -> Ints:
    """Each person's day of death; the living are counted as of their first day, whose age is not used."""
    return np.where(lives.death < NEVER, lives.death, lives.people.first)
