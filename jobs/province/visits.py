"""Outpatient visits: how many a person and month, what for, where and when."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jobs.province.codebook import age_group
from jobs.province.conditions import AGES, Conditions
from jobs.province.departments import with_paediatrics
from jobs.province.draws import Draws, Floats, Ints, repeated
from jobs.province.entries import Entries
from jobs.province.facts import ProvinceFacts
from jobs.province.institutions import Institutions
from jobs.province.life import Lives, death_minute
from jobs.province.opening import CLINIC, EMERGENCY, appointed, day_between, minute_of_day, next_open
from jobs.province.people import YEAR
from jobs.province.pregnancies import antenatal_visits
from jobs.province.scale import Scale

OTHER = -1  # a visit or stay for none of the chronic conditions
WINTER = (11, 12, 1, 2, 3)
PREGNANCY, OBSTETRICS, EMERGENCIES = "Z34.9", "05", "20"
CARE_SEEKING = 0.35  # log standard deviation of how readily people see a doctor (assumed)
ANTENATAL_VISIT = -2  # a visit of a pregnancy, until it is described
PER_MONTH = 100  # a person's visits in a month are numbered below this
MOST, DIAGNOSING, PREGNANT = 44, 44, 92  # the most ordinary ones; first numbers of those that find a condition; others


@dataclass(frozen=True)
class Visits(Entries):
    """One entry a visit. ``key`` is unique among all visits of the province; diagnoses are positions in Codes."""

    key: Ints
    person: Ints  # position in the block's lives
    day: Ints
    minute: Ints
    condition: Ints  # position in Conditions, or OTHER
    diagnosis: Ints
    second: Ints  # second diagnosis, or OTHER
    department: Ints
    hospital: Ints

    def __len__(self) -> int:
        return len(self.key)


def month_starts(months: range) -> Ints:
    """The first day of each month (counted from January 1970) and of the one after the last."""
    return np.arange(months.start, months.stop + 1).astype("M8[M]").astype("M8[D]").astype(np.int64)


def cells(lives: Lives, months: range) -> tuple[Ints, Ints]:
    """Person and month (position) wherever the person is alive and has come for at least a day of the month."""
    first = month_starts(months)
    there = (lives.people.first[:, None] < first[None, 1:]) & (lives.death[:, None] >= first[None, :-1])
    person, month = np.nonzero(there)
    return person.astype(np.int64), month.astype(np.int64)


def outpatient_visits(
    draws: Draws, facts: ProvinceFacts, scale: Scale, institutions: Institutions, lives: Lives, months: range
) -> Visits:
    """All visits in these months by people who live in the province on the day."""
    first = month_starts(months)
    person, month = cells(lives, months)
    no, absolute = lives.people.no[person], month + months.start
    other = _for_other_reasons(draws, facts, scale, lives, person, first[month], absolute)
    care = CareOfConditions(lives.health.diagnosis, facts.conditions, "visits_per_year")
    mean = (other + care.by_month(first[:-1])[person, month]) / 12
    count = np.minimum(draws.poisson(mean, "visits", no, absolute), MOST)
    cell, ordinal = repeated(count)
    who, when = person[cell], absolute[cell]
    u = draws.uniform("visit cause", lives.people.no[who], when, ordinal) * mean[cell] * 12
    condition = care.cause(who, first[month[cell]], u - other[cell])
    key = (lives.people.no[who] * 10_000 + when) * PER_MONTH + ordinal
    day = day_between(draws, "visit day", CLINIC, first[month[cell]], first[month[cell] + 1], key)
    every = _with_diagnosing(lives, months, key, who, day, condition)
    every = _with_antenatal(draws, lives, months, *every)
    described = _described(draws, facts, institutions, lives, *every)
    here = lives.resident(described.person, described.day)
    last = np.flatnonzero(here & (described.day == lives.death[described.person]))
    dies = death_minute(draws, lives.people.no[described.person[last]])
    here[last] = described.minute[last] < dies
    return described.at(np.flatnonzero(here))


class CareOfConditions:
    """Use of care a year for the conditions that people have from some days on, for as long as each lasts."""

    def __init__(self, since: Ints, conditions: Conditions, column: str) -> None:
        lasts = np.minimum(conditions.numbers("lasts_years"), 200.0) * YEAR
        self.since, self.until = since, since + lasts.astype(np.int64)
        self.rate = conditions.numbers(column)

    def by_month(self, first: Ints) -> Floats:
        """By person and month, as of the month's first day: of few pairs of person and condition."""
        person, c = np.nonzero(self.since <= first[-1])
        changes = np.zeros((len(self.since), len(first) + 1))
        np.add.at(changes, (person, np.searchsorted(first, self.since[person, c])), self.rate[c])
        np.add.at(changes, (person, np.searchsorted(first, self.until[person, c])), -self.rate[c])
        return np.maximum(np.cumsum(changes, axis=1)[:, :-1], 0.0)

    def on(self, person: Ints, day: Ints) -> Floats:
        """All together on a day."""
        return ((self.since[person] <= day[:, None]) & (self.until[person] > day[:, None])) @ self.rate

    def cause(self, person: Ints, day: Ints, u: Floats) -> Ints:
        """The condition that each ``u`` falls on among those of the day, one rate after the other; below 0: OTHER."""
        condition = np.full(len(u), OTHER)
        of = np.flatnonzero(u >= 0)
        at = day[of, None]
        rate = np.where((self.since[person[of]] <= at) & (self.until[person[of]] > at), self.rate, 0.0)
        cumulative = np.cumsum(rate, axis=1)
        beyond = np.minimum(u[of], np.nextafter(cumulative[:, -1], 0))  # the last bit of a sum in another order
        condition[of] = (cumulative <= beyond[:, None]).sum(axis=1)
        return np.minimum(condition, len(self.rate) - 1)


def _for_other_reasons(
    draws: Draws, facts: ProvinceFacts, scale: Scale, lives: Lives, person: Ints, day: Ints, month: Ints
) -> Floats:
    """Expected visits a year for no chronic condition, in a month."""
    people = lives.people
    age = np.clip((day - people.birth[person]) / YEAR, 0, AGES[-1]).astype(np.int64)
    seeking = np.exp(CARE_SEEKING * draws.normal("care seeking", people.no) - CARE_SEEKING**2 / 2)
    season = np.where(np.isin(month % 12 + 1, WINTER), 1.12, 0.914)
    return facts.rates.visits[people.sex[person], age] * scale.visits * seeking[person] * season


def _with_diagnosing(
    lives: Lives, months: range, key: Ints, person: Ints, day: Ints, condition: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Add the visit at which each condition is found."""
    assert DIAGNOSING + lives.health.diagnosis.shape[1] <= PREGNANT, "no numbers left for visits that find a condition"
    first = month_starts(months)
    who, what = np.nonzero((lives.health.diagnosis >= first[0]) & (lives.health.diagnosis < first[-1]))
    found = lives.health.diagnosis[who, what]
    extra = _month_key(lives, who, found) + DIAGNOSING + what
    return tuple(np.concatenate(p) for p in ((key, extra), (person, who), (day, found), (condition, what)))  # type: ignore[return-value]


def finds_condition(visits: Visits) -> np.ndarray:
    """Which of these visits found the condition that they are for."""
    return (visits.condition != OTHER) & (visits.key % PER_MONTH == DIAGNOSING + visits.condition)


def _with_antenatal(
    draws: Draws, lives: Lives, months: range, key: Ints, person: Ints, day: Ints, condition: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Add the visits of pregnancies."""
    first, found = month_starts(months), antenatal_visits(draws, lives.people)
    no = lives.people.no[found.person]
    early = found.day - 7 * (next_open(found.day) > found.day)  # brought forward, lest the child be born before it
    found = replace(found, day=appointed(draws, "antenatal put off", early, no, found.day))
    found = found.at(np.flatnonzero((found.day >= first[0]) & (found.day < first[-1])))
    extra = _month_key(lives, found.person, found.day) + PREGNANT + found.nth % 8
    reason = np.full(len(extra), ANTENATAL_VISIT)
    return tuple(
        np.concatenate(p) for p in ((key, extra), (person, found.person), (day, found.day), (condition, reason))
    )  # type: ignore[return-value]


def _month_key(lives: Lives, person: Ints, day: Ints) -> Ints:
    month = day.astype("M8[D]").astype("M8[M]").astype(np.int64)
    return (lives.people.no[person] * 10_000 + month) * PER_MONTH


def _described(
    draws: Draws,
    facts: ProvinceFacts,
    institutions: Institutions,
    lives: Lives,
    key: Ints,
    person: Ints,
    day: Ints,
    condition: Ints,
) -> Visits:
    """Reason, department, second diagnosis, hospital and time of day of each visit."""
    codes, people = facts.codes, lives.people
    winter = np.isin(day.astype("M8[D]").astype("M8[M]").astype(np.int64) % 12 + 1, WINTER)
    age = (day - people.birth[person]) / YEAR
    group = (winter * 2 + people.sex[person]) * 5 + age_group(age)
    u = draws.uniform("visit reason", key)
    reason = codes.outpatient_choice.pick(u, group)
    choice, of_condition = codes.condition_code["O"]
    pregnant = condition == ANTENATAL_VISIT
    condition = np.where(pregnant, OTHER, condition)
    chronic = condition != OTHER
    c = np.maximum(condition, 0)
    diagnosis = np.where(chronic, of_condition[choice.pick(u, c)], codes.outpatient["diagnosis"].to_numpy()[reason])
    diagnosis[pregnant] = codes.icd10.index(PREGNANCY)
    departments = facts.conditions.table["department_no"].to_numpy()
    department = np.where(chronic, departments[c], codes.outpatient["department"].to_numpy()[reason])
    department[pregnant] = codes.department_code.index(OBSTETRICS)
    urgent = department == codes.department_code.index(EMERGENCIES)
    day = np.where(urgent, _any_day(draws, day, key), day)
    usual = draws.uniform("usual hospital", people.no[person], condition + 1)
    u = np.where(draws.happens(0.8, "usual", key), usual, draws.uniform("hospital", key))
    severity = np.where(chronic, facts.conditions.severity[c], 0)
    hospital = institutions.visited(facts.places, lives.county(person, day), severity, u)
    return Visits(
        key,
        person,
        day,
        np.where(urgent, minute_of_day(draws, EMERGENCY, key), minute_of_day(draws, CLINIC, key)),
        condition,
        diagnosis,
        second_diagnosis(draws, facts, lives, key, person, day, condition, "O"),
        with_paediatrics(draws, department, age, key),
        hospital,
    )


def _any_day(draws: Draws, day: Ints, key: Ints) -> Ints:
    """Any day of the same month: emergencies don't wait until a clinic opens."""
    month = day.astype("M8[D]").astype("M8[M]")
    first, until = (m.astype("M8[D]").astype(np.int64) for m in (month, month + 1))
    return first + draws.whole(until - first, "emergency day", key)


def second_diagnosis(
    draws: Draws,
    facts: ProvinceFacts,
    lives: Lives,
    key: Ints,
    person: Ints,
    day: Ints,
    condition: Ints,
    setting: str,
    share: float = 0.4,
) -> Ints:
    """Another known condition of the person, noted in a share of the visits; else OTHER."""
    asked = np.flatnonzero(draws.happens(share, "second", key))
    asked = asked[lives.health.diagnosis.min(axis=1)[person[asked]] <= day[asked]]
    known = lives.health.diagnosis[person[asked]] <= day[asked, None]
    known &= np.arange(known.shape[1])[None, :] != condition[asked, None]
    count = np.cumsum(known, axis=1)
    some = np.flatnonzero(count[:, -1] > 0)
    asked, count = asked[some], count[some]
    nth = draws.whole(count[:, -1], "which second", key[asked])
    best = (count <= nth[:, None]).sum(axis=1)
    choice, of_condition = facts.codes.condition_code[setting]
    second = np.full(len(key), OTHER)
    second[asked] = of_condition[choice.pick(draws.uniform("second code", key[asked]), best)]
    return second
