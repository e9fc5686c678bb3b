"""Receiving: from files in the inbox to rows in bronze, exactly once, going on where a run was cut short.

A receipt goes through four kinds of commit, each with the receipt's number as its transaction:
``landing.receipt`` fixes the batch (files, verdicts, row numbers), then each ``bronze.<feed>`` and
``bronze.quarantine`` get its rows, and last ``ops.delivery`` makes it official. A run that finds a batch fixed and not
official goes on with it from the bytes kept in landing, whatever has become of the inbox since.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema

from jobs.lakehouse import delta
from jobs.lakehouse.delta import Commit
from jobs.lakehouse.errors import Refused
from jobs.lakehouse.failpoint import failpoint
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.table import Table
from jobs.landing import inbox as inbox_files
from jobs.landing.examine import Place, Verdict
from jobs.landing.inbox import Found
from jobs.landing.ledger import Begun, Ledger, begun_receipt, close_books, is_written, read_ledger
from jobs.landing.receipt import Entry, batches, ledger_rows, settle
from jobs.landing.report import Report
from jobs.landing.tasks import bronze_rows, examine_all, quarantine_rows
from jobs.tables.bronze import BRONZE, CONTRACTS, QUARANTINE
from jobs.tables.delivery import DELIVERY, RECEIPT

APP = "receive"  # the transactions' name
FEEDS_AT_ONCE = 4
SYNTHEA = "synthea"


@dataclass(frozen=True)
class Settings:
    """Settings of ``conf/job/receive.yaml``."""

    inbox: str
    format: str = "deliveries"
    delivered_on: date | None = None
    batch_files: int = 20_000
    batch_bytes: int = 4 << 30
    largest_file: int = 1 << 29


@dataclass(frozen=True)
class Received:
    """One receipt that became official: what it held, and the commits this run made, by table name."""

    run_id: str
    started_at: datetime
    seconds: float
    entries: Sequence[Entry]
    written: dict[str, Commit]


def receive(start_spark: Callable[[], SparkSession], lake: Lake, settings: Settings) -> tuple[Report, list[Received]]:
    """Receive all that is new in the inbox. Spark starts only if there is something to do.

    Raises ``Refused`` for an unusable request, and ``Broken`` where a file's rows don't add up in the lake.
    """
    files = find_files(settings)
    ledger = read_ledger(lake)
    receipts = []
    begun = begun_receipt(lake, ledger)
    if begun is not None:
        receipts.append(finish(start_spark(), lake, begun))
        ledger = read_ledger(lake)
    new = [f for f in files if (ledger.outcome(f) or ("",))[0] not in ("accepted", "duplicate")]
    unreadable = [f for f in new if f.problem and ledger.outcome(f) == ("refused", f.problem)]
    still_refused = settle([(f, Verdict(f.file, f.problem)) for f in unreadable], {}, 1)
    known = set(unreadable)
    to_judge = [f for f in new if f not in known]
    whole = settings.format == SYNTHEA  # one day of delivery for all its files
    for batch in [to_judge] if whole and to_judge else batches(to_judge, settings.batch_files, settings.batch_bytes):
        entries = judge(start_spark(), lake, settings, batch, ledger)
        still_refused += [e for e in entries if _refused_before(e, ledger)]
        fresh = [e for e in entries if not _refused_before(e, ledger)]
        if fresh:
            receipts.append(finish(start_spark(), lake, begin(start_spark(), lake, fresh, ledger)))
            ledger = read_ledger(lake)
    entries = [e for r in receipts for e in r.entries]
    return Report(entries, still_refused, unchanged=len(files) - len(new), resumed=begun is not None), receipts


def find_files(settings: Settings) -> list[Found]:
    """The inbox's files in the order of receiving. Raises ``Refused`` where there is no such folder."""
    folder = Path(settings.inbox)
    if not folder.is_dir():
        raise Refused(f"receive.inbox={settings.inbox}: no such folder")
    if settings.format == SYNTHEA:
        return inbox_files.flat_folder(folder, SYNTHEA, f"{SYNTHEA}_", settings.delivered_on)
    return inbox_files.deliveries(folder)


def judge(spark: SparkSession, lake: Lake, settings: Settings, files: Sequence[Found], ledger: Ledger) -> list[Entry]:
    """Look into the files and settle what becomes of each."""
    place = Place(settings.inbox, lake.root, settings.largest_file, settings.format != SYNTHEA)
    examined = examine_all(spark, files, place, CONTRACTS)
    failpoint("receive:examined")
    if settings.format == SYNTHEA:
        examined = _on_one_day(examined)
    return settle(examined, ledger.accepted, ledger.next_row_id)


def begin(spark: SparkSession, lake: Lake, entries: Sequence[Entry], ledger: Ledger) -> Begun:
    """Fix the batch of the next receipt: from here on the same files get the same numbers, come what may."""
    number, run_id = ledger.last_receipt + 1, str(uuid.uuid4())
    rows = ledger_rows(entries, number, datetime.now(UTC), run_id)
    _write(spark, lake, RECEIPT, _frame(spark, RECEIPT, rows), run_id, number)
    failpoint("receive:begun")
    return Begun(number, run_id, rows)


def finish(spark: SparkSession, lake: Lake, begun: Begun) -> Received:
    """Write a begun receipt's rows, close its books and make it official. What is written already is passed over."""
    entries, started_at = begun.entries, datetime.now(UTC)
    accepted = [e for e in entries if e.status == "accepted"]
    written: dict[str, Commit] = {}

    def write(table: Table, rows: Callable[[], DataFrame]) -> None:
        if is_written(lake, table, APP, begun.number):
            return
        written[table.name] = _write(spark, lake, table, rows(), begun.run_id, begun.number)
        failpoint(f"receive:{table.zone}")

    def write_feed(feed: str) -> None:
        of_feed = [e for e in accepted if e.feed == feed and e.rows_accepted]
        write(
            BRONZE[feed], partial(bronze_rows, spark, lake.root, of_feed, CONTRACTS[feed], BRONZE[feed], begun.run_id)
        )

    # A feed's rows are a task or two: feeds side by side keep the cores busy.
    with ThreadPoolExecutor(FEEDS_AT_ONCE) as pool:
        list(pool.map(write_feed, sorted({e.feed for e in accepted if e.rows_accepted})))
    doubtful = [e for e in accepted if e.rows_quarantined]
    if doubtful:
        write(QUARANTINE, partial(quarantine_rows, spark, lake.root, doubtful, CONTRACTS, QUARANTINE, begun.run_id))
    close_books(lake, entries)
    failpoint("receive:closed")
    write(DELIVERY, partial(_frame, spark, DELIVERY, begun.rows))
    seconds = (datetime.now(UTC) - started_at).total_seconds()
    return Received(begun.run_id, started_at, seconds, entries, dict(sorted(written.items())))


def _refused_before(entry: Entry, ledger: Ledger) -> bool:
    """Whether the ledger says the very same of this file already."""
    before = ledger.seen.get((entry.file, entry.bytes, entry.modified_ns))
    return entry.status == "refused" and before == ("refused", entry.reason)


def _on_one_day(examined: list[tuple[Found, Verdict]]) -> list[tuple[Found, Verdict]]:
    """Files without date folders: all delivered on the newest day that any of them tells of."""
    newest = max((v.delivered_on for _, v in examined if v.delivered_on), default=None)
    return [(f, replace(v, delivered_on=f.delivered_on or newest)) for f, v in examined]


def _frame(spark: SparkSession, table: Table, rows: Sequence[dict[str, object]]) -> DataFrame:
    """Ledger rows as a DataFrame of one partition."""
    columns = {name: [row[name] for row in rows] for name in table.column_names}
    arrow = pa.table(columns, schema=to_arrow_schema(table.schema, timezone="UTC"))
    return spark.createDataFrame(arrow, table.schema).coalesce(1)


def _write(spark: SparkSession, lake: Lake, table: Table, rows: DataFrame, run_id: str, number: int) -> Commit:
    commit = Commit(run_id=run_id, job=APP, mode="change", started_at=datetime.now(UTC).isoformat())
    return delta.append(spark, lake, table, rows, commit, txn=(APP, number))
