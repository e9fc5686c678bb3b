"""Delivered text as what its contract says it is: days, times and numbers. Text that does not read so becomes null."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.tables.bronze import CONTRACTS

SPARK_LETTERS = {"%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss"}
DEFAULT_FORMATS = {"date": ("%Y-%m-%d",), "datetime": ("%Y-%m-%d %H:%M:%S",)}


def spark_pattern(form: str) -> str:
    """A contract's date format (``%Y-%m-%dT%H:%M:%SZ``) as Spark writes it (``yyyy-MM-dd'T'HH:mm:ss'Z'``).

    The Z is read as a letter: a time keeps the clock face that was delivered.
    """
    parts = re.findall(r"%[A-Za-z]|[A-Za-z]+|[^%A-Za-z]+", form)
    return "".join(SPARK_LETTERS[p] if p.startswith("%") else f"'{p}'" if p.isalpha() else p for p in parts)


def as_time(text: Column | str, formats: Sequence[str]) -> Column:
    """Text as a time, by the first of the formats that fits."""
    tries = [F.try_to_timestamp(text, F.lit(spark_pattern(f))) for f in formats]
    return F.coalesce(*tries)


def typed(feed: str, name: str, of: Column | str | None = None) -> Column:
    """A field of a feed in the type its contract declares: date, timestamp, double (decimal, integer) or text.

    ``of`` is the column that holds it, by default the one of the field's own name.
    """
    field = next(f for f in CONTRACTS[feed].fields if f.name == name)
    column = F.col(name) if of is None else of
    match field.type:
        case "date":
            return as_time(column, field.formats or DEFAULT_FORMATS["date"]).cast("date")
        case "datetime":
            return as_time(column, field.formats or DEFAULT_FORMATS["datetime"])
        case "integer" | "decimal":
            return F.expr(f"try_cast(`{name}` as double)") if of is None else F.try_cast(column, "double")
        case _:
            return F.col(column) if isinstance(column, str) else column
