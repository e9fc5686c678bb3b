"""The value of a laboratory item in a person on a day: one trajectory, whoever measures it.

Log-normal about the healthy mean by sex and age, a part of it the person's own for life, times the effects of the
person's conditions, which grow with the years and are less under treatment (lab_effects.csv).
"""

from __future__ import annotations

import numpy as np

from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.lab_lists import NONE
from jobs.province.life import Lives
from jobs.province.people import NEVER, YEAR

OWN, NOISE = 0.75, 0.66  # how much of an item's spread is the person's own, and how much of the day (assumed)
SUGAR = ("GLU", "HBA1C")
TOTAL, PARTS = "TC", {"LDL-C": 1.0, "HDL-C": 1.0, "TG": 0.45}  # of total cholesterol, in mmol/L (Friedewald 1972)
SUGAR_BY_AGE = 0.0016  # of the logarithm, a year of age (assumed)
SEVERITY_SD = 0.35  # log standard deviation of how much a condition does to a person (assumed)
BEFORE_YEARS = 4.0  # an effect before the onset grows by e in these years (assumed)


def takes_drugs(draws: Draws, facts: ProvinceFacts, no: Ints) -> np.ndarray:
    """Which people take their drugs regularly, by number."""
    return draws.uniform("takes drugs", no) < facts.catalogue.share["followup.regular"]


def treated(
    draws: Draws, facts: ProvinceFacts, lives: Lives, person: Ints, day: Ints, condition: Ints | int
) -> np.ndarray:
    """Which people are treated for a condition on a day: a doctor knows of it, and they take their drugs."""
    known = lives.health.diagnosis[person, condition] <= day
    return known & takes_drugs(draws, facts, lives.people.no[person])


def value(
    draws: Draws,
    facts: ProvinceFacts,
    lives: Lives,
    person: Ints,
    day: Ints,
    item: Ints,
    taken: Ints,
    illness: Floats | float = 0.0,
) -> Floats:
    """Values of items in people on days. ``taken``: the number of the draw of blood, so that an item is the same in all
    panels of it; ``illness``: the logarithm of what the day's acute illness multiplies the value by."""
    number = facts.laboratory.number
    found = _apart(draws, facts, lives, person, day, item, taken)
    total = np.flatnonzero(item == number(TOTAL))
    who, when, draw = person[total], day[total], taken[total]
    parts = [
        share * _apart(draws, facts, lives, who, when, np.full(len(total), number(part)), draw)
        for part, share in PARTS.items()
    ]
    found[total] = np.sum(parts, axis=0)
    return found * np.exp(illness)


def _apart(
    draws: Draws, facts: ProvinceFacts, lives: Lives, person: Ints, day: Ints, item: Ints, taken: Ints
) -> Floats:
    """Values of items that do not add up from others, without acute illness."""
    laboratory, people = facts.laboratory, lives.people
    items, age = laboratory.items, (day - people.birth[person]) / YEAR
    like = items["like"].map(laboratory.number, na_action="ignore")
    own = like.fillna(items.index.to_series()).to_numpy(np.int64)[item]
    spread = items["log_sd"].to_numpy(np.float64)[item]
    sugar = items["item"].isin(SUGAR).to_numpy()[item]
    shift = _of_conditions(draws, facts, lives, person, day, item)
    shift = shift + sugar * SUGAR_BY_AGE * np.clip(age - 40, -10, 45)
    place = OWN * draws.normal("own level", people.no[person], own) + NOISE * draws.normal("result", taken, item)
    return laboratory.usual(item, people.sex[person], age) * np.exp(shift + spread * place)


def _of_conditions(draws: Draws, facts: ProvinceFacts, lives: Lives, person: Ints, day: Ints, item: Ints) -> Floats:
    """The sum of the log factors of a person's conditions, of the few pairs of person and condition there are."""
    health, effects = lives.health, facts.laboratory.lasting
    acting = np.flatnonzero((effects.row != NONE).any(axis=1))
    who, which = np.nonzero(health.onset[:, acting] < NEVER)
    severity = np.exp(SEVERITY_SD * draws.normal("severity of a condition", lives.people.no[who], acting[which]))
    count = np.bincount(who, minlength=len(lives.people))
    many = count[person]
    of = np.repeat(np.arange(len(person)), many)
    pair = np.repeat((np.cumsum(count) - count)[person] - np.cumsum(many) + many, many) + np.arange(len(of))
    row = effects.row[acting[which[pair]], item[of]]
    there = np.flatnonzero(row != NONE)
    of, pair, row = of[there], pair[there], row[there]
    strength = severity[pair] * _course(draws, facts, lives, person[of], day[of], acting[which[pair]], row)
    return np.bincount(of, strength * np.log(effects.column("factor", row)), len(person)).astype(np.float64)


def _course(
    draws: Draws, facts: ProvinceFacts, lives: Lives, person: Ints, day: Ints, condition: Ints, row: Ints
) -> Floats:
    """How much of its whole effect a condition has on a day: by years since the onset, and whether it is treated."""
    health, effects = lives.health, facts.laboratory.lasting
    since = (day - health.onset[person, condition]) / YEAR
    drugs = treated(draws, facts, lives, person, day, condition)
    after = effects.column("at_onset", row) + effects.column("a_year", row) * np.maximum(since, 0)
    after = np.minimum(after, effects.column("most", row)) * np.where(drugs, effects.column("treated", row), 1.0)
    before = effects.column("before", row) * np.exp(np.minimum(since, 0) / BEFORE_YEARS)
    return np.where(since >= 0, after, before)
