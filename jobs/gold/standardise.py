"""Direct age standardisation of many cells at once, on numpy arrays of shape (cells, strata)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from jobs.gold import interval
from jobs.gold.interval import Floats


class Standardised(NamedTuple):
    """A standardised rate per unit of the denominator, with limits; not a number where it can't be computed."""

    rate: Floats
    low: Floats
    high: Floats


class Sums(NamedTuple):
    """What the limits of a standardised rate are made of: rate, its variance, events, the largest weight of one."""

    rate: Floats
    variance: Floats
    events: Floats
    largest_weight: Floats


def weighted(events: ArrayLike, squares: ArrayLike, exposure: ArrayLike, weights: ArrayLike) -> Sums:
    """The weighted sums of each cell.

    ``events``, ``squares`` (sum over persons of their squared counts; equal to ``events`` where one person has one
    event) and ``exposure`` are (cells, strata); ``weights`` (strata,) is a standard population on any scale. A cell
    with a weighted stratum in which nobody was exposed has no standardised rate.
    """
    n, n_sq, days = (np.asarray(a, dtype=np.float64) for a in (events, squares, exposure))
    share = np.asarray(weights, dtype=np.float64)
    share = share / share.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        one = np.where(days > 0, share / days, np.where(share > 0, np.nan, 0.0))
    return Sums((one * n).sum(-1), (one**2 * n_sq).sum(-1), n.sum(-1), one.max(-1))


def direct(
    events: ArrayLike,
    squares: ArrayLike,
    exposure: ArrayLike,
    weights: ArrayLike,
    least_events: int,
    limits: Literal["dobson", "gamma"] = "dobson",
    level: float = 0.95,
) -> Standardised:
    """Directly standardised rates; none where there are fewer than ``least_events``. Arguments as for ``weighted``.

    ``dobson``: Dobson's limits on Byar's, as Public Health England publishes them (PHEindicatormethods, phe_dsr; for
    repeating events the variance comes from the squared counts of persons). ``gamma``: Fay and Feuer's.
    """
    sums = weighted(events, squares, exposure, weights)
    if limits == "gamma":
        low, high = interval.gamma(sums.rate, sums.variance, sums.largest_weight, level)
    else:
        low, high = interval.dobson(sums.rate, sums.variance, sums.events, interval.byar(sums.events, level))
    enough = sums.events >= least_events
    return Standardised(*(np.where(enough, x, np.nan) for x in (sums.rate, low, high)))
