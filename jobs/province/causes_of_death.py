"""What residents die of: the underlying cause of each death, what follows from it, and the condition behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.codebook import AGE_GROUPS, age_group
from jobs.province.draws import Choice, Draws, Ints
from jobs.province.entries import Entries
from jobs.province.facts import ProvinceFacts
from jobs.province.illness import episodes, excess_now
from jobs.province.life import Lives, steady_hazard
from jobs.province.people import NEVER, YEAR
from jobs.province.scale import Scale

FALL, FRACTURE = "W19", "S72.0"  # the injury that falls kill by, where they kill by a condition
KILLS_BY = {  # cause of an excess death; a cancer's is its site
    "infarction": "I21.9",
    "stroke": "I63.9",
    "hip_fracture": FALL,
    "kidney_replacement": "N18.5",
    "cirrhosis": "K74.6",
    "tuberculosis": "A16.2",
}
OF_SOMETHING_ELSE = 0.2  # share of excess deaths after a stroke that are put down to another cause (assumed)
STROKES = ("I63.9", "I61.9", "I60.9", "I63.9")  # by grade


@dataclass(frozen=True)
class Causes(Entries):
    """One entry a death of a resident. ``cause``, ``immediate`` are positions in Codes (``immediate`` may be -1);
    ``condition``: the one that the cause names, or -1."""

    person: Ints
    day: Ints
    cause: Ints
    immediate: Ints
    condition: Ints


def causes_of_death(draws: Draws, facts: ProvinceFacts, scale: Scale, lives: Lives) -> Causes:
    """Of those who died as residents: an excess hazard's cause with its part in the whole hazard of the day, else one
    drawn by age and illness."""
    person = np.flatnonzero(lives.death < NEVER)
    person = person[lives.resident(person, lives.death[person])]
    day, no = lives.death[person], lives.people.no[person]
    table, names = facts.codes.causes, facts.conditions.name
    age = (day - lives.people.birth[person]) / YEAR
    weight = table[list(AGE_GROUPS)].to_numpy(np.float64).T[age_group(age)]
    ill = lives.health.onset[person] <= day[:, None]
    column = np.array([names.index(c) if isinstance(c, str) else -1 for c in table["condition"]])
    weight = weight * ((column < 0) | ill[:, np.maximum(column, 0)])  # nobody dies of what they never had
    first, end = table["from_day"].fillna(0).to_numpy(), table["before_day"].fillna(np.inf).to_numpy()
    lived = (day - lives.people.birth[person])[:, None]
    weight = weight * ((lived >= first) & (lived < end))
    row = Choice.of(weight).pick(draws.uniform("cause of death", no), np.arange(len(person))) if len(person) else person
    killed, by, condition = _killed_by(draws, facts, scale, lives, person, day)
    cause = np.where(killed, by, table["diagnosis"].to_numpy()[row])
    fall, fracture = (facts.codes.icd10.index(c) for c in (FALL, FRACTURE))
    immediate = np.where(killed, np.where(by == fall, fracture, -1), table["immediate"].to_numpy()[row])
    return Causes(person, day, cause, immediate, np.where(killed, condition, column[row]))


def _killed_by(
    draws: Draws, facts: ProvinceFacts, scale: Scale, lives: Lives, person: Ints, day: Ints
) -> tuple[np.ndarray, Ints, Ints]:
    """Whether each death is an excess death, its cause, and the condition."""
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
        return np.zeros(len(person), bool), np.full(len(person), -1), np.full(len(person), -1)
    by = cause[found.condition]
    stroke = found.condition == conditions.index("stroke")
    by = np.where(stroke, np.array([codes.icd10.index(c) for c in STROKES])[found.grade], by)
    other = stroke[which] & draws.happens(OF_SOMETHING_ELSE, "of something else", lives.people.no[person])
    return (u < own) & ~other, by[which], found.condition[which]
