"""Rows of a delivered file, whatever its format: the contract's columns as text, numbered, with what was odd noted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.landing.refusal import FileRefused
from jobs.tables.bronze import EXTRA
from jobs.tables.contract import Contract

LARGEST_TEXT = 1 << 31  # bytes; a compressed file may hold far more than it weighs


@dataclass(frozen=True)
class Malformed:
    """A row that can't be told apart into fields: its number in the file, from 0, its raw text, and the columns it has
    in place of the header's (null where the row is no JSON object)."""

    number: int
    columns: int | None
    text: str


@dataclass(frozen=True)
class Rows:
    """The rows of a file. ``table`` holds the well-formed ones, columns as in the contract and ``_extra`` behind them,
    empty fields null; ``numbers`` their places in the file, from 0, blank lines not counted; ``malformed`` the others.

    ``columns`` is how many a row of the file has; ``note`` says how they differ from the contract's.
    """

    table: pa.Table
    numbers: NDArray[np.int64]
    malformed: tuple[Malformed, ...]
    columns: int
    note: str = ""

    @property
    def count(self) -> int:
        """Rows in the file."""
        return len(self.numbers) + len(self.malformed)

    @cached_property
    def malformed_again(self) -> frozenset[int]:
        """Positions in ``malformed`` of those whose text was there before."""
        first = {m.text: i for i, m in reversed(list(enumerate(self.malformed)))}
        return frozenset(i for i, m in enumerate(self.malformed) if first[m.text] < i)


@dataclass(frozen=True)
class Match:
    """Which of a file's columns holds which field (null: none does), and the columns that the contract doesn't know."""

    column_of: dict[str, str | None]
    unknown: tuple[str, ...]
    columns: int
    note: str

    @property
    def known(self) -> list[str]:
        """The columns that hold a field."""
        return [column for column in self.column_of.values() if column is not None]


def match_columns(sent: Sequence[str], contract: Contract) -> Match:
    """The file's columns under the contract's names, in any order, each once, also under other names it allows.

    Raises ``FileRefused`` where a needed one is missing or one comes twice. A column that is not needed may be missing,
    and one that the contract doesn't know is kept as it is; both are noted.
    """
    owner = contract.by_any_name
    column_of: dict[str, str | None] = dict.fromkeys(contract.names)
    twice = [n for n in dict.fromkeys(sent) if sent.count(n) > 1]
    for name in dict.fromkeys(sent):
        if name in owner:
            taken = column_of[owner[name]]
            twice += [name] if taken is not None else []
            column_of[owner[name]] = taken or name
    missing = [n for n, column in column_of.items() if column is None]
    refused = [n for n in missing if n in contract.needed]
    unknown = tuple(n for n in dict.fromkeys(sent) if n not in owner)
    if len(missing) > len(contract.names) / 2:  # then it may be a row, whose values must not be told on
        refused = [f"(is there a header, with commas?) {missing[0]}", *missing[1:]]
    faults = (("missing column", refused), ("column given twice:", twice))
    wrong = [f"{what} {_listed(names)}" for what, names in faults if names]
    if wrong:
        raise FileRefused(f"{'; '.join(wrong)} (contract {contract.feed} {contract.version})")
    renamed = [f"{column} for {name}" for name, column in column_of.items() if column not in (None, name)]
    notes = (
        ("column under another name:", renamed),
        ("missing column taken as empty:", missing),
        (f"unknown column kept in {EXTRA}:", unknown),
    )
    note = "; ".join(f"{what} {_listed(names)}" for what, names in notes if names)
    return Match(column_of, unknown, len(sent), note)


def conformed(sent: pa.Table, match: Match) -> pa.Table:
    """Columns of text under the file's names as the contract's columns and ``_extra``; no text is empty."""
    none = pa.nulls(sent.num_rows, pa.string())
    there = set(sent.column_names)
    columns = {n: sent[c] if c in there else none for n, c in match.column_of.items()}
    return pa.table({**columns, EXTRA: _extra(sent, match.unknown)})


def without_empty(texts: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Texts with null for the empty ones."""
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def gathered(batches: Iterable[pa.Table], match: Match, malformed: Sequence[Malformed] = ()) -> Rows:
    """A file's batches together, with the rows of it that have no columns. Raises ``FileRefused`` for too much."""
    parts, weight = [conformed(_nothing(match), match)], 0
    for batch in batches:
        parts.append(conformed(batch, match))
        weight += batch.nbytes
        if weight > LARGEST_TEXT:
            raise FileRefused(f"its rows take more than {LARGEST_TEXT >> 30} GiB as text: deliver it in parts")
    table = pa.concat_tables(parts)
    return Rows(table, numbers_without(table.num_rows, malformed), tuple(malformed), match.columns, match.note)


def numbers_without(well_formed: int, malformed: Sequence[Malformed]) -> NDArray[np.int64]:
    """The numbers of the well-formed rows of a file."""
    numbers = np.arange(well_formed + len(malformed), dtype=np.int64)
    return np.delete(numbers, [m.number for m in malformed]) if malformed else numbers


def as_utf8(data: bytes, encoding: str) -> bytes:
    """The file's text in UTF-8, without byte order mark. Raises ``FileRefused`` naming the first unreadable byte."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileRefused(
            f"not readable as {encoding}: byte {error.start + 1} (0x{data[error.start]:02x}) is no character of it"
        ) from error
    if encoding == "utf-8":
        return data.removeprefix(b"\xef\xbb\xbf")
    beyond_ascii = len(data) - len(data.translate(None, _BEYOND_ASCII))
    if beyond_ascii >= SURELY_UTF8 and _is_utf8(data):
        raise FileRefused(f"the manifest says {encoding}, but the file is in utf-8")
    return text.removeprefix("\ufeff").encode("utf-8")


SURELY_UTF8 = 32  # bytes beyond ASCII; a GB18030 text so long does not happen to be valid UTF-8 as well
_BEYOND_ASCII = bytes(range(128, 256))


def _extra(sent: pa.Table, unknown: tuple[str, ...]) -> pa.Array:
    """The values of unknown columns that are there, row by row, as a JSON object; null where there is none."""
    unknown = tuple(n for n in unknown if n in sent.column_names)
    if not unknown:
        return pa.nulls(sent.num_rows, pa.string())
    texts = []
    for row in zip(*(sent[n].to_pylist() for n in unknown), strict=True):
        given = {n: v for n, v in zip(unknown, row, strict=True) if v is not None}
        texts.append(json.dumps(given, ensure_ascii=False) if given else None)
    return pa.array(texts, pa.string())


def _nothing(match: Match) -> pa.Table:
    return pa.table({n: pa.array([], pa.string()) for n in (*match.known, *match.unknown)})


def _listed(names: Sequence[str]) -> str:
    """Names on one line, at most 200 characters."""
    line = ", ".join("".join(c if c.isprintable() else ascii(c)[1:-1] for c in n) for n in names)
    return line if len(line) <= 200 else f"{line[:197]}..."


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
