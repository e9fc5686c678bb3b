"""A table declared once: schema, dictionary, layout, checks and sensitivity in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from pyspark.sql import types as T


class Sensitivity(IntEnum):
    """How much harm a column can do; a table is as sensitive as its most sensitive column."""

    PUBLIC = 0
    INTERNAL = 1
    PSEUDONYMISED = 2
    DIRECT = 3


PUBLIC, INTERNAL, PSEUDONYMISED, DIRECT = Sensitivity

Otherwise = Literal["quarantine", "warn", "fail"]

SPARK_TYPES: dict[str, T.DataType] = {
    "string": T.StringType(),
    "long": T.LongType(),
    "int": T.IntegerType(),
    "double": T.DoubleType(),
    "boolean": T.BooleanType(),
    "date": T.DateType(),
    "timestamp": T.TimestampType(),
}


def spark_type(name: str) -> T.DataType:
    """The Spark type of a declared name: one of ``SPARK_TYPES`` or ``decimal(p,s)``.

    Raises ``ValueError`` for any other name, listing what is allowed.
    """
    if name in SPARK_TYPES:
        return SPARK_TYPES[name]
    if name.startswith("decimal(") and name.endswith(")"):
        precision, scale = name[len("decimal(") : -1].split(",")
        return T.DecimalType(int(precision), int(scale))
    raise ValueError(f"unknown column type {name!r}; allowed: {', '.join(SPARK_TYPES)}, decimal(p,s)")


@dataclass(frozen=True)
class Column:
    """One column: name, type (see ``spark_type``), comment for the dictionary, and who may see it."""

    name: str
    type: str
    comment: str = ""
    required: bool = False
    sensitivity: Sensitivity = INTERNAL


@dataclass(frozen=True)
class Expect:
    """A rule every row should meet, as a SQL condition. One that comes to null passes, as in SQL.

    ``otherwise`` says what happens to rows that break it: ``quarantine`` keeps them out of the table and in
    ``ops.rejected``, ``warn`` counts them, ``fail`` ends the job with nothing written.
    """

    name: str
    rule: str
    otherwise: Otherwise = "fail"
    because: str = ""


@dataclass(frozen=True)
class Table:
    """A Delta table at ``<lake.root>/<zone>/<short name>``.

    ``comment`` opens with the grain ("One row per ..."). ``bucket_by`` names the column whose
    ``pmod(value, lake.buckets)`` is the partition column ``_bucket``. ``additive`` names the columns that are
    summed over signed rows (append-only state). ``feed_changes`` keeps Delta's change feed on, which only
    append-only tables should.
    """

    name: str
    comment: str
    owner: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    bucket_by: str | None = None
    sort_by: tuple[str, ...] = ()
    expects: tuple[Expect, ...] = ()
    additive: tuple[str, ...] = ()
    feed_changes: bool = False
    stats: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        names = [c.name for c in self.columns]
        doubled = {n for n in names if names.count(n) > 1}
        if doubled:
            raise ValueError(f"{self.name}: columns declared twice: {', '.join(sorted(doubled))}")
        named = {*self.key, *self.sort_by, *self.additive, *self.stats, *filter(None, [self.bucket_by])}
        missing = named - set(names)
        if missing:
            raise ValueError(f"{self.name}: no such column: {', '.join(sorted(missing))}")
        if not self.comment.startswith("One row per "):
            raise ValueError(f"{self.name}: the comment must open with the grain, 'One row per ...'")

    @property
    def zone(self) -> str:
        """The first part of the name, one of the lake's zones."""
        return self.name.split(".", 1)[0]

    @property
    def short_name(self) -> str:
        """The second part of the name, the folder below the zone."""
        return self.name.split(".", 1)[1]

    @property
    def sensitivity(self) -> Sensitivity:
        """The highest sensitivity among the columns."""
        return max(c.sensitivity for c in self.columns)

    @property
    def column_names(self) -> list[str]:
        """Declared columns in order, without the partition column ``_bucket``."""
        return [c.name for c in self.columns]

    @property
    def schema(self) -> T.StructType:
        """The Spark schema of the declared columns, without ``_bucket``; nullable save where required."""
        return T.StructType([T.StructField(c.name, spark_type(c.type), not c.required) for c in self.columns])

    def column(self, name: str) -> Column:
        """The declared column of this name; ``KeyError`` if there is none."""
        for c in self.columns:
            if c.name == name:
                return c
        raise KeyError(f"{self.name} has no column {name}")
