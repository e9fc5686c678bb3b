"""Pregnancies that end in a birth: when they began, the antenatal visits, and the children with their twins.

With the weeks and weights of ``gestation.csv``, 6.6% are born before 37 weeks, 1.4% before 34 (as published), 5.6%
below 2500 g (5.15% published) and 6.8% weigh 4000 g or more (7.35%; calibration.csv).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from jobs.province.childbirth import birth_minute
from jobs.province.datafiles import csv
from jobs.province.draws import Choice, Draws, Ints, repeated
from jobs.province.entries import Entries
from jobs.province.people import NOBODY, People

LENGTH = 301  # days of the longest pregnancy
FEWEST, MORE = 5, 5  # antenatal visits of a pregnancy: 5 to 9 (assumed; the programme asks for five)
ANTENATAL = FEWEST + (MORE - 1) / 2  # their mean
BOOKED = 8  # week of the first visit (assumed)
TWINS_WEIGH = 0.91  # of a single child of the same weeks (assumed)
BOYS_MORE, SPREAD = 100, 0.12  # grams; standard deviation of weights of the same weeks, relative (assumed)
ALIKE = 0.5  # of the variance of twins' weights: what they share (assumed)
APART = (5, 26)  # least minutes between twins, and how many more


@dataclass(frozen=True)
class Antenatal(Entries):
    """One entry an antenatal visit of a mother."""

    person: Ints
    day: Ints
    nth: Ints


@dataclass(frozen=True)
class Newborn(Entries):
    """One entry a child: completed weeks, grams, minute of the day, how many came before it, how many in all."""

    weeks: Ints
    weight: Ints
    minute: Ints
    before: Ints
    born: Ints


@cache
def _gestation() -> tuple[pd.DataFrame, Choice]:
    table = csv("gestation.csv")
    return table, Choice.of(table[["single", "twin"]].to_numpy().T)


def first_of_birth(people: People) -> Ints:
    """For each person the first child of the same birth: of a second twin the first, of all others themselves."""
    order = np.lexsort((people.no, people.birth, people.mother))
    mother, birth = people.mother[order], people.birth[order]
    same = (mother[1:] == mother[:-1]) & (birth[1:] == birth[:-1]) & (mother[1:] != NOBODY)
    start = np.maximum.accumulate(np.where(np.append(False, same), 0, np.arange(len(order))))
    first = np.empty(len(order), np.int64)
    first[order] = order[start]
    return first


def born_together(first: Ints) -> Ints:
    """For each person how many were born in the same birth; ``first``: of ``first_of_birth``."""
    return np.bincount(first, minlength=len(first))[first]


def newborns(draws: Draws, people: People, child: Ints) -> Newborn:
    """What these children are like at birth; twins come after the same weeks, some minutes apart."""
    table, choice = _gestation()
    first = first_of_birth(people)
    born, first = born_together(first)[child], first[child]
    no, delivery, twin = people.no[child], people.no[first], born > 1
    week = choice.pick(draws.uniform("weeks of pregnancy", delivery), twin.astype(np.int64))
    shared = np.where(twin, ALIKE, 0.0)
    z = np.sqrt(1 - shared) * draws.normal("weight", no) + np.sqrt(shared) * draws.normal("weight of both", delivery)
    mean = table["weight_g"].to_numpy()[week] * np.where(twin, TWINS_WEIGH, 1.0)
    weight = mean * (1 + SPREAD * z) + np.where(people.sex[child] == 0, BOYS_MORE, -BOYS_MORE) / 2
    later = (child != first) * (APART[0] + draws.whole(APART[1], "minutes between twins", delivery))
    return Newborn(
        table["weeks"].to_numpy()[week],
        (np.maximum(weight, 500) / 10).astype(np.int64) * 10,
        np.minimum(birth_minute(draws, delivery) + later, 1439),
        (child != first).astype(np.int64),
        born,
    )


def deliveries(people: People) -> tuple[Ints, Ints]:
    """Mother and (first) child of each delivery in the simulated years."""
    child = np.flatnonzero((people.birth == people.first) & (people.mother != NOBODY))
    child = child[first_of_birth(people)[child] == child]
    return people.mother[child], child


def pregnancies(draws: Draws, people: People) -> tuple[Ints, Ints, Ints]:
    """Mother, (first) child, and day on which the pregnancy began, of each delivery in the simulated years."""
    mother, child = deliveries(people)
    days = 7 * newborns(draws, people, child).weeks + draws.whole(7, "days of pregnancy", people.no[child])
    return mother, child, people.birth[child] - days


def antenatal_visits(draws: Draws, people: People) -> Antenatal:
    """Visits from the eighth week on, closer together towards the end."""
    mother, child, began = pregnancies(draws, people)
    no, length = people.no[child], people.birth[child] - began
    count = FEWEST + draws.whole(MORE, "antenatal visits", no)
    of, nth = repeated(count)
    part = (nth + draws.uniform("antenatal day", no[of], nth)) / count[of]
    day = began[of] + 7 * BOOKED + ((length[of] - 7 * BOOKED) * part**0.75).astype(np.int64)
    return Antenatal(mother[of], day, nth)
