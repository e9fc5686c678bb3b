"""Outpatient visits: how many a person and month, what for, where and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.codebook import age_group
from jobs.province.draws import Draws, Floats, Ints
from jobs.province.entries import Entries
from jobs.province.facts import AGES, ProvinceFacts
from jobs.province.institutions import Institutions
from jobs.province.life import Lives
from jobs.province.people import YEAR
from jobs.province.scale import Scale

OTHER = -1  # a visit or stay for none of the chronic conditions
WINTER = (11, 12, 1, 2, 3)
CARE_SEEKING = 0.35  # log standard deviation of how readily people see a doctor (assumed)
PER_MONTH = 100  # a person's visits in a month are numbered below this


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


def cause(draws: Draws, purpose: str, mean: Floats, count: Ints, *keys: Ints) -> tuple[Ints, Ints, Ints]:
    """Spread counts over competing causes: each event's cell, its ordinal in the cell, and the column of ``mean``."""
    cell = np.repeat(np.arange(len(count)), count)
    ordinal = np.arange(len(cell)) - np.repeat(np.cumsum(count) - count, count)
    cumulative = np.cumsum(mean, axis=1)
    u = draws.uniform(purpose, *(k[cell] for k in keys), ordinal) * cumulative[cell, -1]
    return cell, ordinal, (u[:, None] >= cumulative[cell, :-1]).sum(axis=1)


def outpatient_visits(
    draws: Draws, facts: ProvinceFacts, scale: Scale, institutions: Institutions, lives: Lives, months: range
) -> Visits:
    """All visits in these months by people who live in the province on the day."""
    first = month_starts(months)
    person, month = cells(lives, months)
    no, absolute = lives.people.no[person], month + months.start
    mean = _mean(draws, facts, scale, lives, person, first[month], absolute)
    count = np.minimum(draws.poisson(mean.sum(axis=1), "visits", no, absolute), 60)
    cell, ordinal, column = cause(draws, "visit cause", mean, count, no, absolute)
    key = (no[cell] * 10_000 + absolute[cell]) * PER_MONTH + ordinal
    length = (first[1:] - first[:-1])[month[cell]]
    day = first[month[cell]] + draws.whole(length, "visit day", key)
    return _described(
        draws, facts, institutions, lives, *_with_diagnosing(lives, months, key, person[cell], day, column - 1)
    )


def _mean(
    draws: Draws, facts: ProvinceFacts, scale: Scale, lives: Lives, person: Ints, day: Ints, month: Ints
) -> Floats:
    """Expected visits in a month: for other reasons, then for each condition known to a doctor."""
    people = lives.people
    age = np.clip((day - people.birth[person]) / YEAR, 0, AGES[-1]).astype(np.int64)
    seeking = np.exp(CARE_SEEKING * draws.normal("care seeking", people.no) - CARE_SEEKING**2 / 2)
    season = np.where(np.isin(month % 12 + 1, WINTER), 1.12, 0.914)
    other = facts.rates.visits[people.sex[person], age] * scale.visits * seeking[person] * season
    known = lives.health.diagnosis[person] <= day[:, None]
    chronic = known * facts.conditions.table["visits_per_year"].to_numpy(np.float64)
    return np.column_stack([other, chronic]) / 12


def _with_diagnosing(
    lives: Lives, months: range, key: Ints, person: Ints, day: Ints, condition: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Add the visit at which each condition is found, and keep those by residents."""
    first = month_starts(months)
    who, what = np.nonzero((lives.health.diagnosis >= first[0]) & (lives.health.diagnosis < first[-1]))
    found = lives.health.diagnosis[who, what]
    month = found.astype("M8[D]").astype("M8[M]").astype(np.int64)
    extra = (lives.people.no[who] * 10_000 + month) * PER_MONTH + 80 + what
    key, person = np.concatenate([key, extra]), np.concatenate([person, who])
    day, condition = np.concatenate([day, found]), np.concatenate([condition, what])
    here = lives.resident(person, day)
    return key[here], person[here], day[here], condition[here]


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
    group = (winter * 2 + people.sex[person]) * 5 + age_group((day - people.birth[person]) / YEAR)
    u = draws.uniform("visit reason", key)
    reason = codes.outpatient_choice.pick(u, group)
    choice, of_condition = codes.condition_code["O"]
    chronic = condition != OTHER
    c = np.maximum(condition, 0)
    diagnosis = np.where(chronic, of_condition[choice.pick(u, c)], codes.outpatient["diagnosis"].to_numpy()[reason])
    departments = facts.conditions.table["department_no"].to_numpy()
    department = np.where(chronic, departments[c], codes.outpatient["department"].to_numpy()[reason])
    usual = draws.uniform("usual hospital", people.no[person], condition + 1)
    u = np.where(draws.happens(0.8, "usual", key), usual, draws.uniform("hospital", key))
    hospital = institutions.visited(facts.places, lives.county(person, day), u)
    minute = 450 + draws.whole(300, "minute", key) + draws.whole(2, "afternoon", key) * 240
    return Visits(
        key,
        person,
        day,
        minute,
        condition,
        diagnosis,
        second_diagnosis(draws, facts, lives, key, person, day, condition, "O", 0.4),
        department,
        hospital,
    )


def second_diagnosis(
    draws: Draws,
    facts: ProvinceFacts,
    lives: Lives,
    key: Ints,
    person: Ints,
    day: Ints,
    condition: Ints,
    setting: str,
    share: float,
) -> Ints:
    """Another known condition of the person, noted in a share of the visits; else OTHER."""
    asked = np.flatnonzero(draws.happens(share, "second", key))
    known = lives.health.diagnosis[person[asked]] <= day[asked, None]
    which = np.arange(known.shape[1])[None, :]
    known &= which != condition[asked, None]
    score = np.where(known, draws.uniform("which second", key[asked, None], which), -1.0)
    best = score.argmax(axis=1)
    choice, of_condition = facts.codes.condition_code[setting]
    second = np.full(len(key), OTHER)
    picked = of_condition[choice.pick(draws.uniform("second code", key[asked]), best)]
    second[asked] = np.where(score.max(axis=1) >= 0, picked, OTHER)
    return second
