"""Dates as text: which of them are days of the calendar. Vectorised over Arrow arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

DAYS_IN_MONTH = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
EARLIEST_YEAR, LATEST_YEAR = 1800, 2199
WIDTHS = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}  # the directives a format may hold


def is_date(values: pa.Array, formats: Sequence[str]) -> NDArray[np.bool_]:
    """True where a text is written in one of the formats and names a real day (and time of day); false for null.

    A format holds directives of ``WIDTHS`` and characters that stand for themselves, so all its dates are of one width.
    """
    return days(values, formats) > 0


def days(values: pa.Array, formats: Sequence[str]) -> NDArray[np.int64]:
    """The day that each text names, as the number YYYYMMDD; 0 for null and for what ``is_date`` denies."""
    found = np.zeros(len(values), dtype=np.int64)
    for form in formats:
        parts = re.findall(r"%.|[^%]", form)
        width = sum(WIDTHS.get(part, len(part.encode())) for part in parts)
        fits = np.asarray(pc.fill_null(pc.equal(pc.binary_length(values), width), False))
        found[fits] = np.maximum(found[fits], _read(text_matrix(values.filter(pa.array(fits)), width), parts))
    return found


def real_dates(year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True where year, month and day make a day of the (Gregorian) calendar between 1800 and 2199."""
    good_month = (month >= 1) & (month <= 12)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last_day = DAYS_IN_MONTH[np.where(good_month, month, 0)] + (leap & (month == 2))
    good_year = (year >= EARLIEST_YEAR) & (year <= LATEST_YEAR)
    return np.asarray(good_year & good_month & (day >= 1) & (day <= last_day))


def text_matrix(values: pa.Array, width: int) -> NDArray[np.uint8]:
    """Texts of ``width`` bytes each, none null, as a matrix of bytes: a row a text, a column a position."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if len(array) == 0:
        return np.zeros((0, width), dtype=np.uint8)
    _, starts, data = array.cast(pa.string()).buffers()
    ends = np.frombuffer(starts, dtype=np.int32)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]].reshape(len(array), width)


def number(digits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The number that each row of ASCII digits writes; meaningless where there are other characters."""
    powers = 10 ** np.arange(digits.shape[1] - 1, -1, -1)
    return np.asarray((digits.astype(np.int64) - ord("0")) @ powers)


def _read(text: NDArray[np.uint8], parts: Sequence[str]) -> NDArray[np.int64]:
    """YYYYMMDD of the rows that follow the parts of a format and make a real date and time; 0 for the others."""
    good = np.ones(len(text), dtype=bool)
    midnight = np.zeros(len(text), dtype=np.int64)
    found = {"%H": midnight, "%M": midnight, "%S": midnight}
    at = 0
    for part in parts:
        sign = part.encode()
        piece = text[:, at : at + WIDTHS.get(part, len(sign))]
        at += piece.shape[1]
        if part in WIDTHS:
            good &= ((piece >= ord("0")) & (piece <= ord("9"))).all(axis=1)
            found[part] = number(piece)
        else:
            good &= (piece == np.frombuffer(sign, dtype=np.uint8)).all(axis=1)
    year, month, day = found["%Y"], found["%m"], found["%d"]
    real_time = (found["%H"] <= 23) & (found["%M"] <= 59) & (found["%S"] <= 59)
    return np.where(good & real_time & real_dates(year, month, day), year * 10000 + month * 100 + day, 0)
