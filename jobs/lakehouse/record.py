"""The record of what ran: one row a run in ``ops.run``, one a table it read or wrote in ``ops.run_io``."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession

from jobs.lakehouse import delta
from jobs.lakehouse.delta import Commit, Content
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.read import read_table
from jobs.lakehouse.settings import CHECKOUT
from jobs.tables.ops import RUN, RUN_IO


@dataclass(frozen=True)
class Output:
    """A table a run wrote: its version, the rows written, and the whole table's content afterwards."""

    table: str
    version: int
    rows: int
    total: Content


@dataclass
class Result:
    """How one run of a job ended. ``status``: done, failed, refused, or fresh (nothing to do, not recorded)."""

    job: str
    status: str
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    mode: str = ""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    rows_in: int = 0
    rows_out: int = 0
    rows_quarantined: int = 0
    code: str = ""
    fingerprint: str = ""
    settings: str = "{}"
    inputs: Mapping[str, int | None] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    error: str = ""

    @property
    def total(self) -> Content:
        """Content of the table written, after the run."""
        return self.outputs[-1].total if self.outputs else Content()


def record(spark: SparkSession, lake: Lake, results: Iterable[Result]) -> None:
    """Append these runs. ``ops.run_io`` comes first: a run in ``ops.run`` always has its tables there."""
    done = list(results)
    commit = Commit(run_id=str(uuid.uuid4()), job="record", mode="change")
    io = [row for r in done for row in _io_rows(r)]
    now = revision()
    runs = [
        (
            r.run_id, r.job, r.status, r.mode, r.started_at, r.started_at + timedelta(seconds=r.seconds), r.seconds,
            r.cpu_seconds, r.rows_in, r.rows_out, r.rows_quarantined, r.code, now, r.settings, r.fingerprint,
            json.dumps(r.warnings), r.error,
        )
        for r in done
    ]  # fmt: skip
    delta.append(spark, lake, RUN_IO, spark.createDataFrame(io, RUN_IO.schema).coalesce(1), commit)
    delta.append(spark, lake, RUN, spark.createDataFrame(runs, RUN.schema).coalesce(1), commit)


def _io_rows(result: Result) -> list[tuple[str | int | None, ...]]:
    read = [(result.run_id, "in", table, version, None, None, None) for table, version in result.inputs.items()]
    return read + [
        (result.run_id, "out", o.table, o.version, o.rows, o.total.rows, o.total.hash) for o in result.outputs
    ]


def recorded(lake: Lake, table: str | None = None) -> dict[str, Content]:
    """Run ids on record with the content each left in the table it wrote; of one table, or of all."""
    if delta.table_version(lake, RUN_IO) is None:
        return {}
    where = "direction = 'out'" + (f" and \"table\" = '{table}'" if table else "")
    rows = read_table(lake.root, RUN_IO.name, ["run_id", "total_rows", "content_hash"], where=where).to_pylist()
    return {r["run_id"]: Content.from_hash(r["total_rows"], r["content_hash"]) for r in rows}


def revision() -> str:
    """The checkout's revision, with ``+`` where files differ from it; ``unknown`` outside a checkout."""
    try:
        head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True)
        dirty = subprocess.run(["git", "status", "--porcelain", "-uno"], cwd=CHECKOUT, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return f"{head.stdout.strip()}{'+' if dirty.stdout.strip() else ''}" if head.returncode == 0 else "unknown"
