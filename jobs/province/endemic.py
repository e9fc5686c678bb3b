"""Hepatitis B and tuberculosis, which are always there. A case is a condition of the life that a doctor finds, often
long after its onset. The visit that finds it is reported, unless that is missed; of the later visits for it, a few are
reported once more (by another hospital, as a rule). A card tells when the patient felt ill, days or weeks before the
visit: nobody knows when an infection began that has lain hidden for decades.
"""

from __future__ import annotations

import numpy as np

from jobs.province.draws import Ints
from jobs.province.epidemic import NO_OUTBREAK
from jobs.province.notifying import Infections, Reports, unnotified
from jobs.province.recording import Scene
from jobs.province.visits import Visits, finds_condition

LONGEST_ILL = 90  # days from feeling ill to the visit (assumed)


def endemic_cases(scene: Scene, visits: Visits) -> tuple[Infections, Reports]:
    """The cases found at these visits (on the day that a case is found), and the visits that are reported."""
    diseases, lives = scene.facts.catalogue.infections, scene.lives
    disease_of = np.full(len(scene.facts.conditions.name) + 1, -1)  # the last: of visits for no condition
    for n, name in enumerate(diseases.endemic.index):
        disease_of[scene.facts.conditions.index(name)] = len(diseases.epidemics) + n
    v = visits.at(np.flatnonzero(disease_of[visits.condition] >= 0))
    disease, county = disease_of[v.condition], lives.county(v.person, v.day)
    onset, first = lives.health.onset[v.person, v.condition], finds_condition(v)
    again = diseases.endemic["reported_again"].to_numpy(np.float64)[disease - len(diseases.epidemics)]
    share = (1 - unnotified(scene, disease, v.person, v.day, county)) * np.where(first, 1.0, again)
    reported = scene.draws.happens(share, "notified", v.key)
    felt_ill = _felt_ill(scene, disease - len(diseases.epidemics), v, onset)
    cases = Infections(v.key, v.person, onset, v.day, disease, county, np.full(len(v.key), NO_OUTBREAK), reported).at(
        np.flatnonzero(first)
    )
    return cases, Reports(v.key, v.person, felt_ill, v.day, disease, v.hospital).at(np.flatnonzero(reported))


def _felt_ill(scene: Scene, disease: Ints, visits: Visits, onset: Ints) -> Ints:
    """The day of onset on a card: some days or weeks before the visit, not before the infection."""
    mean = scene.facts.catalogue.infections.endemic["ill_days"].to_numpy(np.float64)[disease]
    days = np.minimum(scene.draws.exponential("felt ill for", visits.key) * mean, LONGEST_ILL).astype(np.int64)
    return np.maximum(onset, visits.day - days)
