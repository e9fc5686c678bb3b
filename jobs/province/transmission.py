"""How infections spread: the new ones by disease, county, age group and week, from a stochastic process in each county.

A discrete SEIR process (TSIR, after Finkenstädt and Grenfell 2000): a step is one generation, so those exposed in one
step infect in the next. Contagion follows the season, children's contacts the school year; the susceptible are used
up, and come back by birth and waning immunity. Counties infect each other inside a city by size, across cities by
size and squared distance (gravity). All parameters are assumed (``data/epidemics.csv``). The process covers the census
residents, not the simulated sample, and knows nothing of what anybody records. The number of people is whole in every
step, so that the last bits of one machine's arithmetic do not grow into another epidemic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import BANDS, Places

SPREADERS = 3  # groups of the process: 0 to 5 years, 6 to 17, older
WIDTH = np.array([6.0, 12.0, 60.0])  # years that a person spends in each group
MONDAY = 4  # 1970-01-05, where week 0 begins
WARM_UP = 10  # years that the process runs before it is looked at
WEEKS = 365.2425 / 7  # in a year
SUMMER, WINTER = (186, 243), (20, 50)  # days of the year without school (assumed; the winter's follow the lunar year)
NEAREST = 20.0  # km below which distance no longer matters (assumed)


@dataclass(frozen=True)
class Course:
    """New infections a resident and week of ``new[county, group, week]``; the first week is number ``first``."""

    first: int
    new: Floats


def week_of(day: Ints | int) -> Ints:
    """The week that a day lies in, counted from the Monday of 1970-01-05; weeks begin on Mondays."""
    return (np.asarray(day) - MONDAY) // 7


def in_term(week: Ints) -> np.ndarray:
    """Whether schools are open in the middle of these weeks."""
    middle = (week * 7 + MONDAY + 3).astype("M8[D]")
    day = (middle - middle.astype("M8[Y]")).astype(np.int64)
    return ~(((day >= SUMMER[0]) & (day < SUMMER[1])) | ((day >= WINTER[0]) & (day < WINTER[1])))


def people_by_group(places: Places) -> Floats:
    """Census residents of each county in the groups of the process: [county, group]."""
    cities = len(places.city_code)
    bands = np.diff(places.cells.cumulative, prepend=0.0).reshape(cities, 2, BANDS).sum(axis=1)
    county = np.diff(places.county.cumulative, prepend=0.0).reshape(cities, BANDS, -1)
    people = (places.city_people[:, None, None] * bands[:, :, None] * county).sum(axis=0)  # [band, county]
    young, pupils = people[0] + 0.2 * people[1], 0.8 * people[1] + people[2] + 0.6 * people[3]
    return np.column_stack([young, pupils, people.sum(axis=0) - young - pupils])


def coupling(places: Places, in_city: float, across: float) -> Floats:
    """Share of each county's contacts (rows) that are with people of each county."""
    same = places.city[:, None] == places.city[None, :]
    apart = np.linalg.norm(places.position[:, None, :] - places.position[None, :, :], axis=2)
    near = same * places.people
    far = ~same * places.people / np.maximum(apart, NEAREST) ** 2
    near, far = (w / w.sum(axis=1, keepdims=True) for w in (near, far))
    return (1 - in_city - across) * np.eye(len(same)) + in_city * near + across * far


def spread(draws: Draws, places: Places, disease: pd.Series, number: int, first: int, last: int) -> Course:
    """The process of one disease (a row of ``epidemics.csv``) from the week of day ``first`` to that of ``last``."""
    people, steps = people_by_group(places), int(disease["steps_a_week"])
    begin = int(week_of(first))
    weeks = np.arange(begin - round(WARM_UP * WEEKS), int(week_of(last)) + 1)
    at = np.repeat(weeks, steps) * steps + np.tile(np.arange(steps), len(weeks))
    noise = _noise(draws, float(disease["noise"]), number, at, people.shape)
    term = np.repeat(in_term(weeks), steps)
    season = np.repeat(_season(draws, disease, number, weeks * 7 + MONDAY + 3, len(people)), steps, axis=0)
    contacts = [_contacts(disease, people.sum(axis=0), open_) for open_ in (False, True)]
    together = coupling(places, float(disease["in_city"]), float(disease["across"]))
    imported = float(disease["imported"]) / 1e5 / steps
    wane, older = 1 / (float(disease["immune_years"]) * WEEKS * steps), 1 / (WIDTH * WEEKS * steps)
    susceptible, infected = np.rint(people / disease["reproduction"]), np.rint(people * 1e-4)
    new = np.empty((len(at), *people.shape))
    for n in range(len(at)):
        force = season[n][:, None] * (together @ (infected / people) @ contacts[int(term[n])].T) + imported
        falling = np.minimum(np.rint(susceptible * -np.expm1(-force) * noise[n]), susceptible)
        share = susceptible / people
        growing = np.column_stack([np.ones(len(people)), share[:, :-1]])  # children are born susceptible
        back = (people - susceptible - infected) * wane + people * older * (growing - share)
        susceptible = np.clip(np.rint(susceptible - falling + back), 0, people)
        infected = falling
        new[n] = falling
    weekly = new.reshape(len(weeks), steps, *people.shape).sum(axis=1) / people
    return Course(begin, np.moveaxis(weekly[weeks >= begin], 0, 2))


def _season(draws: Draws, disease: pd.Series, number: int, day: Ints, counties: int) -> Floats:
    """How contagious the disease is on these days, 1 on average: by the time of year, and from season to season.

    A season is more or less contagious in the whole province and, by as much again, in each county: [day, county].
    """
    since_peak = (day - float(disease["peak_day"])) / 365.2425
    season = np.floor(since_peak + 0.5).astype(np.int64)  # turns half a year before the peak
    here = draws.normal("season of a county", number, season[:, None], np.arange(counties)[None, :])
    drift = np.exp(float(disease["drift"]) * (draws.normal("season", number, season)[:, None] + here))
    return (1 + float(disease["forcing"]) * np.cos(2 * np.pi * since_peak))[:, None] * drift


def _noise(draws: Draws, size: float, number: int, step: Ints, shape: tuple[int, ...]) -> Floats:
    """Chance by step, county and group, log-normal with mean 1; neighbours share none of it."""
    county, group = np.arange(shape[0])[None, :, None], np.arange(shape[1])[None, None, :]
    z = draws.normal("transmission", number, step[:, None, None], county, group)
    return np.exp(size * z - size**2 / 2)


def _contacts(disease: pd.Series, people: Floats, school: bool) -> Floats:
    """Force on each group (rows) from the infected share of each, so that one infected infects ``reproduction``.

    In the holidays children meet less, and infect fewer.
    """
    active = disease[["active_0_5", "active_6_17", "active_adult"]].to_numpy(np.float64)
    own = float(disease["own_group"])
    weight = active * people / (active * people).sum()
    mixed = active[:, None] * (own * np.eye(SPREADERS) + (1 - own) * weight[None, :])
    most = np.abs(np.linalg.eigvals(mixed * people[:, None] / people[None, :])).max()
    less = np.array([1.0, 1.0, 1.0]) if school else np.array([disease["holiday"], disease["holiday"], 1.0])
    return float(disease["reproduction"]) * mixed / most * less[:, None]
