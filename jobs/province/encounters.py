"""Visits and stays seen alike: what prescriptions, payments, studies and documents follow from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Draws, Ints
from jobs.province.entries import Entries
from jobs.province.stays import Described, Stays, stay_minutes
from jobs.province.visits import Visits


@dataclass(frozen=True)
class Encounters(Entries):
    """One entry a visit or stay. ``source`` is its key among visits, or among stays where ``of_stay``."""

    source: Ints
    of_stay: np.ndarray
    person: Ints
    day: Ints
    minute: Ints
    until: Ints  # day of discharge; of the visit itself
    left: Ints  # minute of leaving
    condition: Ints
    diagnosis: Ints
    department: Ints
    hospital: Ints
    operated: np.ndarray

    def __len__(self) -> int:
        return len(self.source)

    @property
    def key(self) -> Ints:
        """Unique among all encounters."""
        return self.numbered(0, 1)

    def numbered(self, nth: Ints | int, of: int) -> Ints:
        """Unique keys for up to ``of`` (at most four) things that follow from each encounter."""
        return (self.source * of + nth) * 2 + self.of_stay


def encounters(draws: Draws, visits: Visits, stays: Stays, about: Described) -> Encounters:
    """These visits, then these stays."""
    minute, left = stay_minutes(draws, stays)
    both = (
        (visits.key, stays.key),
        (np.zeros(len(visits), bool), np.ones(len(stays), bool)),
        (visits.person, stays.person),
        (visits.day, stays.admitted),
        (visits.minute, minute),
        (visits.day, stays.discharged),
        (np.minimum(visits.minute + 40, 1439), left),
        (visits.condition, stays.condition),
        (visits.diagnosis, about.diagnosis),
        (visits.department, about.department),
        (visits.hospital, about.hospital),
        (np.zeros(len(visits), bool), about.operated),
    )
    return Encounters(*(np.concatenate(pair) for pair in both))
