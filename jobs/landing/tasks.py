"""The Spark side of landing: tasks look into files and read them, many a task, by the plain functions beside this."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TypeVar

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from jobs.lakehouse.table import Table
from jobs.landing import content
from jobs.landing.check import Checked, check_rows, flags
from jobs.landing.examine import ROWS_TOGETHER, Place, Verdict, examine
from jobs.landing.inbox import Found
from jobs.landing.read import Sent, read_all
from jobs.landing.receipt import Entry
from jobs.landing.refusal import FileRefused
from jobs.landing.rows import Rows
from jobs.landing.words import Quarantined, quarantined_rows
from jobs.tables.bronze import EXTRA
from jobs.tables.contract import Contract

T = TypeVar("T")

TASK_BYTES = 64 << 20  # of CSV; a task of bronze writes one file
BATCH_ROWS = 32_768  # rows handed to the JVM at a time

VERDICT = pa.schema(
    [("file", pa.string()), ("reason", pa.string()), ("delivered_on", pa.date32())]
    + [("file_sha256", pa.string())]
    + [(name, pa.int64()) for name in ("rows_read", "rows_accepted", "rows_quarantined", "rows_duplicate")]
    + [("period_start", pa.date32()), ("period_end", pa.date32())]
    + [(name, pa.string()) for name in ("contract_version", "format", "encoding", "withdraws", "note")]
)


def examine_all(
    spark: SparkSession, found: Sequence[Found], place: Place, contracts: Mapping[str, Contract]
) -> list[tuple[Found, Verdict]]:
    """Every file with its verdict. The bytes of the good ones are in landing afterwards."""
    groups = _balanced(found, spark.sparkContext.defaultParallelism)

    def look(group: Sequence[int]) -> Iterator[pa.RecordBatch]:
        verdicts = examine([found[i] for i in group], place, contracts)
        yield pa.RecordBatch.from_pylist([asdict(v) for v in verdicts], VERDICT)

    verdicts = [Verdict(**row.asDict()) for row in _in_tasks(spark, groups, look, from_arrow_schema(VERDICT)).collect()]
    by_file = {v.file: v for v in verdicts}
    return [(f, by_file[f.file]) for f in found]


def bronze_rows(
    spark: SparkSession, lake_root: str, entries: Sequence[Entry], contract: Contract, table: Table, run_id: str
) -> DataFrame:
    """The accepted rows of accepted files of one feed, as the feed's bronze table has them."""
    names = [EXTRA, *contract.names]
    origin = [("_row_id", pa.int64()), ("_sender", pa.string()), ("_learned_at", pa.date32()), ("_flags", pa.string())]
    schema = pa.schema(origin + [(n, pa.string()) for n in names])

    def read(group: Sequence[Entry]) -> Iterator[pa.RecordBatch]:
        for entries, checked in _checked(lake_root, group, contract):
            yield from _accepted(entries, checked, schema).combine_chunks().to_batches(BATCH_ROWS)

    ddl = "_row_id long, _sender string, _learned_at date, _flags string, " + ", ".join(f"`{n}` string" for n in names)
    rows = _in_tasks(spark, _consecutive(entries), read, ddl)
    # An empty text tells 'absent' from its neighbour's 'absent': xxhash64 passes nulls over. No field is ever empty.
    whole = [F.coalesce(F.col(f"`{n}`"), F.lit("")) for n in contract.names]
    full = rows.withColumn("_row_hash", F.xxhash64(*whole, F.col(EXTRA))).withColumn("_run_id", F.lit(run_id))
    return full.select(*(F.col(f"`{n}`") for n in table.column_names))


def quarantine_rows(
    spark: SparkSession, lake_root: str, entries: Sequence[Entry], contracts: Mapping[str, Contract], table: Table,
    run_id: str,
) -> DataFrame:  # fmt: skip
    """The quarantined rows of accepted files of all feeds, as ``bronze.quarantine`` has them."""
    schema = table.schema

    def read(group: Sequence[Entry]) -> Iterator[pa.RecordBatch]:
        for feed in sorted({e.feed for e in group}):
            for of_feed, checked in _checked(lake_root, [e for e in group if e.feed == feed], contracts[feed]):
                rows = [
                    _quarantine_row(of_feed[row.file], row, run_id)
                    for row in quarantined_rows(checked, contracts[feed])
                ]
                yield pa.RecordBatch.from_pylist(rows, arrow)

    arrow = pa.schema([(f.name, _ARROW[f.dataType.typeName()]) for f in schema])
    ddl = ", ".join(f"{f.name} {f.dataType.simpleString()}" for f in schema)
    return _in_tasks(spark, _consecutive(entries), read, ddl)


_ARROW: dict[str, pa.DataType] = {"long": pa.int64(), "string": pa.string(), "date": pa.date32()}


def _checked(lake_root: str, entries: Sequence[Entry], contract: Contract) -> Iterator[tuple[list[Entry], Checked]]:
    """Files of one feed, some at a time, with their rows checked once more, from the bytes kept in landing."""
    some: list[Entry] = []
    waiting = 0
    for i, entry in enumerate(entries, start=1):
        some.append(entry)
        waiting += entry.rows_read
        if i == len(entries) or waiting >= ROWS_TOGETHER:
            sent = [Sent(content.fetch(lake_root, str(e.file_sha256)), str(e.format), e.encoding) for e in some]
            yield some, check_rows([_good(rows) for rows in read_all(sent, contract)], contract)
            some, waiting = [], 0


def _good(rows: Rows | FileRefused) -> Rows:
    """A file that was good when it was examined; its bytes are those."""
    if isinstance(rows, FileRefused):
        raise rows
    return rows


def _accepted(entries: Sequence[Entry], checked: Checked, schema: pa.Schema) -> pa.Table:
    """The accepted rows of some files with their origin."""
    keep = checked.accepted
    file = pa.array(checked.file[keep])
    first = np.array([e.first_row_id for e in entries], dtype=np.int64)
    origin = [
        pa.array(first[checked.file[keep]] + checked.number[keep]),
        pa.array([e.sender for e in entries], pa.string()).take(file),
        pa.array([e.delivered_on for e in entries], pa.date32()).take(file),
        flags(checked),
    ]
    columns = [*origin, *checked.table.filter(pa.array(keep)).select(schema.names[len(origin) :]).columns]
    return pa.table(columns, schema=schema)


def _quarantine_row(entry: Entry, row: Quarantined, run_id: str) -> dict[str, object]:
    """One row of ``bronze.quarantine``."""
    return {
        "_row_id": int(entry.first_row_id or 0) + row.number,
        "_sender": entry.sender,
        "_learned_at": entry.delivered_on,
        "_run_id": run_id,
        "feed": entry.feed,
        "file": entry.file,
        "row": row.number + 1,
        "field": row.field,
        "found": row.found,
        "allowed": row.allowed,
        "reason": row.reason,
        "record": row.record,
    }


def _in_tasks(
    spark: SparkSession,
    groups: Sequence[Sequence[T]],
    work: Callable[[Sequence[T]], Iterator[pa.RecordBatch]],
    schema: StructType | str,
) -> DataFrame:
    """The rows that ``work`` makes of each group, a task a group."""

    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from work(groups[number])

    return spark.range(0, len(groups), 1, max(1, len(groups))).mapInArrow(task, schema)


def _balanced(found: Sequence[Found], least: int) -> list[list[int]]:
    """Positions of files in groups of about equal bytes: at least ``least`` groups, so that every core has work."""
    total = sum(f.bytes for f in found)
    groups = min(max(least, -(-total // TASK_BYTES)), max(1, len(found)))
    out: list[list[int]] = [[] for _ in range(groups)]
    weights = np.zeros(groups)
    for i in sorted(range(len(found)), key=lambda i: -found[i].bytes):
        lightest = int(weights.argmin())
        out[lightest].append(i)
        weights[lightest] += found[i].bytes + 4096  # opening a file costs as much as reading a page
    return out


def _consecutive(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Entries in groups of up to ``TASK_BYTES``, in order, so that the row numbers of a written file lie together."""
    groups: list[list[Entry]] = []
    weight = 0
    for entry in sorted(entries, key=lambda e: e.first_row_id or 0):
        if not groups or weight + entry.bytes > TASK_BYTES:
            groups.append([])
            weight = 0
        groups[-1].append(entry)
        weight += entry.bytes
    return groups
