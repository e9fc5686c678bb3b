"""A receipt: what becomes of each file of a batch and which row numbers it gets. Plain Python over verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from jobs.lakehouse.errors import Broken
from jobs.landing.examine import Verdict
from jobs.landing.inbox import Found

FIRST_ROW_ID = 1
ROW_ID_LIMIT = 1 << 47  # leaves six bits for the events of one row below 2^53
Content = tuple[str, str, str]  # sender, feed, sha256


@dataclass(frozen=True)
class Entry:
    """One row of the ledger (``jobs.tables.delivery``), without the receipt's number, time and run."""

    feed: str
    sender: str
    file: str
    file_sha256: str | None
    status: str
    reason: str | None
    rows_read: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    first_row_id: int | None
    delivered_on: date | None
    period_start: date | None
    period_end: date | None
    contract_version: str | None
    format: str | None
    encoding: str | None
    withdraws: str | None
    bytes: int
    modified_ns: int


def settle(examined: Iterable[tuple[Found, Verdict]], known: Mapping[Content, str], next_row_id: int) -> list[Entry]:
    """The batch's entries, in the order of receiving.

    ``known`` maps content accepted earlier to its file: the same content from the same sender for the same feed is a
    duplicate, whatever its name; but a file without rows says each time that its period had none, so it is accepted.
    Every accepted file gets the next ``rows_read`` numbers, quarantined and repeated rows included. Raises ``Broken``
    when a file's counts don't add up or the numbers run out.
    """
    seen, entries = dict(known), []
    for found, verdict in sorted(examined, key=lambda pair: _order(*pair)):
        entry = _entry(found, verdict)
        if entry.status == "accepted":
            check_counts(entry)
            content = (entry.sender, entry.feed, str(entry.file_sha256))
            if content in seen and entry.rows_read:
                entry = _duplicate(entry, seen[content])
            else:
                seen[content] = entry.file
                entry = replace(entry, first_row_id=next_row_id)
                next_row_id += entry.rows_read
        entries.append(entry)
    if next_row_id > ROW_ID_LIMIT:
        raise Broken(f"row numbers have run out: {next_row_id} is above 2^47")
    return entries


def check_counts(entry: Entry) -> None:
    """Raise ``Broken`` unless rows read = accepted + quarantined + duplicate."""
    parts = entry.rows_accepted + entry.rows_quarantined + entry.rows_duplicate
    if entry.rows_read != parts:
        raise Broken(f"{entry.file}: {entry.rows_read} rows read, {parts} accounted for")


def ledger_rows(entries: Sequence[Entry], receipt: int, received_at: datetime, run_id: str) -> list[dict[str, Any]]:
    """Entries as rows of ``ops.delivery``."""
    return [{**asdict(e), "receipt": receipt, "received_at": received_at, "_run_id": run_id} for e in entries]


def batches(found: Sequence[Found], files: int, size: int) -> list[list[Found]]:
    """The files cut, in order, into batches of at most so many files and bytes; a larger file is a batch of its own."""
    cut: list[list[Found]] = []
    weight = 0
    for f in found:
        if not cut or len(cut[-1]) >= files or weight + f.bytes > size:
            cut.append([])
            weight = 0
        cut[-1].append(f)
        weight += f.bytes
    return cut


def _entry(found: Found, verdict: Verdict) -> Entry:
    values = asdict(verdict)
    reason, note = values.pop("reason"), values.pop("note")
    if not reason and verdict.delivered_on is None:
        reason = "no day of delivery: its rows tell of none; give receive.delivered_on"
    status = "refused" if reason else "accepted"
    if reason:
        values.update(rows_read=0, rows_accepted=0, rows_quarantined=0, rows_duplicate=0)
    return Entry(
        **values,
        feed=found.feed,
        sender=found.sender,
        status=status,
        reason=reason or note or None,
        first_row_id=None,
        bytes=found.bytes,
        modified_ns=found.modified_ns,
    )


def _duplicate(entry: Entry, earlier: str) -> Entry:
    return replace(
        entry,
        status="duplicate",
        reason=f"the same content as {earlier}",
        rows_accepted=0,
        rows_quarantined=0,
        rows_duplicate=entry.rows_read,
    )


def _order(found: Found, verdict: Verdict) -> tuple[date, str, str, str]:
    return (verdict.delivered_on or date.max, found.sender, found.feed, found.file)
