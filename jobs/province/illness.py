"""Who falls ill with what, when, and when a doctor finds out. Onset comes from hazards by age and sex, not codes.

A condition's prevalence by age is also the chance of having fallen ill by that age, so a person's uniform number says
the age of onset. Conditions share an unrecorded metabolic factor, which makes them go together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import AGES, Conditions, ProvinceFacts
from jobs.province.people import NEVER, YEAR, People

FRAILTY = 0.3  # log standard deviation of what makes people frail beyond age, sex and conditions (assumed)
LUNG_CANCER_DEATHS = ((2.5, 0.55), (np.inf, 0.05))  # years since onset, extra deaths a year until then (assumed)


@dataclass(frozen=True)
class Health:
    """Days of onset and of diagnosis by person and condition; ``NEVER`` where there is none."""

    onset: Ints
    diagnosis: Ints

    def and_(self, others: Health) -> Health:
        return Health(np.vstack([self.onset, others.onset]), np.vstack([self.diagnosis, others.diagnosis]))


def frailty(draws: Draws, no: Ints) -> Floats:
    """A standard normal number of each person; it acts on death, admissions, readmissions and is recorded nowhere."""
    return draws.normal("frailty", no)


def onsets(draws: Draws, facts: ProvinceFacts, people: People) -> Health:
    """Onset and diagnosis of every condition, for a whole life."""
    conditions = facts.conditions
    which = np.arange(len(conditions.name))[None, :]
    no = people.no[:, None]
    shared = conditions.table["correlation"].to_numpy(np.float64)[None, :]
    own = draws.normal("onset", no, which)
    u = ndtr(-(shared * draws.normal("metabolic", no) + np.sqrt(1 - shared**2) * own))
    age = _onset_age(conditions, people.sex, u)
    age[:, conditions.lung] = _lung_cancer_age(facts, people, u[:, conditions.lung])
    onset = np.where(np.isfinite(age), people.birth[:, None] + np.nan_to_num(age, posinf=0) * YEAR, NEVER).astype(
        np.int64
    )
    share = conditions.table["diagnosed_share"].to_numpy(np.float64)
    delay = (
        draws.exponential("delay", no, which) * conditions.table["diagnosis_delay_years"].to_numpy(np.float64) * YEAR
    )
    found = (onset < NEVER) & draws.happens(share, "diagnosed", no, which)
    return Health(onset, np.where(found, onset + delay.astype(np.int64), NEVER))


def _onset_age(conditions: Conditions, sex: Ints, u: Floats) -> Floats:
    age = np.full(u.shape, np.inf)
    for c in range(len(conditions.name)):
        for s in (0, 1):
            who = (sex == s) & (u[:, c] < conditions.share[c, s, -1])
            age[who, c] = np.interp(u[who, c], conditions.share[c, s], AGES)
    return age


def _lung_cancer_age(facts: ProvinceFacts, people: People, u: Floats) -> Floats:
    """Age at onset by the cumulative hazard from a year and a half before the first day: earlier cases have died."""
    before = np.maximum(people.age(people.first) - 1.5, 0)
    age = np.full(len(u), np.inf)
    for s in (0, 1):
        hazard = np.concatenate([[0], np.cumsum(facts.rates.lung_cancer[s])])
        at = np.arange(len(hazard))
        who = people.sex == s
        wanted = np.interp(before[who], at, hazard) - np.log(1 - u[who])
        age[who] = np.where(wanted < hazard[-1], np.interp(wanted, hazard, at), np.inf)
    return age


def death_ratio(conditions: Conditions, ill: np.ndarray, weak: Floats) -> Floats:
    """What a person's conditions and frailty multiply the hazard of death by, before it is scaled to a mean of 1."""
    ratio = np.log(conditions.table["mortality_ratio"].to_numpy(np.float64))
    return np.exp(ill @ ratio + FRAILTY * weak - FRAILTY**2 / 2)


def excess_death(years_since_onset: Floats) -> Floats:
    """Extra hazard of death from lung cancer, a year; 0 before onset."""
    hazard = np.zeros(years_since_onset.shape)
    since = 0.0
    for until, rate in LUNG_CANCER_DEATHS:
        hazard[(years_since_onset >= since) & (years_since_onset < until)] = rate
        since = until
    return hazard
