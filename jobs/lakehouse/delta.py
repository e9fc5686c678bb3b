"""Writing and reading Delta: each write is one commit that carries what it was made from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from threading import Lock
from typing import Any

from delta.tables import DeltaTable
from deltalake import DeltaTable as LogReader
from deltalake.exceptions import TableNotFoundError
from pyspark.sql import Column, DataFrame, DataFrameWriter, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from jobs.lakehouse.errors import Broken
from jobs.lakehouse.failpoint import failpoint
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.table import DIRECT, Table

BUCKET = "_bucket"
NOT_HASHED = frozenset({"_run_id", "_learned_at", "input_version", BUCKET})  # they depend on when a run took place
WORD = 2**64
_MERGING = Lock()  # MERGE takes what its commit says of itself from the session, so one at a time


@dataclass(frozen=True)
class Content:
    """Rows and an order-free 128-bit hash of them; of two disjoint sets of rows, both add."""

    rows: int = 0
    high: int = 0
    low: int = 0

    def __add__(self, other: Content) -> Content:
        return Content(self.rows + other.rows, (self.high + other.high) % WORD, (self.low + other.low) % WORD)

    def __sub__(self, other: Content) -> Content:
        return Content(self.rows - other.rows, (self.high - other.high) % WORD, (self.low - other.low) % WORD)

    @property
    def hash(self) -> str:
        """32 hex digits."""
        return f"{self.high:016x}{self.low:016x}"

    @classmethod
    def from_hash(cls, rows: int, text: str) -> Content:
        """The content with this count and ``hash``."""
        return cls(rows, int(text[:16], 16), int(text[16:], 16))


@dataclass(frozen=True)
class Commit:
    """What a commit says of itself, stored in the commit: the run and what it read. Content and version come after."""

    run_id: str
    job: str
    mode: str = "full"
    fingerprint: str = ""
    code: str = ""
    inputs: dict[str, int | None] = field(default_factory=dict)
    started_at: str = ""
    content: Content = Content()
    version: int = -1

    def as_metadata(self) -> str:
        """The commit's ``userMetadata``: all but what is known only after the write."""
        body = asdict(self)
        return json.dumps({k: v for k, v in body.items() if k not in ("content", "version")}, sort_keys=True)


def content_columns(columns: Sequence[str]) -> list[Column]:
    """Aggregates that, over any set of rows, give ``Content``: count and four 32-bit sums.

    ``xxhash64`` skips nulls, so a bit mask of nulls is hashed as well. Columns that depend on when a run took place are
    left out. 32-bit halves summed as long are exact to 2^31 rows a call.
    """
    names = [n for n in columns if n not in NOT_HASHED]
    masks = [
        sum((F.isnull(n).cast("long") * F.lit(1 << i) for i, n in enumerate(names[at : at + 60])), F.lit(0))
        for at in range(0, len(names), 60)
    ]
    out = [F.count(F.lit(1)).alias("rows")]
    for seed, word in enumerate(("high", "low")):
        hashed = F.xxhash64(F.lit(seed), *(F.col(n) for n in names), *masks)
        out.append(F.coalesce(F.sum(F.shiftrightunsigned(hashed, 32)), F.lit(0)).alias(f"{word}_upper"))
        out.append(F.coalesce(F.sum(hashed.bitwiseAND(F.lit(0xFFFFFFFF))), F.lit(0)).alias(f"{word}_lower"))
    return out


def as_content(values: dict[str, Any]) -> Content:
    """The ``Content`` behind one row of ``content_columns``."""
    high, low = (((values[f"{w}_upper"] << 32) + values[f"{w}_lower"]) % WORD for w in ("high", "low"))
    return Content(values["rows"], high, low)


def content_of(df: DataFrame, columns: Sequence[str]) -> Content:
    """Count and hash of these columns of a DataFrame's rows: one pass."""
    return as_content(df.agg(*content_columns(columns)).collect()[0].asDict())


def table_version(lake: Lake, table: Table | str) -> int | None:
    """The newest version in the log, or null where there is no such table. No Spark: about 10 ms."""
    try:
        return LogReader(lake.uri(table)).version()
    except TableNotFoundError:
        return None


def commits(lake: Lake, table: Table | str, after: int = -1) -> list[Commit]:
    """Commits made by jobs after a version, newest first; those of maintenance are left out."""
    try:
        log = LogReader(lake.uri(table))
    except TableNotFoundError:
        return []
    found = []
    for entry in log.history(max(1, log.version() - after)):
        if int(entry["version"]) > after and entry.get("userMetadata"):
            body = json.loads(entry["userMetadata"])
            if body.get("job"):
                found.append(replace(Commit(**body), version=int(entry["version"])))
    return found


def last_commit(lake: Lake, table: Table | str, *, with_new_content: bool = False) -> Commit | None:
    """The newest commit made by a job, or null. Looks back over maintenance in growing steps.

    ``with_new_content`` passes over commits of mode ``same``, which wrote what was there already.
    """
    newest = table_version(lake, table)
    if newest is None:
        return None
    for back in (3, 30, newest + 1):
        found = commits(lake, table, after=max(-1, newest - back))
        found = [c for c in found if not (with_new_content and c.mode == "same")]
        if found:
            return found[0]
    return None


def read(spark: SparkSession, lake: Lake, table: Table, version: int | None) -> DataFrame:
    """A table at a version, declared columns only (``_bucket`` too where it has one); empty where it is absent."""
    schema = bucketed_schema(table)
    if version is None:
        return _empty(spark, schema)
    df = spark.read.format("delta").option("versionAsOf", version).load(lake.uri(table))
    return df.select(*[n for n in schema.fieldNames() if n in df.columns])


def read_new(spark: SparkSession, lake: Lake, table: Table, after: int | None, until: int | None) -> DataFrame:
    """The rows appended after one version up to another, from the change feed of an append-only table."""
    if until is None or (after is not None and after >= until):
        return _empty(spark, bucketed_schema(table))
    if after is None:
        return read(spark, lake, table, until)
    feed = (
        spark.read.format("delta")
        .option("readChangeFeed", "true")
        .option("startingVersion", after + 1)
        .option("endingVersion", until)
        .load(lake.uri(table))
    )
    return feed.where("_change_type = 'insert'").select(*bucketed_schema(table).fieldNames())


def _empty(spark: SparkSession, schema: T.StructType) -> DataFrame:
    """No rows, in a form that the optimizer sees through: unions and joins with it cost nothing."""
    nothing = spark.range(1).where(F.lit(False))
    return nothing.select(*(F.lit(None).cast(f.dataType).alias(f.name) for f in schema.fields))


def bucketed_schema(table: Table) -> T.StructType:
    """The declared schema, with ``_bucket`` at the end where the table is bucketed."""
    if not table.bucket_by:
        return table.schema
    return T.StructType([*table.schema.fields, T.StructField(BUCKET, T.IntegerType(), True)])


def arrange(lake: Lake, table: Table, df: DataFrame) -> DataFrame:
    """Rows laid out as the table declares: in buckets, sorted within files."""
    if table.bucket_by:
        bucket = F.pmod(F.col(table.bucket_by), F.lit(lake.buckets)).cast("int")
        df = df.withColumn(BUCKET, bucket).repartition(BUCKET)
        return df.sortWithinPartitions(BUCKET, *table.sort_by)
    return df.sortWithinPartitions(*table.sort_by) if table.sort_by else df


def overwrite(spark: SparkSession, lake: Lake, table: Table, df: DataFrame, commit: Commit) -> Commit:
    """Make the table anew in one commit. Returns the commit with its content and version."""
    seen = Observation()
    writer = _writer(lake, table, df.observe(seen, *content_columns(table.column_names)), commit).mode("overwrite")
    writer = writer.option("overwriteSchema", "true")
    for name, value in properties(table).items():
        writer = writer.option(name, value)
    failpoint("overwrite:before")
    writer.save(lake.uri(table))
    failpoint("overwrite:after")
    return replace(commit, content=as_content(seen.get), version=_written(lake, table))


def append(
    spark: SparkSession, lake: Lake, table: Table, df: DataFrame, commit: Commit, *, txn: tuple[str, int] | None = None
) -> Commit:
    """Append in one commit; makes the table if it is absent. The content returned is that of the rows appended.

    ``txn`` (an id and a number that only grows): a repeat of the same number adds nothing, in silence.
    """
    seen = Observation()
    is_new = table_version(lake, table) is None
    commit = replace(commit, mode="full" if is_new else "change")
    writer = _writer(lake, table, df.observe(seen, *content_columns(table.column_names)), commit).mode("append")
    if txn is not None:
        writer = writer.option("txnAppId", txn[0]).option("txnVersion", txn[1])
    for name, value in properties(table).items() if is_new else ():
        writer = writer.option(name, value)
    failpoint("append:before")
    writer.save(lake.uri(table))
    failpoint("append:after")
    return replace(commit, content=as_content(seen.get), version=_written(lake, table))


def replace_keys(
    spark: SparkSession, lake: Lake, table: Table, keys: DataFrame, df: DataFrame, key: str, commit: Commit
) -> tuple[Commit, Content]:
    """Mark the rows of ``keys`` (column ``key``, and ``_bucket`` where bucketed) deleted and append ``df``.

    One MERGE, so one commit: no reader sees the version between. Returns the commit with the content of the rows
    appended, and the content of those marked.
    """
    seen = Observation()
    observed = df.observe(seen, *content_columns(table.column_names))
    # Computed once, and its plan forgotten: MERGE looks at its source several times, each time listing all files of
    # all tables behind it.
    rows = (arrange(lake, table, observed) if table.bucket_by else observed).localCheckpoint()
    before = read(spark, lake, table, table_version(lake, table))
    marked = content_of(before.join(F.broadcast(keys.select(key)), key, how="left_semi"), table.column_names)
    commit = replace(commit, content=as_content(seen.get))
    names = bucketed_schema(table).fieldNames()
    carried = [c for c in (key, BUCKET) if c in names and c in keys.columns]
    gone = keys.select(*[F.col(n) if n in carried else F.lit(None).alias(n) for n in names], F.lit(True).alias("_gone"))
    source = gone.unionByName(rows.select(*names, F.lit(False).alias("_gone")))
    match = " and ".join(["s._gone", *(f"t.{c} = s.{c}" for c in carried)])
    failpoint("merge:before")
    with _MERGING:
        spark.conf.set("spark.databricks.delta.commitInfo.userMetadata", commit.as_metadata())
        try:
            target = DeltaTable.forPath(spark, lake.uri(table))
            merge = target.alias("t").merge(source.alias("s"), match).whenMatchedDelete()
            merge.whenNotMatchedInsert(condition="not s._gone", values={n: f"s.{n}" for n in names}).execute()
        finally:
            spark.conf.unset("spark.databricks.delta.commitInfo.userMetadata")
    failpoint("merge:after")
    return replace(commit, version=_written(lake, table)), marked


def properties(table: Table) -> dict[str, str]:
    """Delta properties of a table. Gold, release and ops stay readable by every client: no deletion vectors there."""
    open_to_all = table.zone in ("gold", "release", "ops", "projects")
    leading = [*table.stats, *table.key, *filter(None, [table.bucket_by])]
    shown = [n for n in dict.fromkeys(leading) if table.column(n).sensitivity < DIRECT]
    first = next((c.name for c in table.columns if c.sensitivity < DIRECT), "")
    return {
        "delta.enableDeletionVectors": str(bool(table.bucket_by) and not open_to_all).lower(),
        "delta.enableChangeDataFeed": str(table.feed_changes).lower(),
        "delta.dataSkippingStatsColumns": ",".join(shown[:8] or [first]),
        "delta.enableInCommitTimestamps": "true",
        "delta.logRetentionDuration": "interval 3650 days",
        "delta.deletedFileRetentionDuration": "interval 3650 days",
    }


def _writer(lake: Lake, table: Table, df: DataFrame, commit: Commit) -> DataFrameWriter:
    writer = arrange(lake, table, df).write.format("delta").option("userMetadata", commit.as_metadata())
    return writer.partitionBy(BUCKET) if table.bucket_by else writer


def _written(lake: Lake, table: Table) -> int:
    version = table_version(lake, table)
    if version is None:
        raise Broken(f"{table.name}: no table after writing it")
    return version
