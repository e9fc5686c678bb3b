"""What receiving leaves in ``ops.run`` and ``ops.run_io``: a run a receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from pyspark.sql import SparkSession

from jobs.lakehouse import delta
from jobs.lakehouse.delta import Commit, Content
from jobs.lakehouse.job import code_hash
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.record import Output, Result, recorded
from jobs.lakehouse.settings import as_json
from jobs.lakehouse.table import Table
from jobs.landing.ledger import Begun
from jobs.landing.receipt import Entry
from jobs.landing.receive import Received, Settings, receive
from jobs.tables.bronze import BRONZE, QUARANTINE


def results(
    spark: SparkSession, lake: Lake, receipts: Sequence[Begun], made_now: Sequence[Received], settings: Settings
) -> list[Result]:
    """The runs to record: every receipt with the bronze tables it wrote and their content afterwards.

    ``made_now`` has the receipts of this process; of others, and of commits that a death left behind, the content is
    read from the tables.
    """
    now = {r.run_id: r for r in made_now}
    runs = []
    totals: dict[str, Content] = {}
    for receipt in receipts:
        received = now.get(receipt.run_id)
        outputs = _outputs(spark, lake, receipt, received.written if received else {}, totals)
        totals |= {o.table: o.total for o in outputs}
        entries, began = receipt.entries, receipt.rows[0]["received_at"]
        assert isinstance(began, datetime)
        runs.append(
            Result(
                job="receive",
                status="done",
                run_id=receipt.run_id,
                mode="change",
                started_at=received.started_at if received else began,
                seconds=received.seconds if received else 0.0,
                rows_in=sum(e.rows_read for e in entries),
                rows_out=sum(e.rows_accepted for e in entries),
                rows_quarantined=sum(e.rows_quarantined for e in entries),
                code=code_hash(receive),
                settings=as_json(asdict(settings)),
                outputs=outputs,
            )
        )
    return runs


def _outputs(
    spark: SparkSession, lake: Lake, receipt: Begun, written: Mapping[str, Commit], totals: Mapping[str, Content]
) -> list[Output]:
    """The tables a receipt wrote, each with the rows it got and its content afterwards."""
    outputs = []
    for table, rows in rows_by_table(receipt.entries).items():
        commit = written.get(table.name) or _commit(lake, table, receipt.run_id)
        total = content_after(spark, lake, table, commit, totals.get(table.name))
        outputs.append(Output(table.name, commit.version, rows, total))
    return outputs


def rows_by_table(entries: Sequence[Entry]) -> dict[Table, int]:
    """How many rows of a receipt lie in which table."""
    accepted = [e for e in entries if e.status == "accepted"]
    rows = {BRONZE[f]: sum(e.rows_accepted for e in accepted if e.feed == f) for f in {e.feed for e in accepted}}
    rows[QUARANTINE] = sum(e.rows_quarantined for e in accepted)
    return {table: n for table, n in sorted(rows.items(), key=lambda item: item[0].name) if n}


def content_after(spark: SparkSession, lake: Lake, table: Table, written: Commit, before: Content | None) -> Content:
    """The whole table's content after an append: that of before plus what was appended, or read where that is unknown.

    ``before`` is known within one process; else it is looked up in the record.
    """
    if before is None and written.mode == "full":
        before = Content()  # the commit that made the table
    if before is None:
        looked_back = delta.commits(lake, table, after=max(-1, written.version - 5))
        earlier = next((c.run_id for c in looked_back if c.version < written.version), "")
        before = recorded(lake, table.name).get(earlier)
    if before is None or not written.content.rows:
        return delta.content_of(delta.read(spark, lake, table, written.version), table.column_names)
    return before + written.content


def _commit(lake: Lake, table: Table, run_id: str) -> Commit:
    """The commit that an earlier process made for this run; it doesn't say its content."""
    return next(c for c in delta.commits(lake, table) if c.run_id == run_id)
