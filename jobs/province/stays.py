"""Hospital stays: first admissions, readmissions, childbirth and last stays, none overlapping.

Whether someone comes back within 30 days depends on the disease, age, earlier admissions, length of stay, two
conditions together, and on frailty that is recorded nowhere: something to learn, with a limit to how well.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.special import expit

from jobs.province.causes_of_death import causes_of_death
from jobs.province.childbirth import KEYS, admission_minute, by_caesarean, days_to_birth, is_childbirth, stay_key
from jobs.province.codebook import age_group
from jobs.province.comorbidity import other_diagnoses
from jobs.province.conditions import AGES
from jobs.province.courses import NO_TREATMENT, planned_stays
from jobs.province.departments import with_paediatrics
from jobs.province.draws import Draws, Floats, Ints, ranks
from jobs.province.entries import Entries
from jobs.province.facts import ProvinceFacts
from jobs.province.illness import FRAILTY
from jobs.province.institutions import NONE, Institutions
from jobs.province.life import Lives, death_minute
from jobs.province.opening import WARD, appointed, day_between, less_on_days_off
from jobs.province.people import YEAR
from jobs.province.pregnancies import deliveries
from jobs.province.referral import STEPS, gap, hospital, transferred_in
from jobs.province.scale import Scale
from jobs.province.visits import OTHER, CareOfConditions, cells, month_starts

ON_ORDER, TRANSFERRED, DIED = 1, 2, 5  # ways of leaving, CV06.00.226
LOG_SD = 0.55  # of the length of stay
LONGEST = 120
AT_LEAST = 90  # minutes from admission to a death on the same day
CHILDBIRTH = ("O80.0", "O82.0")
LAST_STAY = 0.4  # share of deaths after infancy at the end of a hospital stay (assumed)


@dataclass(frozen=True)
class Stays(Entries):
    """One entry a stay. ``reason`` is a row of the inpatient reasons, of use where ``condition`` is OTHER.

    ``treatment``: the row of treatments.csv that the stay is for, or NO_TREATMENT. ``again``: the risk of a stay for
    the same within 30 days of discharge. ``hospital``: NONE
    until ``at_hospitals``; ``nth``: how often the person has been admitted to it by then.
    """

    key: Ints
    person: Ints
    admitted: Ints
    days: Ints
    condition: Ints
    reason: Ints
    way: Ints
    treatment: Ints
    again: Floats
    hospital: Ints
    nth: Ints

    def __len__(self) -> int:
        return len(self.key)

    @property
    def discharged(self) -> Ints:
        return self.admitted + self.days


@dataclass(frozen=True)
class Described:
    """What is known of each stay beside its days: diagnoses (positions in Codes), department, hospital."""

    diagnosis: Ints
    others: list[Ints]
    department: Ints
    hospital: Ints
    operated: np.ndarray
    operation: Ints  # position in Operations, of use where operated


def hospital_stays(draws: Draws, facts: ProvinceFacts, scale: Scale, lives: Lives, months: range) -> Stays:
    """All stays that begin in these months (from the first simulated one, as each depends on those before)."""
    planned, acute = _planned(draws, facts, lives, months)
    unplanned = joined([_first_admissions(draws, facts, scale, lives, months), acute])
    chain, before = [planned], unplanned
    for step in range(STEPS + 1):
        before, back = _with_risk(draws, facts, lives, before, unplanned, step)
        chain.append(before)
        before = back
    chain += [_childbirths(draws, facts, lives, months), _last_stays(draws, facts, scale, lives)]
    return _one_at_a_time(lives, joined(chain))


def joined(stays: list[Stays]) -> Stays:
    """All of these, one list after the other."""
    return Stays(*(np.concatenate([getattr(s, f.name) for s in stays]) for f in fields(Stays)))


def _stays(key: Ints, person: Ints, admitted: Ints, days: Ints, condition: Ints, reason: Ints, **known: Ints) -> Stays:
    """Stays that end on order, for no planned treatment, unless it is said otherwise."""
    size = len(key)
    return Stays(
        key,
        person,
        admitted,
        days,
        condition,
        reason,
        known.get("way", np.full(size, ON_ORDER)),
        known.get("treatment", np.full(size, NO_TREATMENT)),
        np.zeros(size),
        np.full(size, NONE),
        np.ones(size, np.int64),
    )


def _planned(draws: Draws, facts: ProvinceFacts, lives: Lives, months: range) -> tuple[Stays, Stays]:
    """Courses of treatment; then stays after acute events, which bring unplanned readmissions."""
    first = month_starts(months)
    found = planned_stays(draws, facts, lives.people, lives.health)
    day = appointed(draws, "planned stay put off", found.day, found.key)
    found = replace(found, day=np.where(found.acute, found.day, day))
    found = found.at(np.flatnonzero((found.day >= first[0]) & (found.day < first[-1])))
    mean = facts.codes.treatments.mean_days[found.treatment]
    spread = np.exp(LOG_SD * draws.normal("days", found.key) - LOG_SD**2 / 2)
    days = less_on_days_off(draws, found.key, found.day, np.clip(np.rint(mean * spread), 1, LONGEST).astype(np.int64))
    no_reason = np.zeros(len(days), np.int64)
    made = _stays(found.key, found.person, found.day, days, found.condition, no_reason, treatment=found.treatment)
    return made.at(np.flatnonzero(~found.acute)), made.at(np.flatnonzero(found.acute))


def _length(draws: Draws, facts: ProvinceFacts, condition: Ints, reason: Ints, age: Floats, key: Ints) -> Ints:
    mean = np.where(
        condition == OTHER,
        facts.codes.inpatient["mean_days"].to_numpy()[reason],
        facts.conditions.table["mean_days"].to_numpy(np.float64)[condition],
    )
    spread = np.exp(LOG_SD * draws.normal("days", key) - LOG_SD**2 / 2)
    return np.clip(np.rint(mean * spread * np.where(age >= 65, 1.1, 1.01)), 1, LONGEST).astype(np.int64)


def _first_admissions(draws: Draws, facts: ProvinceFacts, scale: Scale, lives: Lives, months: range) -> Stays:
    first, people = month_starts(months), lives.people
    person, month = cells(lives, months)
    no, absolute = people.no[person], month + months.start
    age = np.clip((first[month] - people.birth[person]) / YEAR, 0, AGES[-1])
    other = facts.rates.admissions[people.sex[person], age.astype(np.int64)] * scale.admissions
    care = CareOfConditions(lives.health.diagnosis, facts.conditions, "admissions_per_year")
    mean = other + care.by_month(first[:-1])[person, month]
    weak = np.exp(FRAILTY * lives.weak[person] - FRAILTY**2 / 2)
    cell = np.flatnonzero(draws.happens(-np.expm1(-mean * weak / 12), "admission", no, absolute))
    person, key, age = person[cell], (no[cell] * 10_000 + absolute[cell]) * 10, age[cell]
    u = draws.uniform("admission cause", no[cell], absolute[cell]) * mean[cell]
    condition = care.cause(person, first[month[cell]], u - other[cell])
    group = people.sex[person] * 5 + age_group(age)
    reason = facts.codes.inpatient_choice.pick(draws.uniform("stay reason", key), group)
    day = day_between(draws, "admission day", WARD, first[month[cell]], first[month[cell] + 1], key)
    days = less_on_days_off(draws, key, day, _length(draws, facts, condition, reason, age, key))
    return _stays(key, person, day, days, condition, reason)


def _with_risk(
    draws: Draws, facts: ProvinceFacts, lives: Lives, index: Stays, first: Stays, step: int
) -> tuple[Stays, Stays]:
    """These stays with the risk of one that follows within 30 days of discharge; and the stays that do follow."""
    people = lives.people
    age = (index.admitted - people.birth[index.person]) / YEAR
    order = np.sort(first.person * 100_000 + first.admitted)
    at = index.person * 100_000 + index.admitted
    prior = np.searchsorted(order, at) - np.searchsorted(order, at - 365) + max(step - 1, 0)
    logit = np.where(
        index.condition == OTHER,
        facts.codes.inpatient["readmission_logit"].to_numpy()[index.reason],
        facts.conditions.table["readmission_logit"].to_numpy(np.float64)[index.condition],
    )
    ill = lives.health.onset[index.person] <= index.admitted[:, None]
    names = facts.conditions.name
    both = ill[:, names.index("heart_failure")] & ill[:, names.index("ckd")]
    risk = expit(
        -3.1
        + logit
        + 0.16 * np.clip((age - 60) / 10, -3, 3)
        + 0.35 * np.minimum(prior, 3)
        + 0.5 * lives.weak[index.person]
        + 0.02 * np.minimum(index.days - 9, 20)
        + 0.5 * both
    )
    risk = risk if step < STEPS else np.zeros(len(risk))
    back = draws.happens(risk, "readmission", index.key)
    moved = back & transferred_in(draws, index.key + 1)
    index = replace(index, again=risk, way=np.where(moved, TRANSFERRED, index.way))
    again = index.at(back)
    key = again.key + 1
    day = again.discharged + gap(draws, key)
    days = less_on_days_off(draws, key, day, _length(draws, facts, again.condition, again.reason, age[back], key))
    more = _stays(key, again.person, day, days, again.condition, again.reason)
    return index, more


def _childbirths(draws: Draws, facts: ProvinceFacts, lives: Lives, months: range) -> Stays:
    """One a delivery; the birth is on the day of admission or up to two days later."""
    first, people = month_starts(months), lives.people
    mother, child = deliveries(people)
    key = stay_key(people.no[child])
    until = days_to_birth(draws, key)
    day = people.birth[child] - until
    inside = np.flatnonzero((day >= first[0]) & (day < first[-1]))
    mother, child, key, until, day = (x[inside] for x in (mother, child, key, until, day))
    caesarean = by_caesarean(draws, people.no[child]).astype(np.int64)
    rows = np.array([facts.codes.inpatient.index[facts.codes.inpatient["icd10"] == c][0] for c in CHILDBIRTH])
    other = np.full(len(child), OTHER)
    days = _length(draws, facts, other, rows[caesarean], np.full(len(child), 28.0), key)
    return _stays(key, mother, day, np.maximum(days, until + 1), other, rows[caesarean])


def _last_stays(draws: Draws, facts: ProvinceFacts, scale: Scale, lives: Lives) -> Stays:
    """For the condition or the diagnosis that kills; whose cause is no reason for a stay was there for another."""
    people, dead = lives.people, causes_of_death(draws, facts, scale, lives)
    age = (dead.day - people.birth[dead.person]) / YEAR
    some = np.flatnonzero((age > 1) & draws.happens(LAST_STAY, "last stay", people.no[dead.person]))
    dead, age = dead.at(some), age[some]
    key = people.no[dead.person] * KEYS + 9
    reasons, row = facts.codes.inpatient["diagnosis"].to_numpy(), np.full(len(facts.codes.icd10), -1)
    row[reasons] = np.arange(len(reasons))
    found = np.maximum(row[dead.cause], np.where(dead.immediate >= 0, row[dead.immediate], -1))
    group = people.sex[dead.person] * 5 + age_group(age)
    another = facts.codes.inpatient_choice.pick(draws.uniform("last reason", key), group)
    condition, reason = np.where(dead.condition >= 0, dead.condition, OTHER), np.where(found >= 0, found, another)
    days = _length(draws, facts, condition, reason, age, key)
    way = np.full(len(key), DIED)
    return _stays(key, dead.person, dead.day - days, days, condition, reason, way=way)


def _one_at_a_time(lives: Lives, stays: Stays) -> Stays:
    """Drop stays that begin before an earlier one ends, kept or not, or away from the province; death ends a stay."""
    stays = stays.at(np.lexsort((stays.key, stays.admitted, stays.person)))
    ends = stays.person * 1_000_000 + stays.discharged
    latest = np.concatenate([[-1], np.maximum.accumulate(ends)[:-1]]) if len(ends) else ends
    free = stays.person * 1_000_000 + stays.admitted > latest
    stays = stays.at(free & lives.resident(stays.person, stays.admitted))
    death = lives.death[stays.person]
    died = stays.discharged >= death
    return replace(stays, days=np.where(died, death - stays.admitted, stays.days), way=np.where(died, DIED, stays.way))


def stay_minutes(draws: Draws, stays: Stays) -> tuple[Ints, Ints]:
    """Minutes of the day of admission and of discharge, or death; who dies on the first day comes before."""
    came = draws.whole(720, "admission minute", stays.key) + 480
    came = np.where(is_childbirth(stays.key), admission_minute(draws, stays.key), came)
    left = 540 + draws.whole(420, "discharge minute", stays.key)
    left = np.where(stays.way == DIED, death_minute(draws, stays.key // KEYS), left)
    return np.where(stays.days == 0, np.minimum(came, np.maximum(left - AT_LEAST, 0)), came), left


def described(draws: Draws, facts: ProvinceFacts, lives: Lives, stays: Stays) -> Described:
    """Diagnoses, department, hospital and operation of each stay."""
    codes, c = facts.codes, np.maximum(stays.condition, 0)
    chronic, treated = stays.condition != OTHER, stays.treatment != NO_TREATMENT
    choice, of_condition = codes.condition_code["I"]
    u = draws.uniform("stay code", stays.key)
    own = of_condition[choice.pick(u, c)]
    diagnosis = np.where(chronic, own, codes.inpatient["diagnosis"].to_numpy()[stays.reason])
    special = np.where(treated, codes.treatments.diagnosis[stays.treatment], -1)
    diagnosis = np.where(special >= 0, special, diagnosis)
    department = np.where(
        chronic,
        facts.conditions.table["department_no"].to_numpy()[c],
        codes.inpatient["department"].to_numpy()[stays.reason],
    )
    age = (stays.admitted - lives.people.birth[stays.person]) / YEAR
    share = _operated_share(facts, stays)
    site, of = facts.conditions.site[c], codes.operations
    planned = np.where(special >= 0, of.of_treatment + stays.treatment, of.of_site + site)
    operation = np.where(treated, planned, stays.reason)
    return Described(
        diagnosis,
        other_diagnoses(draws, facts, lives, stays.key, stays.person, stays.admitted, stays.condition, diagnosis),
        with_paediatrics(draws, department, age, stays.key),
        stays.hospital,
        draws.happens(share, "operated", stays.key),
        operation,
    )


def _operated_share(facts: ProvinceFacts, stays: Stays) -> Floats:
    share = np.where(stays.condition != OTHER, 0.0, facts.codes.inpatient["operated_share"].to_numpy()[stays.reason])
    return np.where(stays.treatment != NO_TREATMENT, facts.codes.treatments.operated[stays.treatment], share)


def at_hospitals(draws: Draws, facts: ProvinceFacts, institutions: Institutions, lives: Lives, stays: Stays) -> Stays:
    """These stays, all there have been, each with its hospital and its number among those of the person there."""
    share = _operated_share(facts, stays)
    at = hospital(draws, facts, institutions, lives, stays.key, stays.person, stays.admitted, stays.condition, share)
    return replace(stays, hospital=at, nth=1 + ranks(stays.person, at, stays.admitted))
