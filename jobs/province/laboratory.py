"""Laboratory results at some visits and most stays: a panel of three items, with values that follow from illness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Choice, Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.life import Lives
from jobs.province.people import NEVER, YEAR
from jobs.province.stays import Described, Stays
from jobs.province.visits import OTHER, Visits

AT_VISIT, AT_STAY = 0.25, 0.9  # share of visits and stays with a panel (assumed)
ITEMS = 3
OWN, NOISE = 0.75, 0.66  # how much of an item's spread is the person's own, and how much of the day
SUGAR = ("GLU", "HBA1C")
SUGAR_BY_AGE = 0.0016  # of the logarithm, a year of age (assumed)
SUGAR_AT_ONSET, SUGAR_A_YEAR, SUGAR_TREATED = 0.6, 0.07, 0.8  # of the whole effect of diabetes (assumed)
UNASKED = {"general": 0.5, "metabolic": 0.25, "infection": 0.25}  # panels without a condition's reason (assumed)


@dataclass(frozen=True)
class Results:
    """One entry a result. ``item`` is a row of the laboratory's items; ``of_stay`` says which number ``source`` is."""

    key: Ints
    person: Ints
    day: Ints
    minute: Ints
    reported_after: Ints  # days
    item: Ints
    value: Floats
    department: Ints
    hospital: Ints
    source: Ints  # key of the visit or stay
    of_stay: np.ndarray

    def __len__(self) -> int:
        return len(self.key)


def results(
    draws: Draws, facts: ProvinceFacts, lives: Lives, visits: Visits, stays: Stays, about: Described
) -> Results:
    """The results of panels taken at these visits and stays."""
    v = np.flatnonzero(draws.happens(AT_VISIT, "panel at visit", visits.key))
    s = np.flatnonzero(draws.happens(AT_STAY, "panel at stay", stays.key) & (stays.days > 0))
    source = np.concatenate([visits.key[v], stays.key[s]])
    of_stay = np.repeat([False, True], [len(v), len(s)])
    person = np.concatenate([visits.person[v], stays.person[s]])
    day = np.concatenate([visits.day[v], stays.admitted[s]])
    minute = np.concatenate([visits.minute[v] + 20, np.full(len(s), 390)])
    condition = np.concatenate([visits.condition[v], stays.condition[s]])
    department = np.concatenate([visits.department[v], about.department[s]])
    hospital = np.concatenate([visits.hospital[v], about.hospital[s]])
    day = np.where(of_stay, day + 1, day)  # blood is taken the morning after admission
    keep = day <= lives.death[person]
    row = np.repeat(np.flatnonzero(keep), ITEMS)
    nth = np.tile(np.arange(ITEMS), int(keep.sum()))
    item = _panel(draws, facts, condition, source, of_stay)[row] * ITEMS + nth
    key = source[row] * 8 + nth * 2 + of_stay[row]
    level = value(draws, facts, lives, person[row], day[row], item, key)
    later = draws.happens(0.2, "reported later", source).astype(np.int64)
    return Results(
        key,
        person[row],
        day[row],
        minute[row],
        later[row],
        item,
        level,
        department[row],
        hospital[row],
        source[row],
        of_stay[row],
    )


def _panel(draws: Draws, facts: ProvinceFacts, condition: Ints, source: Ints, of_stay: np.ndarray) -> Ints:
    names = facts.laboratory.panels
    u = draws.uniform("panel", source, of_stay)
    unasked = Choice.of([UNASKED.get(n, 0.0) for n in names]).pick(draws.uniform("unasked", source, of_stay))
    own = np.array([names.index(n) for n in facts.conditions.table["panel"]])[np.maximum(condition, 0)]
    return np.where((condition != OTHER) & (u < 0.75), own, unasked)


def value(
    draws: Draws, facts: ProvinceFacts, lives: Lives, person: Ints, day: Ints, item: Ints | int, key: Ints
) -> Floats:
    """Log-normal about the healthy mean by sex, times the factor of each condition that the person has by then.

    Sugar rises with age, before diabetes and on from its onset, and is lower under treatment.
    """
    items, people = facts.laboratory.items, lives.people
    item = np.broadcast_to(item, person.shape)
    mean = items[["mean_male", "mean_female"]].to_numpy(np.float64)[item, people.sex[person]]
    spread = items["log_sd"].to_numpy(np.float64)[item]
    code = items["item"].astype("category").cat.codes.to_numpy(np.int64)[item]
    sugar = items["item"].isin(SUGAR).to_numpy()[item]
    shift = _of_conditions(facts, lives, person, day, item, sugar)
    shift = shift + sugar * SUGAR_BY_AGE * np.clip((day - people.birth[person]) / YEAR - 40, -10, 45)
    own = draws.normal("own level", people.no[person], code)
    return mean * np.exp(shift + spread * (OWN * own + NOISE * draws.normal("result", key)))


def _of_conditions(
    facts: ProvinceFacts, lives: Lives, person: Ints, day: Ints, item: Ints, sugar: np.ndarray
) -> Floats:
    """The sum of the log factors of a person's conditions, of the few pairs of person and condition there are."""
    conditions, health = facts.conditions, lives.health
    log_factor = np.log(facts.laboratory.factor)
    acting = np.flatnonzero(log_factor.any(axis=1))
    who, which = np.nonzero(health.onset[:, acting] < NEVER)
    count = np.bincount(who, minlength=len(lives.people))
    many = count[person]
    row = np.repeat(np.arange(len(person)), many)
    pair = np.repeat((np.cumsum(count) - count)[person] - np.cumsum(many) + many, many) + np.arange(len(row))
    c = acting[which[pair]]
    since = (day[row] - health.onset[person[row], c]) / YEAR
    strength = (since >= 0).astype(np.float64)
    diabetes = conditions.index("diabetes")
    s = np.flatnonzero((c == diabetes) & sugar[row])
    treated = health.diagnosis[person[row[s]], diabetes] <= day[row[s]]
    ill = np.minimum(SUGAR_AT_ONSET + SUGAR_A_YEAR * since[s], 1.15) * np.where(treated, SUGAR_TREATED, 1.0)
    strength[s] = np.where(since[s] >= 0, ill, 0.4 * np.exp(np.minimum(since[s], 0) / 4))
    return np.bincount(row, strength * log_factor[c, item[row]], len(person)).astype(np.float64)
