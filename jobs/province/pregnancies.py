"""Pregnancies that end in a birth: when they began, and the antenatal visits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Draws, Ints
from jobs.province.entries import Entries
from jobs.province.people import NOBODY, People

LENGTH = 273  # days from the first visit's week 1 to birth: 40 weeks less one
FEWEST, MORE = 5, 5  # antenatal visits of a pregnancy: 5 to 9 (assumed; the programme asks for five)
ANTENATAL = FEWEST + (MORE - 1) / 2  # their mean
BOOKED = 8  # week of the first visit (assumed)


@dataclass(frozen=True)
class Antenatal(Entries):
    """One entry an antenatal visit of a mother."""

    person: Ints
    day: Ints
    nth: Ints


def pregnancies(people: People) -> tuple[Ints, Ints, Ints]:
    """Mother, (first) child, and day on which the pregnancy began, of each delivery in the simulated years."""
    child = np.flatnonzero((people.birth == people.first) & (people.mother != NOBODY))
    _, one = np.unique(people.mother[child] * 1_000_000 + people.birth[child], return_index=True)  # twins are one
    child = child[np.sort(one)]
    return people.mother[child], child, people.birth[child] - LENGTH


def antenatal_visits(draws: Draws, people: People) -> Antenatal:
    """Visits from the eighth week on, closer together towards the end."""
    mother, child, began = pregnancies(people)
    no = people.no[child]
    count = FEWEST + draws.whole(MORE, "antenatal visits", no)
    of = np.repeat(np.arange(len(child)), count)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    part = (nth + draws.uniform("antenatal day", no[of], nth)) / count[of]
    day = began[of] + 7 * BOOKED + ((LENGTH - 7 * BOOKED) * part**0.75).astype(np.int64)
    return Antenatal(mother[of], day, nth)
