"""The ledger read back, without Spark: what was received before, what was begun, and whether the books close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable as LogReader
from deltalake.exceptions import TableNotFoundError
from numpy.typing import NDArray

from jobs.lakehouse.errors import Broken
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.read import read_table
from jobs.lakehouse.table import Table
from jobs.landing.inbox import Found
from jobs.landing.receipt import FIRST_ROW_ID, Content, Entry, check_counts
from jobs.tables.bronze import BRONZE, QUARANTINE
from jobs.tables.delivery import DELIVERY, RECEIPT
from jobs.tables.ops import RUN


@dataclass(frozen=True)
class Begun:
    """A receipt's number, its run, and its rows as ``landing.receipt`` and ``ops.delivery`` have them."""

    number: int
    run_id: str
    rows: list[dict[str, object]]

    @property
    def entries(self) -> list[Entry]:
        """The batch's entries."""
        names = [f.name for f in fields(Entry)]
        return [Entry(**{n: row[n] for n in names}) for row in self.rows]  # type: ignore[arg-type]


@dataclass(frozen=True)
class Ledger:
    """What ``ops.delivery`` says: the last receipt, the next free row number, and what was received before."""

    last_receipt: int
    next_row_id: int
    accepted: Mapping[Content, str]
    seen: Mapping[tuple[str, int, int], tuple[str, str]]

    def outcome(self, found: Found) -> tuple[str, str] | None:
        """Status and reason of this file, unchanged in size and time since, the last time; null where it is new."""
        return self.seen.get((found.file, found.bytes, found.modified_ns))


def read_ledger(lake: Lake) -> Ledger:
    """The ledger as it is now; an empty one for a new lake."""
    columns = ["receipt", "status", "reason", "sender", "feed", "file", "file_sha256"]
    table = _table(lake, DELIVERY, [*columns, "bytes", "modified_ns", "first_row_id", "rows_read"])
    if table is None or not table.num_rows:
        return Ledger(0, FIRST_ROW_ID, {}, {})
    rows = table.sort_by([("receipt", "ascending")]).to_pylist()
    accepted = [r for r in rows if r["status"] == "accepted"]
    return Ledger(
        last_receipt=rows[-1]["receipt"],
        next_row_id=max((r["first_row_id"] + r["rows_read"] for r in accepted), default=FIRST_ROW_ID),
        accepted={(r["sender"], r["feed"], r["file_sha256"]): r["file"] for r in accepted},
        seen={(r["file"], r["bytes"], r["modified_ns"]): (r["status"], r["reason"] or "") for r in rows},
    )


def begun_receipt(lake: Lake, ledger: Ledger) -> Begun | None:
    """The receipt that a run cut short has left, or null."""
    number = ledger.last_receipt + 1
    table = _table(lake, RECEIPT, RECEIPT.column_names, f"receipt = {number}")
    if table is None or not table.num_rows:
        return None
    rows = table.to_pylist()
    return Begun(number, str(rows[0]["_run_id"]), rows)


def unrecorded_receipts(lake: Lake) -> list[Begun]:
    """Receipts in ``ops.delivery`` whose run is not in ``ops.run``: a death came between the two."""
    deliveries = _table(lake, DELIVERY, ["receipt", "_run_id"])
    if deliveries is None:
        return []
    runs = _table(lake, RUN, ["run_id"], "job = 'receive'")
    recorded = set() if runs is None else set(runs["run_id"].to_pylist())
    wanted = {(r["receipt"], r["_run_id"]) for r in deliveries.to_pylist() if r["_run_id"] not in recorded}
    found = []
    for number, run_id in sorted(wanted):
        rows = read_table(lake.root, DELIVERY.name, where=f"receipt = {number}").to_pylist()
        found.append(Begun(number, run_id, rows))
    return found


def is_written(lake: Lake, table: Table, app: str, number: int) -> bool:
    """Whether the table has had the write of this transaction number, or of a later one."""
    try:
        last = LogReader(lake.uri(table)).transaction_version(app)
    except TableNotFoundError:
        return False
    return last is not None and last >= number


def close_books(lake: Lake, entries: Sequence[Entry]) -> None:
    """Compare, file by file, the ledger with the rows that lie in bronze and quarantine.

    Raises ``Broken`` naming the first file where rows read are not accepted + quarantined + duplicate.
    """
    accepted = sorted((e for e in entries if e.status == "accepted"), key=lambda e: e.first_row_id or 0)
    by_feed: dict[str, list[Entry]] = {}
    for entry in accepted:
        check_counts(entry)
        by_feed.setdefault(entry.feed, []).append(entry)
    for feed, of_feed in by_feed.items():
        _compare(of_feed, [e.rows_accepted for e in of_feed], lake, BRONZE[feed])
    _compare(accepted, [e.rows_quarantined for e in accepted], lake, QUARANTINE)


def _compare(entries: Sequence[Entry], expected: Sequence[int], lake: Lake, table: Table) -> None:
    """Raise ``Broken`` where a table doesn't hold as many rows of a file as expected, each once."""
    if not entries:
        return
    first = np.array([e.first_row_id for e in entries], dtype=np.int64)
    last = first + np.array([e.rows_read for e in entries], dtype=np.int64)
    ids = np.sort(_row_ids(lake, table, int(first[0]), int(last[-1])))
    if len(ids) and (np.diff(ids) == 0).any():
        raise Broken(f"{table.name}: a row number occurs twice")
    found = np.searchsorted(ids, last) - np.searchsorted(ids, first)
    for entry, wanted, is_there in zip(entries, expected, found, strict=True):
        if wanted != is_there:
            raise Broken(f"{entry.file}: {wanted} rows should be in {table.name}, {is_there} are")


def _row_ids(lake: Lake, table: Table, first: int, end: int) -> NDArray[np.int64]:
    ids = _table(lake, table, ["_row_id"], f"_row_id >= {first} and _row_id < {end}")
    return np.array([], dtype=np.int64) if ids is None else pc.cast(ids["_row_id"], pa.int64()).to_numpy()


def _table(lake: Lake, table: Table, columns: list[str], where: str = "true") -> pa.Table | None:
    try:
        return read_table(lake.root, table.name, columns, where=where)
    except TableNotFoundError:
        return None
