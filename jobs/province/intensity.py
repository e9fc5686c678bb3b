"""How many fall ill where and when: the intensity of the diseases that spread, by county, age group and week.

The processes (``transmission``) give the shape in time and space; over the province and the first five years from
``population_on`` on, each age group's mean is the published yearly rate of notified cases over the share notified.
Planted outbreaks come on top. All of it follows from the seed and the place, so that every block meets the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.outbreaks import LONGEST, Planted, planted, profile
from jobs.province.people import YEAR
from jobs.province.schedule import day_number
from jobs.province.settings import SimulateSettings
from jobs.province.transmission import MONDAY, WEEKS, people_by_group, spread, week_of

GROUP = np.array([0, 1, 2, 2, 2])  # group of the process by age group
SETTLING = 5  # years over which the mean is the published rate
HELD = 8  # intensities kept in a process's memory

_made: dict[tuple[object, ...], Intensity] = {}


@dataclass(frozen=True)
class Intensity:
    """Relative to the usual week of each disease and group: [disease, county, group, week], from week ``first`` on.

    ``yearly``: infections a resident and year in usual times, by disease and age group. ``outbreak``: the number of
    the outbreak of a disease, county and week, or -1.
    """

    first: int
    yearly: Floats
    total: Floats
    extra: Floats
    outbreak: Ints
    outbreaks: Planted

    def until(self, day: Ints) -> Floats:
        """Usual weeks' worth of intensity from the first week to the start of these days, along the last axis."""
        summed = np.concatenate([np.zeros((*self.total.shape[:-1], 1)), np.cumsum(self.total, axis=-1)], axis=-1)
        since = day - MONDAY - self.first * 7
        week = since // 7
        return summed[..., week] + self.total[..., week] * (since % 7) / 7

    def between(self, day: Ints) -> Floats:
        """Infections a resident from each of these days to the next, by disease, county and age group."""
        weeks = np.diff(self.until(day), axis=-1)[:, :, GROUP, :]
        return weeks * (self.yearly / WEEKS)[:, None, :, None]


def intensity(facts: ProvinceFacts, settings: SimulateSettings, last: int) -> Intensity:
    """That of these settings from ``population_on`` until at least day ``last``; made once in a process."""
    places = facts.places
    first = day_number(settings.population_on)
    years = max(SETTLING, int((last - first) // YEAR) + 1)
    until = first + round(years * YEAR) + 31
    yearly = infected_yearly(facts, settings)
    key = (facts.code, places.people.tobytes(), settings.seed, first, until, settings.outbreaks, yearly.tobytes())
    if key not in _made:
        while len(_made) >= HELD:
            _made.pop(next(iter(_made)))
        _made[key] = _intensity(facts, settings, yearly, first, until)
    return _made[key]


def infected_yearly(facts: ProvinceFacts, settings: SimulateSettings) -> Floats:
    """Infections a resident and year by epidemic disease and age group: the notified over the share notified."""
    diseases, urban = facts.catalogue.infections, facts.places.urban
    in_town = facts.places.people[urban].sum() / facts.places.people.sum()
    group = np.arange(len(GROUP))
    missed = [settings.undelivered.unnotified[name] for name in diseases.epidemics.index]
    told = [
        1 - in_town * m.of(np.ones(len(group), bool), group) - (1 - in_town) * m.of(np.zeros(len(group), bool), group)
        for m in missed
    ]
    return diseases.notified / np.maximum(np.array(told), 0.01)


def _intensity(facts: ProvinceFacts, settings: SimulateSettings, yearly: Floats, first: int, until: int) -> Intensity:
    draws, places, epidemics = Draws(settings.seed), facts.places, facts.catalogue.infections.epidemics
    people = people_by_group(places)
    weight = people / people.sum(axis=0)
    settled = int(week_of(first + round(SETTLING * YEAR))) - int(week_of(first))
    usual = []
    for number, (_, disease) in enumerate(epidemics.iterrows()):
        new = spread(draws, places, disease, number, first, until).new
        mean = (new[:, :, :settled].mean(axis=2) * weight).sum(axis=0)
        usual.append(new / mean[None, :, None])
    shape = np.array(usual)
    weeks = int(week_of(first)) + np.arange(shape.shape[-1])
    found = planted(draws, settings.outbreaks, epidemics, len(people), weeks)
    extra, outbreak = np.zeros(shape.shape), np.full((*shape.shape[:2], shape.shape[-1]), -1)
    n, nth = np.nonzero(np.arange(LONGEST)[None, :] < found.length[:, None])
    at = found.week[n] + nth - weeks[0]
    inside = at < len(weeks)
    n, nth, at = n[inside], nth[inside], at[inside]
    o = found.at(n)
    extra[o.disease, o.county, o.group, at] = (profile(draws, found) * found.size[:, None])[n, nth]
    outbreak[o.disease, o.county, at] = o.number
    return Intensity(int(weeks[0]), yearly, shape + extra, extra, outbreak, found)
