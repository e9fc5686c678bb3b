"""Delivered text as what its contract says it is: days, times and numbers. Text that does not read so becomes null."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.tables.bronze import CONTRACTS

WIDTH = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}
BEFORE = {"%Y": "", "%m": "-", "%d": "-", "%H": " ", "%M": ":", "%S": ":"}


def as_time(text: Column | str, formats: Sequence[str]) -> Column:
    """Text as a time, by the first of the contract's formats that fits.

    A contract's formats are of fixed width, so the parts are cut out and put together as ISO 8601 has them: casting
    that is many times faster than parsing by a pattern. A zone mark is a letter: the clock face stays as delivered.
    """
    column = F.col(text) if isinstance(text, str) else text
    return F.coalesce(*(_as_iso(column, f).try_cast("timestamp") for f in formats))


def _as_iso(text: Column, form: str) -> Column:
    """``YYYY-MM-DD hh:mm:ss`` of a text that has this format's width; null for any other."""
    at, places = 1, {}
    for part in re.findall(r"%[A-Za-z]|.", form):
        if part in WIDTH:
            places[part] = at
        at += WIDTH.get(part, 1)
    parts: list[Column] = []
    for name, opening in BEFORE.items():
        if name in places:
            parts += [F.lit(opening), F.substring(text, places[name], WIDTH[name])]
    return F.when(F.length(text) == at - 1, F.concat(*parts))


def typed(feed: str, name: str) -> Column:
    """A field of a feed in the type its contract declares: date, timestamp, double (decimal, integer) or text."""
    field, column = CONTRACTS[feed].field(name), F.col(name)
    match field.type:
        case "date":
            return as_time(column, field.formats).cast("date")
        case "datetime":
            return as_time(column, field.formats)
        case "integer" | "decimal":
            return column.try_cast("double")
        case _:
            return column
