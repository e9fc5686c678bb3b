"""Outbreaks planted in kindergartens and schools, at places and times drawn from the seed, whoever is simulated.

An outbreak goes through one body of children as an epidemic among the all susceptible does: it grows by a factor of
its own, peaks and burns out, so its weeks rise and fall unevenly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from jobs.province.draws import Draws, Floats, Ints
from jobs.province.entries import Entries
from jobs.province.shares import Outbreaks
from jobs.province.transmission import MONDAY, WEEKS, in_term

LONGEST = 26  # weeks
SIZE_SPREAD = 0.4  # log standard deviation of the size (assumed)
REPRODUCTION = (1.5, 2.5)  # least, and how much more at most (assumed)


@dataclass(frozen=True)
class Planted(Entries):
    """One entry an outbreak. ``group`` is that of the process; ``size``: its cases over the group's usual number."""

    number: Ints
    disease: Ints
    county: Ints
    group: Ints
    week: Ints
    length: Ints
    size: Floats

    def __len__(self) -> int:
        return len(self.number)

    @property
    def days(self) -> tuple[Ints, Ints]:
        """The first and the last day of each."""
        return self.week * 7 + MONDAY, (self.week + self.length) * 7 + MONDAY - 1


def planted(draws: Draws, settings: Outbreaks, epidemics: pd.DataFrame, counties: int, weeks: Ints) -> Planted:
    """The outbreaks that begin in these weeks; none begins where one of the same disease goes on."""
    term = in_term(weeks)
    a_week = settings.a_year / (WEEKS * in_term(np.arange(0, 521)).mean())
    disease, county = np.arange(len(epidemics))[:, None, None], np.arange(counties)[None, :, None]
    begins = draws.happens(a_week, "outbreak", disease, county, weeks) & term
    d, c, at = np.nonzero(begins)
    number = (weeks[at] * 1000 + c) * 10 + d
    mean = np.full(len(number), settings.weeks - 1)
    length = np.minimum(1 + draws.poisson(mean, "outbreak length", number), LONGEST)
    young = epidemics["outbreaks_0_5"].to_numpy(np.float64)[d]
    size = settings.size_multiple * np.exp(SIZE_SPREAD * draws.normal("outbreak size", number) - SIZE_SPREAD**2 / 2)
    group = 1 - draws.happens(young, "outbreak group", number).astype(np.int64)
    found = Planted(number, d, c, group, weeks[at], length, size)
    return found.at(_alone(found))


def _alone(found: Planted) -> Ints:
    """Those that begin when no earlier one that is kept goes on in the county."""
    busy_until: dict[tuple[int, int], int] = {}
    keep = []
    for n in np.argsort(found.week, kind="stable").tolist():
        place = (int(found.disease[n]), int(found.county[n]))
        if found.week[n] >= busy_until.get(place, 0):
            keep.append(n)
            busy_until[place] = int(found.week[n] + found.length[n])
    return np.array(keep, np.int64)


def profile(draws: Draws, outbreak: Planted) -> Floats:
    """How each outbreak's extra cases fall on its weeks: [outbreak, week], each row's sum its length."""
    growth = REPRODUCTION[0] + REPRODUCTION[1] * draws.uniform("outbreak growth", outbreak.number)
    left, ill = np.full(len(outbreak), 0.98), np.full(len(outbreak), 0.02)
    shape = np.zeros((len(outbreak), LONGEST))
    for week in range(LONGEST):
        shape[:, week] = ill
        ill = left * -np.expm1(-growth * ill)
        left = left - ill
    shape *= np.arange(LONGEST)[None, :] < outbreak.length[:, None]
    return shape / shape.sum(axis=1, keepdims=True) * outbreak.length[:, None]
