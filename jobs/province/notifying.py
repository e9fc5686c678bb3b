"""What is known of infections: the cases, and the visits at which a doctor reports one to disease control."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.codebook import age_group
from jobs.province.draws import Floats, Ints
from jobs.province.entries import Entries
from jobs.province.people import YEAR
from jobs.province.recording import Scene


@dataclass(frozen=True)
class Infections(Entries):
    """One entry a case. ``disease`` is a row of the catalogue's; ``county`` that of the day that the case counts on:
    its onset or, of an endemic disease, when a doctor finds it."""

    key: Ints
    person: Ints
    onset: Ints
    day: Ints
    disease: Ints
    county: Ints
    outbreak: Ints
    notified: np.ndarray


@dataclass(frozen=True)
class Reports(Entries):
    """One entry a visit at which a case is reported; ``key`` is the visit's. ``onset``: as the patient tells it."""

    key: Ints
    person: Ints
    onset: Ints
    diagnosed: Ints
    disease: Ints
    hospital: Ints


def unnotified(scene: Scene, disease: Ints, person: Ints, day: Ints, county: Ints) -> Floats:
    """The share of such cases that nobody reports, by disease, place and age."""
    missed = [scene.settings.undelivered.unnotified[d] for d in scene.facts.catalogue.infections.table["disease"]]
    share = np.array([[m.rural, m.urban] for m in missed])
    group = age_group((day - scene.lives.people.birth[person]) / YEAR)
    return share[disease, scene.facts.places.urban[county].astype(np.int64), group]
