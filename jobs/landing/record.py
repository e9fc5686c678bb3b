"""What receiving leaves in ``ops.run`` and ``ops.run_io``: a run a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from pyspark.sql import SparkSession

from jobs.lakehouse import delta
from jobs.lakehouse.delta import Commit, Content
from jobs.lakehouse.job import code_hash
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.record import Output, Result, recorded
from jobs.lakehouse.settings import as_json
from jobs.lakehouse.table import Table
from jobs.landing.receive import Received, Settings, receive
from jobs.tables.bronze import BRONZE, QUARANTINE

TABLES = {t.name: t for t in (*BRONZE.values(), QUARANTINE)}


def results(spark: SparkSession, lake: Lake, receipts: Sequence[Received], settings: Settings) -> list[Result]:
    """The runs to record: each receipt with the bronze tables it wrote and their content afterwards."""
    totals: dict[str, Content] = {}
    runs = []
    for receipt in receipts:
        outputs = []
        for name, written in receipt.written.items():
            if name in TABLES:
                totals[name] = content_after(spark, lake, TABLES[name], written, totals.get(name))
                outputs.append(Output(name, written.version, written.content.rows, totals[name]))
        runs.append(
            Result(
                job="receive",
                status="done",
                run_id=receipt.run_id,
                mode="change",
                started_at=receipt.started_at,
                seconds=(datetime.now(UTC) - receipt.started_at).total_seconds(),
                rows_in=sum(e.rows_read for e in receipt.entries),
                rows_out=sum(e.rows_accepted for e in receipt.entries),
                rows_quarantined=sum(e.rows_quarantined for e in receipt.entries),
                code=code_hash(receive),
                settings=as_json(asdict(settings)),
                outputs=outputs,
            )
        )
    return runs


def content_after(spark: SparkSession, lake: Lake, table: Table, written: Commit, before: Content | None) -> Content:
    """The whole table's content after an append: that of before plus what was appended.

    ``before`` is known within this request; else it is looked up in the record, and read where it is not there.
    """
    if before is None and written.mode == "full":
        before = Content()  # the commit that made the table
    if before is None:
        looked_back = delta.commits(lake, table, after=max(-1, written.version - 5))
        earlier = next((c.run_id for c in looked_back if c.version < written.version), "")
        before = recorded(lake, table.name).get(earlier)
    if before is None:
        return delta.content_of(table, delta.read(spark, lake, table, written.version))
    return before + written.content
