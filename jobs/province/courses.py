"""Stays that follow from an event or a plan: infarctions, strokes and hip fractures, and courses of cancer treatment.

A course begins when a cancer is found. What it is made of depends on the stage: an operation, then chemotherapy every
three weeks, sometimes radiotherapy; who is not operated on is admitted for the work-up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Draws, Ints
from jobs.province.entries import Entries
from jobs.province.facts import ProvinceFacts
from jobs.province.illness import Health, episodes
from jobs.province.people import NEVER, People

REACHES_HOSPITAL = 0.85  # share of acute events that lead to a stay (assumed)
OPERATED = (0.85, 0.8, 0.5, 0.1)  # by stage (assumed)
CHEMOTHERAPY = (0.12, 0.55, 0.75, 0.65)  # by stage (assumed)
RADIOTHERAPY = (0.05, 0.15, 0.3, 0.25)  # by stage (assumed)
WORK_UP = 0.6  # of those not operated on (assumed)
CYCLES, CYCLE_DAYS = (4, 3), 21  # least cycles of chemotherapy, and how many more at most
ACUTE = ("infarction", "stroke", "hip_fracture")
SLOTS = 20_000  # keys of a person's stays below this are of other kinds (``stays``)
FIRST = {"infarction": "acute_infarction", "stroke": "ischaemic_stroke", "hip_fracture": "hip_fracture"}
NO_TREATMENT = -1


@dataclass(frozen=True)
class Planned(Entries):
    """One entry a stay to come, if the person is alive and here. ``treatment`` is a row of treatments.csv."""

    key: Ints
    person: Ints
    day: Ints
    condition: Ints
    treatment: Ints
    acute: np.ndarray


def planned_stays(draws: Draws, facts: ProvinceFacts, people: People, health: Health) -> Planned:
    """Every such stay of these people's whole lives."""
    parts = [_acute(draws, facts, people, health), *_courses(draws, facts, people, health)]
    return Planned(*(np.concatenate(p) for p in zip(*parts, strict=True)))


def _slot(no: Ints, condition: Ints, nth: Ints | int) -> Ints:
    """A key that no other stay of the person has: up to 100 a condition, in tens for readmissions."""
    return no * 100_000 + SLOTS + condition * 400 + nth * 10


def _acute(draws: Draws, facts: ProvinceFacts, people: People, health: Health) -> tuple[np.ndarray, ...]:
    conditions, names = facts.conditions, facts.codes.treatments.name
    which = np.array([conditions.index(n) for n in ACUTE])
    found = episodes(draws, facts, people, health, which)
    key = _slot(people.no[found.person], found.condition, found.nth)
    reaches = np.flatnonzero(draws.happens(REACHES_HOSPITAL, "reaches hospital", key))
    found, key = found.at(reaches), key[reaches]
    first = np.full(len(conditions.name), NO_TREATMENT)
    first[which] = [names.index(FIRST[n]) for n in ACUTE]
    treatment = first[found.condition] + found.grade  # the kinds of stroke follow one another
    return key, found.person, found.day, found.condition, treatment, np.ones(len(key), bool)


def cancer_treatment(
    draws: Draws, facts: ProvinceFacts, no: Ints, condition: Ints, stage: Ints
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether each cancer is operated on, treated with chemotherapy, with radiotherapy, once it is found."""
    operable = facts.catalogue.cancers.table["operation_code"].notna().to_numpy()[facts.conditions.site[condition]]
    return (
        operable & draws.happens(np.array(OPERATED)[stage], "cancer operated", no, condition),
        draws.happens(np.array(CHEMOTHERAPY)[stage], "chemotherapy", no, condition),
        draws.happens(np.array(RADIOTHERAPY)[stage], "radiotherapy", no, condition),
    )


def _courses(draws: Draws, facts: ProvinceFacts, people: People, health: Health) -> list[tuple[np.ndarray, ...]]:
    names, cancers = facts.codes.treatments.name, facts.conditions.cancers
    person, at = np.nonzero(health.diagnosis[:, cancers] < NEVER)
    condition = cancers[at]
    found, stage = health.diagnosis[person, condition], health.grade[person, condition].astype(np.int64)
    no = people.no[person]
    operated, treated, radiated = cancer_treatment(draws, facts, no, condition, stage)
    looked_into = operated | draws.happens(WORK_UP, "work-up", no, condition)
    first = found + 2 + draws.whole(14, "cancer admitted after", no, condition)

    def stays(which: np.ndarray, nth: int, day: Ints, treatment: Ints | str) -> tuple[np.ndarray, ...]:
        kind = np.full(len(no), names.index(treatment)) if isinstance(treatment, str) else treatment
        key = _slot(no, condition, nth)
        return tuple(x[which] for x in (key, person, day, condition, kind, np.zeros(len(no), bool)))

    opened = np.where(operated, names.index("surgery"), names.index("work_up"))
    parts = [stays(looked_into, 0, first, opened)]
    cycles = treated * (CYCLES[0] + draws.whole(CYCLES[1], "cycles", no, condition))
    begins = first + np.where(operated, 30, 12) + draws.whole(8, "chemotherapy begins", no, condition)
    for n in range(CYCLES[0] + CYCLES[1] - 1):
        day = begins + n * CYCLE_DAYS + draws.whole(4, "cycle day", no, condition, n)
        parts.append(stays(cycles > n, 1 + n, day, "chemotherapy"))
    parts.append(stays(radiated, 9, begins + (cycles + 1) * CYCLE_DAYS, "radiotherapy"))
    return parts
