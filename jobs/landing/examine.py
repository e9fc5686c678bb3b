"""Files looked into, inside a task: manifest, bytes, text and rows. Only landing's copy of the bytes is written."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from jobs.codes.real_date import days
from jobs.landing import content
from jobs.landing.check import Checked, check_rows
from jobs.landing.inbox import Found
from jobs.landing.manifest import SUFFIX, Manifest, check_manifest, known_feed, read_manifest
from jobs.landing.read import Sent, read_all
from jobs.landing.refusal import FileRefused
from jobs.landing.rows import Rows
from jobs.tables.contract import Contract

ROWS_TOGETHER = 100_000  # rows of one feed checked at a time, when they are known
BYTES_TOGETHER = 8 << 20  # bytes of one feed read and checked at a time, when rows are not known yet


@dataclass(frozen=True)
class Verdict:
    """What looking into a file told. ``reason`` is why it is refused, empty where it is good; ``note`` is how a good
    file's columns differ from the contract's.

    ``delivered_on`` is the day of delivery; for a file without a date folder, the newest day that its rows tell of.
    """

    file: str
    reason: str
    delivered_on: date | None = None
    file_sha256: str | None = None
    rows_read: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    period_start: date | None = None
    period_end: date | None = None
    contract_version: str | None = None
    format: str | None = None
    encoding: str | None = None
    withdraws: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Place:
    """Where files come from and where their bytes are kept; what a file may weigh; whether manifests are expected."""

    inbox: str
    lake_root: str
    largest_file: int
    with_manifest: bool


@dataclass(frozen=True)
class Opened:
    """A file whose manifest agrees with its bytes and with the contract, not read yet."""

    verdict: Verdict
    manifest: Manifest
    data: bytes


def examine(files: Sequence[Found], place: Place, contracts: Mapping[str, Contract]) -> Iterator[Verdict]:
    """A verdict on each file, in no order; the bytes of the good ones are kept in landing.

    Files of one feed are read and checked some at a time, as small ones cost more to open than their rows do.
    """
    waiting: dict[str, list[Opened]] = defaultdict(list)
    weights: Counter[str] = Counter()
    for found in files:
        verdict, opened = look_into(found, place, contracts)
        if opened is None:
            yield verdict
            continue
        waiting[found.feed].append(opened)
        weights[found.feed] += found.bytes
        if weights[found.feed] >= BYTES_TOGETHER:
            yield from judged(waiting.pop(found.feed), place, contracts[found.feed])
            del weights[found.feed]
    for feed, of_feed in waiting.items():
        yield from judged(of_feed, place, contracts[feed])


def look_into(found: Found, place: Place, contracts: Mapping[str, Contract]) -> tuple[Verdict, Opened | None]:
    """What manifest and bytes tell of a file before it is read; only a verdict where it is refused."""
    seen = Verdict(found.file, found.problem, found.delivered_on)
    if found.problem:
        return seen, None
    try:
        if found.bytes > place.largest_file:
            raise FileRefused(f"{found.bytes} bytes; receive.largest_file is {place.largest_file}: deliver it in parts")
        path = Path(place.inbox, found.file)
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        seen = replace(seen, file_sha256=digest)
        manifest = _manifest(found, path, place, contracts, digest)
        if manifest.withdraws:
            return _withdrawal(seen, manifest, data), None
    except FileRefused as refusal:
        return replace(seen, reason=str(refusal)), None
    except OSError as error:
        return replace(seen, reason=f"can't be read: {_told(error)}"), None
    return seen, Opened(seen, manifest, data)


def judged(opened: Sequence[Opened], place: Place, contract: Contract) -> Iterator[Verdict]:
    """The verdicts on files of one feed, read and checked; their bytes are kept in landing where they are good."""
    sent = [Sent(file.data, file.manifest.format, file.manifest.encoding) for file in opened]
    good: list[tuple[Verdict, Rows]] = []
    for file, rows in zip(opened, read_all(sent, contract), strict=True):
        try:
            if isinstance(rows, FileRefused):
                raise rows
            if file.manifest.rows not in (None, rows.count):
                promised = f"the manifest says {file.manifest.rows} rows"
                raise FileRefused(f"half copied? {promised}, the file has {rows.count}")
            content.keep(place.lake_root, file.manifest.sha256, file.data)
            good.append((_read(file, rows), rows))
        except FileRefused as refusal:
            yield replace(file.verdict, reason=str(refusal))
        except OSError as error:
            yield replace(file.verdict, reason=f"can't be kept: {_told(error)}")
    if good:
        yield from counted(good, contract)


def _read(file: Opened, rows: Rows) -> Verdict:
    manifest = file.manifest
    return replace(
        file.verdict,
        rows_read=rows.count,
        period_start=manifest.period_start,
        period_end=manifest.period_end,
        contract_version=manifest.contract_version,
        format=manifest.format,
        encoding=manifest.encoding,
        note=rows.note,
    )


def _withdrawal(seen: Verdict, manifest: Manifest, data: bytes) -> Verdict:
    """The verdict on a file that takes an earlier (or later) one of its sender and feed back. It says nothing of days.

    Raises ``FileRefused`` where it holds anything.
    """
    if data or manifest.rows:
        raise FileRefused("a withdrawal has no content and 0 rows; deliver rows in a file of their own")
    note = f"withdraws the file with the sha256 {str(manifest.withdraws)[:12]}..."
    return replace(seen, contract_version=manifest.contract_version, withdraws=manifest.withdraws, note=note)


def _told(error: OSError) -> str:
    return error.strerror or type(error).__name__


def counted(looked_into: Sequence[tuple[Verdict, Rows]], contract: Contract) -> Iterator[Verdict]:
    """The verdicts on good files of a feed with their rows counted, and dated by their rows where no folder does it."""
    checked = check_rows([rows for _, rows in looked_into], contract)
    newest = newest_days(checked, contract)
    for (verdict, _), (accepted, quarantined, duplicate), day in zip(
        looked_into, checked.counts(), newest, strict=True
    ):
        yield replace(
            verdict,
            rows_accepted=accepted,
            rows_quarantined=quarantined,
            rows_duplicate=duplicate,
            delivered_on=verdict.delivered_on or day,
        )


def newest_days(checked: Checked, contract: Contract) -> list[date | None]:
    """The newest day on which a row says that something happened, for each file; null where no field says so."""
    newest = np.zeros(len(checked.files), dtype=np.int64)
    if contract.happened:
        field = contract.field(contract.happened)
        np.maximum.at(newest, checked.file, days(checked.table[field.name], field.formats))
    return [date(n // 10000, n // 100 % 100, n % 100) if n else None for n in newest.tolist()]


def _manifest(found: Found, path: Path, place: Place, contracts: Mapping[str, Contract], digest: str) -> Manifest:
    """The file's manifest, agreed with folder, contract and bytes; one made here where none is expected."""
    if not place.with_manifest:
        contract = known_feed(found.feed, contracts)
        return Manifest(found.sender, found.feed, contract.version, None, None, None, digest)
    manifest = read_manifest(Path(f"{path}{SUFFIX}").read_bytes(), path.name)
    check_manifest(manifest, found.sender, found.feed, contracts)
    if manifest.sha256 != digest:
        promised = f"the manifest's sha256 is {manifest.sha256[:12]}..."
        raise FileRefused(f"wrong hash, or half copied: {promised}, the file's {digest[:12]}...")
    return manifest
