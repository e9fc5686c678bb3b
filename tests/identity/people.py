"""Literal people for tests: ID numbers with a right check digit, in the unassigned region 379xxx."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, SparkSession

from jobs.codes.id_number import CHECK_CHARACTERS, WEIGHTS
from jobs.lakehouse.table import Table
from tests.support import rows


def id_number(birth: str, sequence: int = 11) -> str:
    """A valid ID number of somebody born on ``birth`` (YYYYMMDD); an odd sequence is a man's."""
    body = f"379001{birth}{sequence:03d}"
    return body + CHECK_CHARACTERS[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def named(spark: SparkSession, table: Table, *records: dict[str, Any]) -> DataFrame:
    """Rows of a table given by column name; a required column left out stays null here."""
    return rows(spark, table, *(tuple(r.get(n) for n in table.column_names) for r in records))
