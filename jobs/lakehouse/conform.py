"""Making an output what its table declares: columns, types, required values and rules, checked as it is written."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from jobs.lakehouse.errors import Broken
from jobs.lakehouse.table import Expect, Table, spark_type


@dataclass(frozen=True)
class Conformed:
    """Rows ready to be written, and how many broke which rule: known after the write."""

    rows: DataFrame
    rejected: DataFrame | None
    counts: Observation | None
    rules: tuple[Expect, ...]

    def broken(self) -> dict[str, int]:
        """Rows that broke each rule that does not end the job. Read it only after ``rows`` were written."""
        if self.counts is None:
            return {}
        found = self.counts.get
        return {r.name: int(found[r.name] or 0) for r in self.rules}


def conform(table: Table, df: DataFrame) -> Conformed:
    """The declared columns in order, cast to their types. A missing column raises ``Broken`` naming it.

    A null in a required column, or a row that breaks a rule marked ``fail``, ends the write before its commit.
    """
    missing = [n for n in table.column_names if n not in df.columns]
    if missing:
        raise Broken(f"{table.name}: the job's result lacks {', '.join(missing)}; it has {', '.join(df.columns)}")
    rows = df.select(*(F.col(c.name).cast(spark_type(c.type)).alias(c.name) for c in table.columns))
    softer = tuple(e for e in table.expects if e.otherwise != "fail")
    counts = None
    if softer:
        counts = Observation()
        rows = rows.observe(counts, *(F.count_if(_breaks(e)).alias(e.name) for e in softer))
    held = [e for e in softer if e.otherwise == "quarantine"]
    rejected = None
    if held:
        kept_out = F.coalesce(*(F.when(_breaks(e), F.lit(e.name)) for e in held), F.lit(None).cast("string"))
        key = F.to_json(F.struct(*table.key)) if table.key else F.lit("{}")
        rejected = rows.withColumn("rule", kept_out).where("rule is not null").select("rule", key.alias("row_key"))
        rows = rows.where(kept_out.isNull())
    return Conformed(_guarded(table, rows), rejected, counts, softer)


def _breaks(rule: Expect) -> Column:
    return ~F.coalesce(F.expr(rule.rule), F.lit(True))


def _guarded(table: Table, rows: DataFrame) -> DataFrame:
    """Rows whose reading fails, naming table and column or rule, where one is not what was declared."""
    guards = [
        F.when(F.col(c.name).isNull(), F.raise_error(F.lit(f"{table.name}.{c.name} is required but was null")))
        for c in table.columns
        if c.required
    ]
    key = F.to_json(F.struct(*table.key)) if table.key else F.lit("")
    guards += [
        F.when(_breaks(e), F.raise_error(F.concat(F.lit(f"{table.name}: rule {e.name} ({e.rule}) broken by "), key)))
        for e in table.expects
        if e.otherwise == "fail"
    ]
    if not guards:
        return rows
    first = table.columns[0]
    checked = F.when(F.coalesce(*(g.cast("string") for g in guards)).isNull(), F.col(first.name))
    return rows.select(checked.alias(first.name), *table.column_names[1:])
