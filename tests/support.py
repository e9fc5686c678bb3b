"""Small helpers that keep a test's people and answers in view."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from jobs.lakehouse.table import Table


def rows(spark: SparkSession, table: Table, *values: tuple[Any, ...]) -> DataFrame:
    """Literal rows of a declared table; trailing columns left out are null; dates may be ISO text."""
    fields = table.schema.fields
    full = [
        tuple(_read(v, f.dataType.typeName()) for v, f in zip(_padded(r, len(fields)), fields, strict=True))
        for r in values
    ]
    return spark.createDataFrame(full, _nullable(table))


def _padded(row: tuple[Any, ...], width: int) -> tuple[Any, ...]:
    return row + (None,) * (width - len(row))


def _read(value: Any, kind: str) -> Any:
    if isinstance(value, str) and kind == "date":
        return date.fromisoformat(value)
    if isinstance(value, str) and kind == "timestamp":
        return datetime.fromisoformat(value)
    return value


def _nullable(table: Table) -> Any:
    schema = table.schema
    for field in schema.fields:
        field.nullable = True
    return schema
