"""Confidence limits of counts, proportions and directly standardised rates, vectorised over numpy arrays.

Every function takes arrays (or numbers) of one shape and gives ``(low, high)`` of that shape, for the two-sided
confidence ``level``. Published worked examples that they reproduce are in ``tests/gold/test_interval.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
Limits = tuple[Floats, Floats]


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def exact_poisson(count: ArrayLike, level: float = 0.95) -> Limits:
    """Limits of a Poisson count by chi-square quantiles (Garwood, Biometrika 1936). A count of 0 starts at 0."""
    n, tail = _floats(count), (1 - level) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(n > 0, stats.chi2.ppf(tail, 2 * np.maximum(n, 1e-12)) / 2, 0.0)
    return low, stats.chi2.ppf(1 - tail, 2 * (n + 1)) / 2


def byar(count: ArrayLike, level: float = 0.95) -> Limits:
    """Byar's approximation to the exact Poisson limits (Breslow and Day 1987, p. 69); good from a count of 10."""
    n, z = _floats(count), stats.norm.ppf((1 + level) / 2)
    safe = np.maximum(n, 1e-12)
    low = np.where(n > 0, n * (1 - 1 / (9 * safe) - z / (3 * np.sqrt(safe))) ** 3, 0.0)
    high = (n + 1) * (1 - 1 / (9 * (n + 1)) + z / (3 * np.sqrt(n + 1))) ** 3
    return low, high


def poisson(count: ArrayLike, exact_below: float, level: float = 0.95) -> Limits:
    """Exact limits for counts under ``exact_below``, Byar's from there."""
    few = _floats(count) < exact_below
    exact, approximate = exact_poisson(count, level), byar(count, level)
    return np.where(few, exact[0], approximate[0]), np.where(few, exact[1], approximate[1])


def wilson(count: ArrayLike, total: ArrayLike, level: float = 0.95) -> Limits:
    """Wilson's score limits of the proportion ``count / total`` (JASA 1927); not a number where ``total`` is 0."""
    x, n, z = _floats(count), _floats(total), stats.norm.ppf((1 + level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = 2 * x + z**2
        spread = z * np.sqrt(z**2 + 4 * x * (1 - x / n))
        return (centre - spread) / (2 * (n + z**2)), (centre + spread) / (2 * (n + z**2))


def dobson(rate: ArrayLike, variance: ArrayLike, count: ArrayLike, count_limits: Limits) -> Limits:
    """Limits of a weighted sum of counts (Dobson et al., Stat Med 1991;10:457-62).

    ``rate`` is the standardised rate, ``variance`` its variance (for events that repeat: from squares of each
    person's count instead of the counts), ``count`` the events behind it and ``count_limits`` their own limits. The
    crude rate of repeating events is the case of one stratum.
    """
    r, v, n = _floats(rate), _floats(variance), _floats(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt(v / n)
    return r + scale * (count_limits[0] - n), r + scale * (count_limits[1] - n)


def gamma(rate: ArrayLike, variance: ArrayLike, largest_weight: ArrayLike, level: float = 0.95) -> Limits:
    """Gamma limits of a standardised rate (Fay and Feuer, Stat Med 1997;16:791-801).

    ``largest_weight`` is the greatest weight of one event, max(w / n), which makes the upper limit conservative.
    """
    r, v, w = _floats(rate), _floats(variance), _floats(largest_weight)
    tail = (1 - level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        low: Any = np.where(r > 0, stats.gamma.ppf(tail, r**2 / v, scale=v / r), 0.0)
    high = stats.gamma.ppf(1 - tail, (r + w) ** 2 / (v + w**2), scale=(v + w**2) / (r + w))
    return low, high
