"""To which hospital a stay goes, and which stays follow from a transfer."""

from __future__ import annotations

import numpy as np

from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.institutions import Institutions
from jobs.province.life import Lives
from jobs.province.visits import OTHER

STEPS = 3  # readmissions that may follow one another: the last digit of a stay's key


def gap(draws: Draws, key: Ints) -> Ints:
    """Days from discharge to the readmission with this key."""
    return 1 + (30 * draws.uniform("gap", key) ** 1.4).astype(np.int64)


def transferred_in(draws: Draws, key: Ints) -> np.ndarray:
    """Which stays follow from a transfer: readmissions of the next day."""
    return (key % 10 >= 1) & (key % 10 <= STEPS) & (gap(draws, key) == 1)


def hospital(
    draws: Draws, facts: ProvinceFacts, institutions: Institutions, lives: Lives, key: Ints, person: Ints, day: Ints,
    condition: Ints, operated: Floats,
) -> Ints:  # fmt: skip
    """The hospital of stays, by home, condition and share that is ``operated`` on. Who is transferred goes to the
    city's, or from there to the capital's or another."""
    severity = np.where(condition != OTHER, facts.conditions.severity[np.maximum(condition, 0)], 0)
    severity = severity + (operated > 0.5)  # more if mostly operated
    county = lives.county(person, day)
    usual = draws.uniform("usual hospital", lives.people.no[person], condition + 1)

    def chosen(key: Ints) -> Ints:
        u = np.where(draws.happens(0.7, "usual", key), usual, draws.uniform("hospital", key))
        return institutions.visited(facts.places, county, severity, u)

    of_city, capital = institutions.hospital[facts.places.city[county], 0], institutions.hospital[0, 0]
    before = chosen(key - 1)
    further = np.where(before == capital, institutions.hospital[0, -1], capital)
    return np.where(transferred_in(draws, key), np.where(before == of_city, further, of_city), chosen(key))
