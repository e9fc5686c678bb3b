"""What could have been foreseen: true hazards and risks on each 1 January, and of readmission at each discharge.

They are those that the lives are drawn from, with all that no record holds, given what has happened by that day and
nothing later. Ranking people by them gives the best AUROC that any model can reach.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from jobs.province.conditions import AGES, cumulative_excess
from jobs.province.draws import Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.illness import FRAILTY, NAMED, Episodes, episodes, excess_now
from jobs.province.life import Lives, new_year, steady_hazard
from jobs.province.people import YEAR
from jobs.province.recording import Scene
from jobs.province.scale import Scale, killed_within_a_year
from jobs.province.stays import DIED, Stays
from jobs.province.visits import CareOfConditions

WITHIN = 30  # days after discharge


def hazards(scene: Scene, scale: Scale) -> pa.Table:
    """One row a resident and 1 January of the run's days: hazard a year and risk within a year, of death and onsets.

    An onset's are empty for those who have had it; its risk is that of a person who stays alive and as on the day.
    """
    lives, conditions = scene.lives, scene.facts.conditions
    first, last = scene.schedule.days
    days = np.array([d for d in map(new_year, _years(first, last)) if first <= d <= last], np.int64)
    everyone = np.arange(len(lives.people))
    person, day = np.tile(everyone, len(days)), np.repeat(days, len(everyone))
    there = np.flatnonzero(lives.resident(person, day) & (lives.people.birth[person] < day))
    person, day = person[there], day[there]
    age = np.clip((day - lives.people.birth[person]) / YEAR, 0, AGES[-1]).astype(np.int64)
    hazard, risk = _death(scene, scale, person, day, age)
    columns = {"death_hazard": pa.array(hazard), "death_risk": pa.array(risk)}
    for n, name in enumerate(NAMED):
        hazard = lives.health.hazard[person, n, age].astype(np.float64)
        ill = lives.health.onset[person, conditions.index(name)] <= day
        columns[f"{name}_hazard"] = pa.array(hazard, mask=ill)
        columns[f"{name}_risk"] = pa.array(-np.expm1(-hazard), mask=ill)
    return pa.table({"person": lives.people.no[person], "date": pa.array(day.astype(np.int32), pa.date32()), **columns})


def _years(first: int, last: int) -> range:
    years = np.array([first, last]).astype("M8[D]").astype("M8[Y]").astype(int) + 1970
    return range(int(years[0]), int(years[1]) + 1)


def _death(scene: Scene, scale: Scale, person: Ints, day: Ints, age: Ints) -> tuple[Floats, Floats]:
    """Hazard on the day, and risk within a year: also of an onset within it that kills within it."""
    lives, facts = scene.lives, scene.facts
    conditions, health = facts.conditions, lives.health
    steady = steady_hazard(facts, scale, lives, person, day)
    found = episodes(scene.draws, facts, lives.people, health, conditions.deadly)
    now, year = np.zeros(len(person)), np.zeros(len(person))
    for d in np.unique(day):
        of = np.full(len(lives.people), -1)
        here = np.flatnonzero(day == d)
        of[person[here]] = here
        had = found.at(np.flatnonzero((of[found.person] >= 0) & (found.day <= d)))
        now += np.bincount(of[had.person], excess_now(had, d), len(now))
        year += np.bincount(of[had.person], _within_a_year(had, int(d)), len(year))
    to_come = scale.yet_to_come[lives.people.sex[person], age].copy()
    for n, name in enumerate(NAMED):
        c = conditions.index(name)
        if c in conditions.deadly:  # the person's own hazard in place of the mean of sex and age
            well = health.onset[person, c] > day
            own = np.where(well, health.hazard[person, n, age], 0.0)
            mean = conditions.incidence[c][lives.people.sex[person], age]
            to_come += killed_within_a_year(conditions, c)[age] * (own - mean)
    return steady + now, -np.expm1(-(steady + year + np.maximum(to_come, 0.0)))


def _within_a_year(had: Episodes, day: int) -> Floats:
    since = (day - had.day) / YEAR
    return cumulative_excess(had.rates, since + 1) - cumulative_excess(had.rates, since)


def readmissions(scene: Scene, scale: Scale, stays: Stays) -> pa.Table:
    """One row a stay of the run's days that the patient left alive: the risk of an unplanned stay within 30 days.

    ``planned``: a course of treatment goes on, whatever the risk. ``back``: someone was admitted within 30 days.
    """
    lives = scene.lives
    first, last = scene.schedule.days
    stays = stays.at(np.lexsort((stays.admitted, stays.person)))
    same = np.append(stays.person[1:] == stays.person[:-1], False)
    gap = np.append(stays.admitted[1:], 0) - stays.discharged
    back = same & (gap <= WITHIN)
    planned = back & np.append((stays.treatment[1:] >= 0) & ~_acute(scene, stays)[1:], False)
    told = (stays.way != DIED) & (stays.discharged >= first) & (stays.discharged <= last - WITHIN)
    told &= lives.death[stays.person] > stays.discharged
    s = np.flatnonzero(told)
    rate = _admission_rate(scene.facts, scale, lives, stays.person[s], stays.discharged[s])
    risk = 1 - (1 - stays.again[s]) * np.exp(-rate * WITHIN / YEAR)
    return pa.table(
        {
            "person": lives.people.no[stays.person[s]],
            "admitted": pa.array(stays.admitted[s].astype(np.int32), pa.date32()),
            "discharged": pa.array(stays.discharged[s].astype(np.int32), pa.date32()),
            "risk": risk,
            "back": pa.array(back[s]),
            "planned": pa.array(planned[s]),
        }
    )


def _acute(scene: Scene, stays: Stays) -> np.ndarray:
    conditions = scene.facts.conditions
    return np.isin(stays.condition, [conditions.index(n) for n in ("infarction", "stroke", "hip_fracture")])


def _admission_rate(facts: ProvinceFacts, scale: Scale, lives: Lives, person: Ints, day: Ints) -> Floats:
    """Expected first admissions a year of people, by what they have on a day."""
    people = lives.people
    age = np.clip((day - people.birth[person]) / YEAR, 0, AGES[-1]).astype(np.int64)
    other = facts.rates.admissions[people.sex[person], age] * scale.admissions
    care = CareOfConditions(lives.health.diagnosis, facts.conditions, "admissions_per_year")
    return (other + care.on(person, day)) * np.exp(FRAILTY * lives.weak[person] - FRAILTY**2 / 2)
