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
from jobs.landing.csv_rows import Rows, read_rows
from jobs.landing.inbox import Found
from jobs.landing.manifest import SUFFIX, Manifest, check_manifest, known_feed, read_manifest
from jobs.landing.refusal import FileRefused
from jobs.tables.contract import Contract

ROWS_TOGETHER = 100_000  # rows of one feed checked at a time


@dataclass(frozen=True)
class Verdict:
    """What looking into a file told. ``reason`` is why it is refused, empty where it is good.

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
    encoding: str | None = None


@dataclass(frozen=True)
class Place:
    """Where files come from and where their bytes are kept; what a file may weigh; whether manifests are expected."""

    inbox: str
    lake_root: str
    largest_file: int
    with_manifest: bool


def examine(files: Sequence[Found], place: Place, contracts: Mapping[str, Contract]) -> Iterator[Verdict]:
    """A verdict on each file, in no order; the bytes of the good ones are kept in landing."""
    waiting: dict[str, list[tuple[Verdict, Rows]]] = defaultdict(list)
    rows_waiting: Counter[str] = Counter()
    for found in files:
        verdict, rows = look_into(found, place, contracts)
        if rows is None:
            yield verdict
            continue
        waiting[found.feed].append((verdict, rows))
        rows_waiting[found.feed] += rows.count
        if rows_waiting[found.feed] >= ROWS_TOGETHER:
            yield from judged(waiting.pop(found.feed), contracts[found.feed])
            del rows_waiting[found.feed]
    for feed, of_feed in waiting.items():
        yield from judged(of_feed, contracts[feed])


def look_into(found: Found, place: Place, contracts: Mapping[str, Contract]) -> tuple[Verdict, Rows | None]:
    """What manifest, bytes and header tell of a file, and its rows; no rows where it is refused."""
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
        rows = read_rows(data, manifest.encoding, contracts[found.feed])
        if manifest.rows not in (None, rows.count):
            raise FileRefused(f"half copied? the manifest says {manifest.rows} rows, the file has {rows.count}")
        content.keep(place.lake_root, digest, data)
    except FileRefused as refusal:
        return replace(seen, reason=str(refusal)), None
    except OSError as error:
        return replace(seen, reason=f"can't be read: {error.strerror or type(error).__name__}"), None
    good = replace(
        seen,
        rows_read=rows.count,
        period_start=manifest.period_start,
        period_end=manifest.period_end,
        contract_version=manifest.contract_version,
        encoding=manifest.encoding,
    )
    return good, rows


def judged(looked_into: Sequence[tuple[Verdict, Rows]], contract: Contract) -> Iterator[Verdict]:
    """The verdicts on files of one feed with their rows counted, and dated by their rows where no folder dates them."""
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
