"""Infections with what spreads, drawn from the intensity of each resident's county, age group and week.

At most one infection a person and month. Vaccination against influenza lowers the hazard, and that of the others is so
much higher that the mean is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.codebook import age_group
from jobs.province.draws import Floats, Ints
from jobs.province.entries import Entries
from jobs.province.immunisation import autumn_doses, influenza_coverage
from jobs.province.intensity import GROUP, Intensity, intensity
from jobs.province.people import YEAR
from jobs.province.recording import Scene
from jobs.province.transmission import week_of
from jobs.province.visits import cells, month_starts

IMMUNE_AFTER = 14  # days from a dose to its protection (assumed)
LONGEST_MONTH = 31
NO_OUTBREAK = -1


@dataclass(frozen=True)
class Onsets(Entries):
    """One entry an infection. ``disease`` is a row of the catalogue's; ``outbreak`` its number, or NO_OUTBREAK."""

    key: Ints
    person: Ints
    day: Ints
    disease: Ints
    outbreak: Ints


@dataclass(frozen=True)
class AtRisk(Entries):
    """One entry a resident and month; ``month`` counts from the first one asked for."""

    person: Ints
    month: Ints
    county: Ints
    group: Ints


def at_risk(scene: Scene, months: range) -> AtRisk:
    """Who lives where, and how old, at the start of each of these months (or on the first day in the province)."""
    lives, first = scene.lives, month_starts(months)
    person, month = cells(lives, months)
    county = lives.county(person, np.maximum(first[month], lives.people.first[person]))
    group = age_group((first[month] - lives.people.birth[person]) / YEAR)
    return AtRisk(person, month, county, group).at(np.flatnonzero(county >= 0))


def epidemic_infections(scene: Scene, months: range, risk: AtRisk) -> Onsets:
    """The infections of these months with diseases that spread."""
    draws, first = scene.draws, month_starts(months)
    course = intensity(scene.facts, scene.settings, int(first[-1]))
    no, absolute = scene.lives.people.no[risk.person], risk.month + months.start
    mean = course.between(first)[:, risk.county, risk.group, risk.month]
    names = list(scene.facts.catalogue.infections.table["disease"])
    mean[names.index("influenza")] *= _left_by_vaccination(scene, months, risk)
    total = mean.sum(axis=0)
    cell = np.flatnonzero(draws.happens(-np.expm1(-total), "infection", no, absolute))
    which = draws.uniform("infection disease", no[cell], absolute[cell]) * total[cell]
    disease = (which >= np.cumsum(mean[:, cell], axis=0)[:-1]).sum(axis=0)
    key = (no[cell] * 10_000 + absolute[cell]) * 10 + disease
    return _dated(scene, course, first, key, disease, risk.at(cell))


def _dated(scene: Scene, course: Intensity, first: Ints, key: Ints, disease: Ints, infected: AtRisk) -> Onsets:
    """The day of each infection by the intensity of its weeks, and the outbreak that it belongs to."""
    draws = scene.draws
    begin, end = first[infected.month], first[infected.month + 1]
    days = begin[:, None] + np.arange(LONGEST_MONTH)[None, :]
    place = disease[:, None], infected.county[:, None], GROUP[infected.group][:, None]
    daily = np.where(days < end[:, None], course.total[*place, week_of(days) - course.first], 0.0)
    until = np.cumsum(daily, axis=1)
    day = begin + (draws.uniform("infection day", key)[:, None] * until[:, -1:] >= until[:, :-1]).sum(axis=1)
    at = disease, infected.county, GROUP[infected.group], week_of(day) - course.first
    of_outbreak = draws.happens(course.extra[at] / course.total[at], "infection of outbreak", key)
    outbreak = np.where(of_outbreak, course.outbreak[at[0], at[1], at[3]], NO_OUTBREAK)
    return Onsets(key, infected.person, day, disease, outbreak)


def _left_by_vaccination(scene: Scene, months: range, risk: AtRisk) -> Floats:
    """What vaccination leaves of the hazard of influenza, over what it leaves on average."""
    effect = scene.facts.catalogue.share["vaccination.effect_influenza"]
    season = 1970 + (np.arange(months.start, months.stop) - 8) // 12  # from September on the year's own
    given = autumn_doses(scene, range(int(season[0]), int(season[-1]) + 1))
    dose = given[risk.person, (season - season[0])[risk.month]]
    protected = dose + IMMUNE_AFTER <= month_starts(months)[risk.month]
    return np.where(protected, 1 - effect, 1.0) / (1 - effect * influenza_coverage(scene)[risk.group])
