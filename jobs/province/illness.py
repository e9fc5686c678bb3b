"""Who falls ill with what, when, how badly, again, and when a doctor finds out; and whom it kills.

Onset follows from hazards (``hazards``), not from codes. Deaths of those who are ill are part of all deaths: conditions
multiply the hazard of death, or add to it for a time after onset (cancers by stage, strokes, infarctions, ...).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from jobs.province.conditions import Conditions, cumulative_excess, onset_age_factor, picked, present_excess
from jobs.province.draws import Choice, Draws, Floats, Ints
from jobs.province.entries import Entries
from jobs.province.facts import ProvinceFacts
from jobs.province.hazards import Ageing, Baseline
from jobs.province.people import NEVER, YEAR, People
from jobs.province.risks import Singles

FRAILTY = 0.3  # log standard deviation of what makes people frail beyond age, sex and conditions (assumed)
NAMED = ("lung_cancer", "infarction", "stroke", "diabetes")  # onsets whose true hazard the truth tells
RECURRING = {"infarction": ((1.0, 0.08), (np.inf, 0.03)), "stroke": ((1.0, 0.10), (np.inf, 0.05))}  # a year (assumed)
TIMES = 3  # an event comes again at most
SCREENED = (40, 75)  # ages at which cancers are screened for
FOUND_EARLIER = 0.5  # share of later stages that screening finds in stage 1 instead (assumed)
SCREENED_DELAY = 0.3  # of the others' delay from onset to diagnosis (assumed)


@dataclass(frozen=True)
class Health:
    """By person and condition: days of onset and of diagnosis (``NEVER`` where there is none), and its grade.

    ``again``: days on which an event that recurs comes again, by person, condition of ``RECURRING``, and time.
    ``hazard``: of the onsets ``NAMED``, a year, by person, onset and whole age, for those who are still well.
    """

    onset: Ints
    diagnosis: Ints
    grade: NDArray[np.int8]
    again: Ints
    hazard: Singles

    def and_(self, others: Health) -> Health:
        return Health(*(np.concatenate([getattr(self, f.name), getattr(others, f.name)]) for f in fields(Health)))


@dataclass(frozen=True)
class Episodes(Entries):
    """One entry an onset, or its coming again. ``rates``: excess deaths a year by time since then."""

    person: Ints
    day: Ints
    condition: Ints
    grade: Ints
    nth: Ints
    rates: Floats


def frailty(draws: Draws, no: Ints) -> Floats:
    """A standard normal number of each person; it acts on death, admissions, readmissions and is recorded nowhere."""
    return draws.normal("frailty", no)


def onsets(draws: Draws, facts: ProvinceFacts, people: People, bases: tuple[Baseline, ...]) -> Health:
    """Onset and diagnosis of every condition, for a whole life."""
    ageing, conditions = Ageing(draws, facts, people), facts.conditions
    named = [conditions.index(n) for n in NAMED]
    hazard = np.zeros((len(people), len(NAMED), bases[0].after.shape[1]), np.float32)
    for c, base in enumerate(bases):
        ageing.fall_ill(c, base)
        if c in named:
            hazard[:, named.index(c)] = ageing.relative(c) * base.after[people.sex]
        ageing.note(c)
    return course(draws, facts, people, ageing.day, hazard)


def course(draws: Draws, facts: ProvinceFacts, people: People, onset: Ints, hazard: Singles) -> Health:
    """What follows from onset: grade, diagnosis, coming again."""
    conditions = facts.conditions
    who, c = np.nonzero(onset < NEVER)  # few of all pairs
    no, day = people.no[who], onset[who, c]
    seen = attends_screening(draws, facts, no, c, (day - people.birth[who]) / YEAR)
    delay = draws.exponential("delay", no, c) * conditions.numbers("diagnosis_delay_years")[c] * YEAR
    delay = np.where(seen, SCREENED_DELAY, 1.0) * delay
    when = _in_season(facts, c, day, day + delay.astype(np.int64))
    found = seen | draws.happens(conditions.numbers("diagnosed_share")[c], "diagnosed", no, c)
    diagnosis, grade = np.full(onset.shape, NEVER), np.zeros(onset.shape, np.int8)
    diagnosis[who, c] = np.where(found, when, NEVER)
    graded = np.flatnonzero(np.isin(c, list(conditions.grades)))
    g, w = c[graded], who[graded]
    before = np.maximum(people.first[w] - day[graded], 0) / YEAR
    older = onset_age_factor(conditions.site[g], (day[graded] - people.birth[w]) / YEAR)
    outlived = cumulative_excess(conditions.excess[g], before) * older
    grade[w, g] = _grade(facts, g, seen[graded], outlived, draws.uniform("grade", no[graded], g))
    again = np.full((len(people), len(RECURRING), TIMES), NEVER)
    for n, name in enumerate(RECURRING):
        ill = np.flatnonzero(onset[:, conditions.index(name)] < NEVER)
        again[ill, n] = _again(draws, people.no[ill], onset[ill, conditions.index(name)], n)
    return Health(onset, diagnosis, grade, again, hazard)


def _in_season(facts: ProvinceFacts, c: Ints, onset: Ints, found: Ints) -> Ints:
    """The days on which conditions are found: of those with a season, moved within the year, but not before onset."""
    diseases, found = facts.catalogue.infections, found.copy()
    for name, season in zip(diseases.endemic.index, diseases.season, strict=True):
        mine = np.flatnonzero(c == facts.conditions.index(name))
        found[mine] = np.maximum(_moved(found[mine], season), onset[mine])
    return found


def _moved(day: Ints, season: Floats) -> Ints:
    """Days moved within their year, so that the months have their shares."""
    date = day.astype("M8[D]")
    begin = date.astype("M8[Y]")
    end = (begin + 1).astype("M8[D]").astype(np.int64)
    start = begin.astype("M8[D]").astype(np.int64)
    until = np.concatenate([[0.0], np.cumsum(season)])
    month = np.interp((day - start + 0.5) / (end - start), until / until[-1], np.arange(13))
    first = (begin.astype("M8[M]") + month.astype(np.int64)).astype("M8[M]")
    length = ((first + 1).astype("M8[D]") - first.astype("M8[D]")).astype(np.int64)
    return first.astype("M8[D]").astype(np.int64) + (month % 1 * length).astype(np.int64)


def attends_screening(draws: Draws, facts: ProvinceFacts, no: Ints, c: Ints, age: Floats) -> np.ndarray:
    """Whether a cancer comes to light at a screening that the person attends, before it is felt."""
    conditions, sites = facts.conditions, facts.catalogue.cancers.table
    share = np.append(sites["screened_share"].to_numpy(np.float64), 0.0)[conditions.site[c]]  # -1: none
    return (age >= SCREENED[0]) & (age < SCREENED[1]) & draws.happens(share, "screened", no, c)


def _grade(facts: ProvinceFacts, c: Ints, seen: np.ndarray, outlived: Floats, u: Floats) -> Ints:
    """The kind or stage. Screening finds early stages; the others are so that all together are as published.

    ``outlived``: the excess deaths gathered before the person appears, which the graver stages outlive less often.
    """
    conditions, sites = facts.conditions, facts.catalogue.cancers.table
    share, factor = (np.ones((len(conditions.name), 4)) for _ in range(2))
    for n, grades in conditions.grades.items():
        share[n], factor[n] = grades.share / grades.share.sum(), grades.excess
    share, factor = share[c], factor[c]
    attend = np.append(sites["screened_share"].to_numpy(np.float64), 0.0)[conditions.site[c]]
    gains = FOUND_EARLIER * (1 - share[:, 0])
    first = np.where(seen, share[:, 0] + gains, np.maximum(share[:, 0] - gains * attend / (1 - attend), 0.0))
    share = share * ((1 - first) / (1 - share[:, 0]))[:, None]
    share[:, 0] = first
    return Choice.of(share * np.exp(-factor * outlived[:, None])).pick(u, np.arange(len(c)))


def _again(draws: Draws, no: Ints, last: Ints, which: int) -> Ints:
    """Days of coming again: the hazard falls a year after the last time."""
    (until, first), (_, later) = tuple(RECURRING.values())[which]
    days = np.full((len(no), TIMES), NEVER)
    for n in range(TIMES):
        wanted = draws.exponential("again", no, which, n)
        years = np.where(wanted < first * until, wanted / first, until + (wanted - first * until) / later)
        days[:, n] = last = last + 1 + (np.minimum(years, 300) * YEAR).astype(np.int64)
    return days


def stroke_kind(draws: Draws, facts: ProvinceFacts, no: Ints, nth: Ints) -> Ints:
    """The type of a stroke that comes again."""
    return picked(facts.conditions.grades[facts.conditions.index("stroke")], draws.uniform("again of kind", no, nth))


def episodes(draws: Draws, facts: ProvinceFacts, people: People, health: Health, which: Ints) -> Episodes:
    """Onsets and recurrences of these conditions."""
    conditions = facts.conditions
    person, at = np.nonzero(health.onset[:, which] < NEVER)
    c = which[at]
    parts = [(person, health.onset[person, c], c, health.grade[person, c].astype(np.int64), np.zeros_like(c))]
    for n, name in enumerate(RECURRING):
        c_again = conditions.index(name)
        if c_again in which:
            person, nth = np.nonzero(health.again[:, n] < NEVER)
            kind = stroke_kind(draws, facts, people.no[person], nth) if name == "stroke" else np.zeros_like(nth)
            parts.append((person, health.again[person, n, nth], np.full(len(nth), c_again), kind, nth + 1))
    person, day, c, grade, nth = (np.concatenate(p) for p in zip(*parts, strict=True))
    older = onset_age_factor(conditions.site[c], (day - people.birth[person]) / YEAR)
    rates = conditions.excess[c] * (grade_factor(conditions, c, grade) * older)[:, None]
    rates[nth > 0, 1:] = 0.0  # the onset's own go on
    return Episodes(person, day, c, grade, nth, rates)


def grade_factor(conditions: Conditions, c: Ints, grade: Ints) -> Floats:
    """What a grade multiplies a condition's excess deaths by."""
    factors = np.ones((len(conditions.name), 4))
    for n, grades in conditions.grades.items():
        factors[n] = grades.excess
    return factors[c, grade]


def death_ratio(conditions: Conditions, ill: np.ndarray, weak: Floats) -> Floats:
    """What a person's conditions and frailty multiply the hazard of death by, before it is scaled to a mean of 1."""
    return np.exp(ill @ np.log(conditions.numbers("mortality_ratio")) + FRAILTY * weak - FRAILTY**2 / 2)


def excess_now(found: Episodes, day: Ints | int) -> Floats:
    """Excess deaths a year of each episode on a day."""
    return present_excess(found.rates, (day - found.day) / YEAR)
