"""Citizen ID numbers (公民身份号码, GB 11643-1999): checked and lifted, over Arrow arrays and Spark columns.

Eighteen characters: county (6), birth date (8), sequence (3), check character (ISO 7064 MOD 11-2). The earlier
fifteen-digit number of GB 11643-1989 has a two-digit year and no check character; lifting puts '19' before the year
and appends the check character. Blanks around a number and a small x are forgiven. One arithmetic
serves both: the Spark columns run the Arrow functions inside tasks (as SQL expressions the checksum's seventeen terms
outgrow what Spark can compile).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import Column
from pyspark.sql.pandas.functions import arrow_udf

from jobs.codes.real_date import number, real_dates, text_matrix

ColumnOrName = Column | str

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999, annex A
CHECK_CHARACTERS = "10X98765432"  # by remainder 0 to 10
FORM_18 = "^[1-9][0-9]{16}[0-9X]$"
FORM_15 = "^[1-9][0-9]{14}$"


def problem(numbers: pa.Array) -> pa.Array:
    """What is wrong with each ID number: null (all is well, or there is no number), 'form', 'date' or 'checksum'."""
    lifted = _lift_form(_clean(numbers))
    given = _mask(pc.is_valid(lifted))
    well_formed = _mask(pc.match_substring_regex(lifted, FORM_18))
    text = text_matrix(lifted.filter(pa.array(well_formed)), 18)
    bad_date, bad_sum = well_formed.copy(), well_formed.copy()
    bad_date[well_formed] = ~_real_dates(text)
    bad_sum[well_formed] = _check_characters(text) != text[:, 17]
    words = np.select([given & ~well_formed, bad_date, bad_sum], ["form", "date", "checksum"], default="")
    return pa.array(words, pa.string(), mask=words == "")


def is_valid(numbers: pa.Array) -> pa.Array:
    """True where there is a number with nothing wrong, false otherwise; never null."""
    return pc.and_(pc.is_valid(_clean(numbers)), pc.is_null(problem(numbers)))


def lift(numbers: pa.Array) -> pa.Array:
    """Eighteen characters for every valid number, the fifteen-digit ones lifted; null for all others."""
    nothing = pa.scalar(None, pa.string())
    return pc.if_else(is_valid(numbers), _lift_form(_clean(numbers)), nothing)


def valid_id(column: ColumnOrName) -> Column:
    """``is_valid`` as a Spark column: boolean, never null."""
    return arrow_udf(is_valid, "boolean")(column)  # type: ignore[call-overload,no-any-return]


def lift_15(column: ColumnOrName) -> Column:
    """``lift`` as a Spark column: eighteen characters for every valid number, null for all others."""
    return arrow_udf(lift, "string")(column)  # type: ignore[call-overload,no-any-return]


def _clean(numbers: pa.Array) -> pa.Array:
    """Without blanks around, x in capitals; a blank number is null."""
    array = numbers.combine_chunks() if isinstance(numbers, pa.ChunkedArray) else numbers
    trimmed = pc.ascii_upper(pc.utf8_trim_whitespace(array.cast(pa.string())))
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _lift_form(clean: pa.Array) -> pa.Array:
    """All-digit fifteen-character numbers as eighteen characters, the others as they are."""
    old = _mask(pc.match_substring_regex(clean, FORM_15))
    if not old.any():
        return clean
    parts = clean.filter(pa.array(old))
    body = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(parts, 0, 6), "19", pc.utf8_slice_codeunits(parts, 6, 15), ""
    )
    check = pa.array(_check_characters(text_matrix(body, 17)).view("S1").astype("U1"), pa.string())
    return pc.replace_with_mask(clean, pa.array(old), pc.binary_join_element_wise(body, check, ""))


def _check_characters(text: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The check character, as a byte, that belongs to the first seventeen digits of each row."""
    digits = text[:, :17].astype(np.int64) - ord("0")
    by_remainder = np.frombuffer(CHECK_CHARACTERS.encode("ascii"), dtype=np.uint8)
    return np.asarray(by_remainder[digits @ np.array(WEIGHTS) % 11])


def _real_dates(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """True where positions 7 to 14 are a day of the calendar."""
    return real_dates(number(text[:, 6:10]), number(text[:, 10:12]), number(text[:, 12:14]))


def _mask(values: pa.Array) -> NDArray[np.bool_]:
    """An Arrow boolean array as numpy, null counting as false."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), dtype=bool)
