"""Disclosure control: what of a table of counts and rates may be shown. Pure functions over pandas.

The rule (``Rule``) on one measure's rows of ``gold.measure``:

1. A count of 1 to 10 is never shown, nor the rate over it, nor anything that rests on 1 to 10 persons. A count is shown
   rounded to the nearest 5; 0 is shown as 0. So 11 and 12, which would be shown as 10, are withheld too: a shown 10
   could be no other count than these two, and one of them minus the other is a count of one.
2. Rates come from rounded counts, and their limits from the worst counts that the rounding allows.
3. What is shown beside a count says nothing more of it: whether a standardised rate appears, or ``unstable``, is
   decided from the rounded count.
4. Where the sums within sexes, ages, places and years would pin a withheld count down, more is withheld
   (``jobs.governance.differencing``).

Rounding to 5 from a threshold follows OpenSAFELY's ehrQL, whose published cases are in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from jobs.gold import measures
from jobs.gold.declare import Measure
from jobs.gold.rates import crude_limits
from jobs.governance.differencing import ANYTHING, Known, pinned_down
from jobs.tables.gold import RATES

Floats = NDArray[np.float64]
CRUDE = ("rate", "rate_low", "rate_high")
STANDARDISED = tuple(c.name for c in RATES if c.name not in CRUDE)


@dataclass(frozen=True)
class Rule:
    """Bounds of disclosure control: see ``conf/job/release.yaml``."""

    smallest_shown: int = 11
    round_to: int = 5
    unstable_below: int = 30
    standardised_from: int = 20

    @property
    def half(self) -> float:
        """The farthest that rounding moves a number."""
        return self.round_to / 2


def rounded(count: ArrayLike, round_to: int) -> Floats:
    """Counts to the nearest multiple; of an odd multiple no whole count lies halfway, of person-years half goes up."""
    values: Floats = np.floor(np.asarray(count, dtype=np.float64) / round_to + 0.5) * round_to
    return values


def shown_count(count: ArrayLike, rule: Rule) -> Floats:
    """The count as it may be shown: rounded, 0 for 0, not a number where it is withheld."""
    exact, near = np.asarray(count, dtype=np.float64), rounded(count, rule.round_to)
    return np.where((near >= rule.smallest_shown) | (exact == 0), near, np.nan)


def significant(values: ArrayLike, figures: int) -> Floats:
    """Values to this many significant figures; what is not a number stays so."""
    v = np.asarray(values, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = figures - 1 - np.floor(np.log10(np.abs(v)))
    return np.array(
        [round(x, int(d)) if np.isfinite(d) else x for x, d in zip(v.ravel(), digits.ravel(), strict=True)]
    ).reshape(v.shape)


def released(table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Rows of one measure as they may be released: columns of ``release.measure`` up to ``unit``.

    ``table`` has the columns of ``gold.measure``, one measure, and ``parent_code``: the place that a place lies in.
    """
    declared = {m.name: m for m in measures.MEASURES}[table["measure"].iloc[0]]
    exposure = table["person_years"] if declared.unit == "person-years" else table["denominator"]
    n, d = shown_count(_float(table["numerator"]), rule), shown_count(_float(exposure), rule)
    estimable, people = (table["status"] == "ok").to_numpy(), _float(table["persons"]) >= rule.smallest_shown
    shown = estimable & people & np.isfinite(n) & (d > 0) & _enough_cases(table, rule)
    known = _known(table, np.where(shown, n, np.nan), people, declared, rule)
    shown &= ~pinned_down(table, known, estimable, rule.smallest_shown)
    n, d = np.where(shown, n, np.nan), np.where(shown, d, np.nan)
    status = np.where(shown, "shown", np.where(estimable, "suppressed", "not_estimable"))
    out = table.assign(numerator=pd.array(n).astype("Int64"), denominator=pd.array(d).astype("Int64"), status=status)
    out = out.assign(**dict(zip(CRUDE, _rates(declared, n, d, _spread(table), rule), strict=True)))
    standardised = n - rule.half >= rule.standardised_from
    for name in STANDARDISED:
        out[name] = np.nan
        out.loc[standardised, name] = significant(_float(table.loc[standardised, name]), 3)
    unstable = pd.array(n - rule.half < rule.unstable_below, dtype="boolean")
    unstable[~shown] = pd.NA
    return out.assign(unstable=unstable)


def _float(column: pd.Series) -> Floats:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _enough_cases(table: pd.DataFrame, rule: Rule) -> NDArray[np.bool_]:
    """Whether enough persons stand behind a numerator that is not 0."""
    enough: NDArray[np.bool_] = (_float(table["numerator_persons"]) >= rule.smallest_shown) | (
        _float(table["numerator"]) == 0
    )
    return enough


def _known(table: pd.DataFrame, shown: Floats, people: NDArray[np.bool_], declared: Measure, rule: Rule) -> Known:
    """What a reader knows before adding up.

    Of a withheld count: that it is none that rounding would have shown, unless events repeat in a person, or it is
    withheld for few persons and large all the same. That it is not 0, where many live: a 0 among few is withheld too.
    """
    count = np.nan_to_num(_float(table["numerator"]))
    largest = np.floor(np.ceil(rule.smallest_shown / rule.round_to) * rule.round_to - rule.half)
    least = np.where(people & (count > 0), 1.0, 0.0)
    most = np.where((count > largest) | declared.repeats, ANYTHING, largest)
    return Known(shown, (rule.round_to - 1) // 2, least, most)


def _spread(table: pd.DataFrame) -> Floats:
    """How far events cluster in persons: squares / events, rounded up to a tenth so that it gives no count away."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = _float(table["numerator_sq"]) / _float(table["numerator"])
    return np.where(np.isfinite(ratio), np.ceil(ratio * 10) / 10, 1.0)


def _rates(declared: Measure, n: Floats, d: Floats, spread: Floats, rule: Rule) -> tuple[Floats, Floats, Floats]:
    """Rate and limits from rounded counts; the limits are those of the worst counts behind the rounded ones."""
    off = np.where(n == 0, 0.0, rule.half)
    fewest, most = np.maximum(n - off, 0), n + off
    longest, shortest = d + rule.half, d - rule.half
    if declared.unit == "persons":
        fewest, most = np.minimum(fewest, longest), np.minimum(most, shortest)
    low, _, _ = crude_limits(declared, fewest, fewest * spread, longest)
    _, high, _ = crude_limits(declared, most, most * spread, shortest)
    rate = n / d
    if declared.unit == "persons":  # rounding can bring more cases than residents
        rate, high = np.minimum(rate, 1.0), np.minimum(high, 1.0)
    per = declared.per
    return rate * per, np.minimum(low, rate) * per, np.maximum(high, rate) * per
