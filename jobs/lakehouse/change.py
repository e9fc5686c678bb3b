"""What changed since a job last ran, and its inputs restricted to that: cost follows change, not history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.lakehouse import delta
from jobs.lakehouse.delta import BUCKET, Commit
from jobs.lakehouse.job import Job, Pinned, tables_of
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.table import Table

ROW, PERSON, REASON, NEW = "_row_id", "person_id", "reason", "new"


@dataclass(frozen=True)
class Change:
    """What a job has to redo. ``gone`` holds the keys (column ``gone_key``) whose rows are to be deleted first.

    ``span`` is the range of new row ids where only new rows matter, so that files of older rows are skipped.
    """

    since: Mapping[str, int | None]
    log: DataFrame | None = None
    new_rows: DataFrame | None = None
    span: tuple[int, int] | None = None
    persons: DataFrame | None = None
    gone: DataFrame | None = None
    gone_key: str = ""


def since(
    spark: SparkSession, lake: Lake, job: Job, inputs: Mapping[str, int | None], code: str, last: Commit | None
) -> Change | None:
    """The change to work on, or null where the table has to be made anew.

    Made anew: small tables; the first time; changed code, settings or set of inputs; an input that was itself made anew
    or recreated; a look-up table that changed, since any row may depend on it.
    """
    if job.by == "whole" or last is None or last.code != code or set(last.inputs) != set(inputs):
        return None
    for name, now in inputs.items():
        before = last.inputs[name]
        if before == now:
            continue
        if now is None or (before is not None and before > now) or not _is_followed(job, name):
            return None
        if before is not None and any(c.mode == "full" for c in delta.commits(lake, name, before) if c.version <= now):
            return None
    if job.by == "new":
        return Change(last.inputs)
    return _from_log(spark, lake, job, inputs, last)


def _is_followed(job: Job, name: str) -> bool:
    """Whether a change of this input reaches the job by way of its change log or as new rows."""
    if job.changes is not None and name == job.changes.name:
        return True
    for parameter, value in job.tables.items():
        for table in tables_of(value):
            if table.name == name and _follows(job, parameter, table):
                return True
    return False


def _follows(job: Job, parameter: str, table: Table) -> bool:
    keyed = bool({ROW, PERSON} & set(table.column_names))
    if job.by == "new":
        return keyed or parameter.startswith("new_")
    # A look-up that only grows can't change what an old row was mapped to.
    return keyed or (job.by in ("event", "person") and table.feed_changes)


def _from_log(spark: SparkSession, lake: Lake, job: Job, inputs: Mapping[str, int | None], last: Commit) -> Change:
    assert job.changes is not None
    log = delta.read_new(spark, lake, job.changes, last.inputs[job.changes.name], inputs[job.changes.name])
    log = log.localCheckpoint()
    is_new = F.col(REASON) == NEW
    adds = is_new & F.col(PERSON).isNotNull()
    new_row = F.when(adds, F.col(ROW))
    told = log.agg(F.count_if(~is_new).alias("other"), F.min(new_row).alias("low"), F.max(new_row).alias("high"))
    other, low, high = told.collect()[0]
    if job.by == "record":
        gone = log.where(~is_new).select(ROW).distinct() if other else None
        return Change(last.inputs, log=log, gone=gone, gone_key=ROW)
    if job.by == "event":
        remade = _persons(lake, log.where(~is_new)).localCheckpoint() if other else None
        # Only where no old person is made again do the new rows' numbers tell which files matter.
        span = None if other else (low, high) if low is not None else (0, -1)
        new_rows = log.where(adds).select(ROW).distinct()
        return Change(last.inputs, log=log, new_rows=new_rows, span=span, persons=remade, gone=remade, gone_key=PERSON)
    persons = _persons(lake, log).localCheckpoint()
    return Change(last.inputs, log=log, persons=persons, gone=persons if job.by == "person" else None, gone_key=PERSON)


def _persons(lake: Lake, log: DataFrame) -> DataFrame:
    """Every person that the log names, now or before, with its bucket."""
    both = log.select(PERSON).union(log.select(F.col(f"previous_{PERSON}").alias(PERSON)))
    named = both.where(F.col(PERSON).isNotNull()).distinct()
    return named.withColumn(BUCKET, F.pmod(PERSON, F.lit(lake.buckets)).cast("int"))


def compute(
    spark: SparkSession,
    lake: Lake,
    job: Job,
    inputs: Mapping[str, int | None],
    changed: Change | None,
    settings: Mapping[str, Any],
) -> DataFrame:
    """Call the job's function on its inputs, restricted to the change where there is one."""
    if job.by == "signed":
        return _signed(lake, job, inputs, changed, settings)

    def frame(parameter: str, table: Table) -> DataFrame:
        if parameter.startswith("new_") and changed is not None:
            return delta.read_new(spark, lake, table, changed.since[table.name], inputs[table.name])
        own = table.name == job.writes.name
        version = inputs[table.name] if not own else (delta.table_version(lake, table) if changed else None)
        df = delta.read(spark, lake, table, version)
        return _restrict(table, df, changed)

    frames: dict[str, Any] = {}
    for parameter, value in job.tables.items():
        if isinstance(value, Table):
            frames[parameter] = frame(parameter, value)
        else:
            before = changed.since if changed is not None else {}
            moved = {n: t for n, t in value.items() if inputs[t.name] != before.get(t.name)}
            kept = moved if moved and parameter.startswith("new_") else value
            frames[parameter] = {name: frame(parameter, t) for name, t in kept.items()}
    if job.by == "record":
        assert job.changes is not None
        log = changed.log if changed else None
        frames["changes"] = log if log is not None else delta.read(spark, lake, job.changes, inputs[job.changes.name])
    result: DataFrame = job.function(**frames, **settings)
    return result


def _restrict(table: Table, df: DataFrame, changed: Change | None) -> DataFrame:
    if changed is None or changed.log is None:
        return df
    has_row, has_person = ROW in table.column_names, PERSON in table.column_names
    if changed.new_rows is None:
        if changed.persons is None or not has_person:
            return df
        return df.join(F.broadcast(changed.persons.select(PERSON)), PERSON, how="left_semi")
    if has_row and changed.span is not None:
        df = df.where(F.col(ROW).between(*changed.span))
    if not has_person:
        return df
    wanted = df.join(changed.new_rows, ROW, how="left_semi")
    if changed.persons is None:
        return wanted
    remade = df.join(changed.persons.select(PERSON), PERSON, how="left_semi")
    return remade.unionByName(wanted.join(changed.persons.select(PERSON), PERSON, how="left_anti"))


def _signed(
    lake: Lake, job: Job, inputs: Mapping[str, int | None], changed: Change | None, settings: Mapping[str, Any]
) -> DataFrame:
    """New contributions; where something changed, their differences to those of the same persons last time."""

    def at(versions: Mapping[str, int | None], persons: DataFrame | None) -> DataFrame:
        sources = {p: Pinned(lake.uri(t), versions[t.name]) for p, t in job.tables.items() if isinstance(t, Table)}
        made: DataFrame = job.function(sources, persons, **settings)
        return made

    if changed is None:
        return at(inputs, None)
    new, old = at(inputs, changed.persons), at(changed.since, changed.persons)
    additive = job.writes.additive
    both = new.unionByName(old.withColumns({c: -F.col(c) for c in additive}))
    keys = [c for c in job.writes.column_names if c not in additive]
    differences = both.groupBy(*keys).agg(*(F.sum(c).alias(c) for c in additive))
    return differences.where(reduce(or_, (F.col(c) != 0 for c in additive)))
