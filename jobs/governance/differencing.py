"""What a reader can work out about withheld counts from sums, and what to withhold so that no count is pinned down.

A count for all is the sum of its parts: of sexes, of age bands, of a place's parts, of the years of a pooled period.
Every shown count is known to lie within its rounding, every withheld one to be at least 1, and at most what a withheld
count can be. ``bounds`` narrows these by every sum until nothing moves, which is what a careful reader could do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Family = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Positions of parts, and for each the position of its sum."""

ANYTHING = 1e12
"""More than any count."""

LEAST_VALUES = 3
"""Values that a withheld count must still be able to take, as far as ``bounds`` can tell. Two would do if it saw
everything; it takes sums one at a time, so one more is for a reader who solves all of them at once."""

ROUNDS = 20
"""Passes over all sums; a few are enough, and stopping early only leaves ranges wider."""


class Known(NamedTuple):
    """What a reader knows of each count before adding up.

    ``shown``: the rounded count, not a number where it is withheld; ``off``: the farthest that rounding moves it;
    ``least`` and ``most``: what a withheld count can be.
    """

    shown: Floats
    off: float
    least: Floats
    most: Floats


def families(table: pd.DataFrame) -> Iterator[Family]:
    """The sums within one measure's rows (period, level, place_code, parent_code, sex, age_band)."""
    keys = ["period", "place_code", "sex", "age_band"]
    at = pd.Series(np.arange(len(table)), index=pd.MultiIndex.from_frame(table[keys]))
    pooled = [p for p in table["period"].unique() if "-" in p]
    wholes = [
        ("sex", table["sex"] != "all", "all"),
        ("age_band", table["age_band"] != "all", "all"),
        ("place_code", table["parent_code"].notna(), table["parent_code"]),
    ]
    for period in pooled:
        first, last = period.split("-")
        wholes.append(("period", table["period"].isin([str(y) for y in range(int(first), int(last) + 1)]), period))
    for key, is_part, whole in wholes:
        part = table[is_part]
        sums = part[keys].copy()
        sums[key] = whole[is_part] if isinstance(whole, pd.Series) else whole
        found = at.reindex(pd.MultiIndex.from_frame(sums)).to_numpy(dtype=np.float64)
        known = np.isfinite(found)
        yield np.flatnonzero(is_part.to_numpy())[known], found[known].astype(np.intp)


def bounds(lows: Floats, highs: Floats, sums: list[Family]) -> tuple[Floats, Floats]:
    """The narrowest range of every count that follows from sums taken one at a time, over and over."""
    low, high = lows.copy(), highs.copy()
    for _ in range(ROUNDS):
        before = (low.copy(), high.copy())
        for part, whole in sums:
            least, most = (np.bincount(whole, weights=v[part], minlength=len(low)) for v in (low, high))
            has_parts = np.bincount(whole, minlength=len(low)) > 0
            low = np.where(has_parts, np.maximum(low, least), low)
            high = np.where(has_parts, np.minimum(high, most), high)
            others = (least[whole] - low[part], most[whole] - high[part])
            high[part] = np.minimum(high[part], high[whole] - others[0])
            low[part] = np.maximum(low[part], low[whole] - others[1])
        if np.array_equal(before[0], low) and np.array_equal(before[1], high):
            break
    return low, high


def pinned_down(
    table: pd.DataFrame, known: Known, estimable: NDArray[np.bool_], smallest_shown: int
) -> NDArray[np.bool_]:
    """Shown rows to withhold as well, so that each withheld count under ``smallest_shown`` has some values left.

    Rows that are not estimable take no part. What goes is the nearest shown count that is not 0, among sums and
    siblings first the smallest: a 0 leaves no room for anything when it is hidden. A count that has few values left
    when every other is hidden is let be: nothing can be hidden for it.
    """
    more = np.zeros(len(table), dtype=bool)
    sums = [_within(family, estimable) for family in families(table)]
    count = np.nan_to_num(table["numerator"].to_numpy(dtype=np.float64, na_value=np.nan))
    small = estimable & np.isnan(known.shown) & (count >= 1) & (count < smallest_shown)
    small &= ~_narrow(known, known.shown > 0, sums)
    while True:
        shown = np.where(more, np.nan, known.shown)
        pinned = small & _narrow(known, more, sums)
        chosen = _nearest(np.flatnonzero(pinned), shown, count, sums)
        if not len(chosen):
            return more
        more[chosen] = True


def _narrow(known: Known, hidden: NDArray[np.bool_], sums: list[Family]) -> NDArray[np.bool_]:
    """Whether a count has too few values left, when some of those that could be shown are ``hidden``."""
    shown = np.where(hidden, np.nan, known.shown)
    withheld = np.isnan(shown)
    off = np.where(shown == 0, 0, known.off)
    low = np.where(withheld, np.where(hidden, 0, known.least), shown - off)
    high = np.where(withheld, np.where(hidden, ANYTHING, known.most), shown + off)
    lowest, highest = bounds(low, high, sums)
    narrow: NDArray[np.bool_] = highest - lowest < LEAST_VALUES - 1
    return narrow


def _within(family: Family, estimable: NDArray[np.bool_]) -> Family:
    part, whole = family
    keep = estimable[part] & estimable[whole]
    return part[keep], whole[keep]


def _nearest(cells: NDArray[np.intp], known: Floats, count: Floats, sums: list[Family]) -> NDArray[np.intp]:
    """Of each cell the smallest shown count that is not 0, among its nearest relations that have one; no row twice.

    Every count spreads its rank by one relation a step to all cells at once; what reaches a cell first is kept.
    """
    giving = np.flatnonzero(known > 0)
    by_count = giving[np.argsort(count[giving], kind="stable")]
    unreached = len(by_count)
    rank = np.full(len(known), unreached)
    rank[by_count] = np.arange(unreached)
    found = np.full(len(cells), unreached)
    while True:
        wider = rank.copy()
        for part, whole in sums:
            least = np.full(len(known), unreached)
            np.minimum.at(least, whole, np.minimum(rank[part], rank[whole]))
            np.minimum.at(wider, whole, least[whole])
            np.minimum.at(wider, part, least[whole])
        found = np.where(found == unreached, wider[cells], found)
        if np.array_equal(wider, rank) or (found < unreached).all():
            return by_count[np.unique(found[found < unreached])]
        rank = wider
