"""Lunar dates (农历) of days from 1900 to 2100, by a table of month starts."""

from __future__ import annotations

from functools import cache

import numpy as np

from jobs.province.datafiles import csv
from jobs.province.draws import Ints


def lunar_digits(day: Ints) -> Ints:
    """Year, month and day of the Chinese calendar as one number YYYYMMDD; a leap month has the number of the one
    before. -1 for days outside the table. People who tell their lunar birthday are written down like this."""
    starts, months = _months()
    at = np.searchsorted(starts, day, side="right") - 1
    inside = (at >= 0) & (day < starts[-1])
    at = np.clip(at, 0, len(months) - 1)
    return np.where(inside, months[at] * 100 + day - starts[at] + 1, -1)


@cache
def _months() -> tuple[Ints, Ints]:
    """The first day of each month, and its year and number as YYYYMM."""
    table = csv("lunar_months.csv")
    starts = table["start"].to_numpy("M8[D]").astype(np.int64)
    return starts, (table["year"] * 100 + table["month"]).to_numpy(np.int64)
