"""How each institution sends each feed: format, encoding, and a column renamed, added or dropped from a day on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import yaml

from jobs.lakehouse.errors import Refused
from jobs.province.clinical_document import SECTION, SECTIONS
from jobs.province.draws import Draws, text_key

CSV, JSON_LINES, PARQUET, XML = "csv", "jsonl", "parquet", "xml"
DOCUMENTS = "emr_document"  # the feed that some send as HL7 CDA
RENAMED, ADDED, DROPPED, NEEDED_DROPPED = "renamed", "added", "dropped", "needed_dropped"
NEW_COLUMNS = {"source_system": "HIS-5.2", "yljgfzmc": "本部", "remark": "接口升级, 见通知", "upload_batch": "2"}
NEW_SECTIONS = {f"{SECTION}48767-8": "接口升级, 见通知"}  # of CDA documents: LOINC's annotation comment
G = TypeVar("G", bound="Formats | Drift")


@dataclass(frozen=True)
class Field:
    """What the writer needs of a contract's field. ``needed``: a file without its column is refused."""

    name: str
    type: str
    form: str  # of a date or time
    also_called: tuple[str, ...]
    needed: bool


@dataclass(frozen=True)
class Formats:
    """Shares of institutions, drawn by feed, that send something other than plain CSV."""

    jsonl: float
    parquet: float
    cda: float  # of those that send emr_document; no other feed has documents
    byte_order_mark: float  # of those that send CSV in UTF-8

    @staticmethod
    def read(node: Mapping[str, Any]) -> Formats:
        """From the group ``formats``."""
        made = _shares(Formats, node, "formats")
        if made.jsonl + made.parquet + made.cda > 1:
            raise Refused(
                "simulate.formats.jsonl, simulate.formats.parquet and simulate.formats.cda: must not come to more than "
                f"1 together, these are {made.jsonl + made.parquet + made.cda:g}"
            )
        return made


@dataclass(frozen=True)
class Drift:
    """Shares of institutions, drawn by feed, one of whose columns changes on a day of the first ``within_days``."""

    renamed: float
    added: float
    dropped: float
    needed_dropped: float
    within_days: int

    @staticmethod
    def read(node: Mapping[str, Any]) -> Drift:
        """From the group ``drift``."""
        days = node["within_days"]
        if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 36_500:
            raise Refused(f"simulate.drift.within_days={days}: must be a whole number from 1 to 36500")
        made = _shares(Drift, node, "drift", within_days=days)
        total = made.renamed + made.added + made.dropped + made.needed_dropped
        if total > 1:
            raise Refused(f"simulate.drift: its shares must not come to more than 1 together, these are {total:g}")
        return made


@dataclass(frozen=True)
class Wire:
    """How one institution sends one feed. ``column`` is ``change``d on the delivery of ``since`` and on all later ones:
    it is then called ``becomes``, or (where added) always holds it."""

    format: str
    encoding: str | None
    byte_order_mark: bool
    change: str | None = None
    column: str | None = None
    becomes: str | None = None
    since: date | None = None

    def changed_on(self, delivered: date) -> bool:
        """Whether a delivery of this day has its columns changed."""
        return self.since is not None and delivered >= self.since


def fields_of(contract: Mapping[str, Any]) -> tuple[Field, ...]:
    """A contract's fields, as its YAML has them. Needed are those required and those that tell record and person."""
    always = {*contract.get("key", ()), contract.get("happened")}
    not_of_person = ("", "phone", "place", "address")
    return tuple(
        Field(
            str(f["name"]),
            str(f.get("type", "text")),
            str((f.get("formats") or [""])[0]),
            tuple(f.get("also_called", ())),
            bool(f.get("required")) or f["name"] in always or f.get("role", "") not in not_of_person,
        )
        for f in contract["fields"]
    )


def wire_of(
    seed: int, sender: str, feed: str, columns: Sequence[Field], gb18030: bool, formats: Formats, drift: Drift,
    begins: date,
) -> Wire:  # fmt: skip
    """How an institution sends a feed: a draw of its own, whatever else is simulated."""
    draws = Draws(seed)
    key = text_key(f"{sender}/{feed}")
    documents = formats.cda if feed == DOCUMENTS else 0.0
    form = _which(draws, "format", key, {XML: documents, JSON_LINES: formats.jsonl, PARQUET: formats.parquet}) or CSV
    encoding = "gb18030" if gb18030 else "utf-8"
    marked = form == CSV and not gb18030 and bool(draws.happens(formats.byte_order_mark, "byte order mark", key))
    wire = Wire(form, None if form == PARQUET else encoding, marked)
    shares = {RENAMED: drift.renamed, ADDED: drift.added, DROPPED: drift.dropped, NEEDED_DROPPED: drift.needed_dropped}
    change = _which(draws, "drift", key, shares)
    which: Mapping[str, Callable[[Field], object]] = {
        RENAMED: lambda f: f.also_called and form != XML,
        DROPPED: lambda f: not f.needed and (form != XML or f.name in SECTIONS),
        NEEDED_DROPPED: lambda f: f.needed and form != XML,
    }
    touched, new = which.get(change or "", lambda _: None), NEW_SECTIONS if form == XML else NEW_COLUMNS
    pool = [f for f in columns if touched(f)] if change != ADDED else list(new)
    if not change or not pool:
        return wire
    picked = pool[int(draws.whole(len(pool), "drift column", key))]
    since = begins + timedelta(days=int(draws.whole(drift.within_days, "drift day", key)))
    name = picked if isinstance(picked, str) else picked.name
    becomes = new[name] if change == ADDED else picked.also_called[0] if change == RENAMED else None  # type: ignore[union-attr]
    return Wire(wire.format, wire.encoding, wire.byte_order_mark, change, name, becomes, since)


def channel_table(wires: Mapping[tuple[str, str], Wire]) -> pa.Table:
    """The truth's table ``channel``: one row an institution and feed, how it is sent and what changes in it when."""
    names = [f.name for f in fields(Wire)]
    types = [pa.bool_() if n == "byte_order_mark" else pa.date32() if n == "since" else pa.string() for n in names]
    columns = [pa.array([getattr(w, n) for w in wires.values()], t) for n, t in zip(names, types, strict=True)]
    senders, feeds = (pa.array([pair[n] for pair in wires], pa.string()) for n in (0, 1))
    return pa.table([senders, feeds, *columns], names=["sender", "feed", *names])


def contract_fields(text: str) -> tuple[str, tuple[Field, ...]]:
    """Version and fields of a contract's YAML."""
    contract = yaml.safe_load(text)
    return str(contract["version"]), fields_of(contract)


def _which(draws: Draws, purpose: str, key: np.uint64, shares: Mapping[str, float]) -> str | None:
    """One of the names by its share, or none."""
    at = float(draws.uniform(purpose, key))
    for name, share in shares.items():
        if at < share:
            return name
        at -= share
    return None


def _shares(kind: type[G], node: Mapping[str, Any], group: str, **given: Any) -> G:
    values: dict[str, Any] = {}
    for name in (f.name for f in fields(kind) if f.name not in given):
        value = node[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise Refused(f"simulate.{group}.{name}={value}: must be a number from 0 to 1")
        values[name] = float(value)
    return kind(**values, **given)
