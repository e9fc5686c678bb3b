"""The manifest beside a delivered file: what its sender says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from jobs.landing.read import FORMATS, PARQUET
from jobs.landing.refusal import FileRefused
from jobs.tables.contract import Contract

SUFFIX = ".manifest.json"
ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8", "gb18030": "gb18030", "gbk": "gb18030"}
NEEDED = ("sender", "feed", "contract_version", "period", "rows", "sha256")


@dataclass(frozen=True)
class Manifest:
    """What a sender promises: whose rows of which feed, how many, of which days, and the file's SHA-256 (hex).

    A manifest made here, for a file that came without one, promises neither rows nor days.
    """

    sender: str
    feed: str
    contract_version: str
    period_start: date | None
    period_end: date | None
    rows: int | None
    sha256: str
    encoding: str | None = "utf-8"
    format: str = "csv"
    withdraws: str | None = None  # SHA-256 of the file that this one, without content, takes back


def read_manifest(data: bytes, file_name: str) -> Manifest:
    """The manifest that these bytes hold. Raises ``FileRefused`` saying which part of it is wrong."""
    try:
        body = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise FileRefused("the manifest can't be read: it must be JSON in UTF-8") from error
    if not isinstance(body, dict):
        raise FileRefused("the manifest must be a JSON object")
    missing = [name for name in NEEDED if body.get(name) is None]
    if missing:
        raise FileRefused(f"the manifest lacks {', '.join(missing)}")
    if body.get("file", file_name) != file_name:
        raise FileRefused(f"the manifest is for another file: {_short(body['file'])}")
    form = str(body.get("format") or "csv").lower()
    if form not in FORMATS:
        raise FileRefused(f"the manifest says format {_short(body['format'])}; allowed: {', '.join(FORMATS)}")
    start, end = _period(body["period"])
    return Manifest(
        sender=str(body["sender"]),
        feed=str(body["feed"]),
        contract_version=str(body["contract_version"]),
        period_start=start,
        period_end=end,
        rows=_count(body["rows"]),
        sha256=_sha256(body["sha256"]),
        encoding=None if form == PARQUET else _encoding(str(body.get("encoding") or "utf-8")),
        format=form,
        withdraws=_sha256(body["withdraws"], "withdraws") if body.get("withdraws") is not None else None,
    )


def check_manifest(manifest: Manifest, sender: str, feed: str, contracts: Mapping[str, Contract]) -> Contract:
    """The contract that the file is under. Raises ``FileRefused`` where manifest, folder and contract disagree."""
    if manifest.sender != sender:
        raise FileRefused(f"the manifest's sender is {_short(manifest.sender)}, the folder's is {_short(sender)}")
    if manifest.feed != feed:
        raise FileRefused(f"the manifest's feed is {_short(manifest.feed)}, the folder's is {_short(feed)}")
    contract = known_feed(feed, contracts)
    if manifest.contract_version != contract.version:
        given = _short(manifest.contract_version)
        raise FileRefused(
            f"written to version {given} of the contract {feed}; this lake has version {contract.version}"
        )
    return contract


def known_feed(feed: str, contracts: Mapping[str, Contract]) -> Contract:
    """The contract of a feed. Raises ``FileRefused`` where there is none, listing the feeds there are."""
    if feed not in contracts:
        raise FileRefused(f"unknown feed {_short(feed)}; there are: {', '.join(sorted(contracts))}")
    return contracts[feed]


def _period(period: Any) -> tuple[date, date]:
    try:
        start, end = date.fromisoformat(period["start"]), date.fromisoformat(period["end"])
    except (TypeError, KeyError, ValueError) as error:
        raise FileRefused('the manifest\'s period must be {"start": "YYYY-MM-DD", "end": "YYYY-MM-DD"}') from error
    if start > end:
        raise FileRefused(f"the manifest's period ends ({end}) before it starts ({start})")
    return start, end


def _count(rows: Any) -> int:
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
        raise FileRefused(f"the manifest's rows must be a whole number, not {_short(rows)}")
    return rows


def _sha256(text: Any, name: str = "sha256") -> str:
    if not isinstance(text, str) or not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise FileRefused(f"the manifest's {name} must be 64 hex digits")
    return text.lower()


def _encoding(name: str) -> str:
    if name.lower() not in ENCODINGS:
        raise FileRefused(f"the manifest says encoding {_short(name)}; allowed: utf-8, gb18030")
    return ENCODINGS[name.lower()]


def _short(value: object) -> str:
    """A sender's text, quoted, on one line and not longer than 80 characters."""
    text = ascii(value) if any(ord(c) < 32 for c in str(value)) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
