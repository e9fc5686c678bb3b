"""Visits and stays seen alike: what prescriptions, payments, studies and documents follow from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Draws, Ints
from jobs.province.entries import Entries
from jobs.province.life import Lives
from jobs.province.people import YEAR
from jobs.province.stay_course import way_of_leaving
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
    way: Ints  # of leaving a stay, CV06.00.226; 0 of a visit

    def __len__(self) -> int:
        return len(self.source)

    @property
    def key(self) -> Ints:
        """Unique among all encounters."""
        return self.numbered(0, 1)

    def numbered(self, nth: Ints | int, of: Ints | int) -> Ints:
        """Unique keys for up to ``of`` things following from each encounter (at most four of a visit, 32 of a stay)."""
        return (self.source * of + nth) * 2 + self.of_stay


def encounters(draws: Draws, lives: Lives, visits: Visits, stays: Stays, about: Described) -> Encounters:
    """These visits, then these stays."""
    minute, left = stay_minutes(draws, stays)
    way = way_of_leaving(draws, stays, (stays.admitted - lives.people.birth[stays.person]) / YEAR)
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
        (np.zeros(len(visits), np.int64), way),
    )
    return Encounters(*(np.concatenate(pair) for pair in both))
