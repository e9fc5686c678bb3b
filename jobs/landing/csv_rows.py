"""From the bytes of a file to numbered rows of text, with pyarrow's CSV reader."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from jobs.landing.refusal import FileRefused
from jobs.tables.contract import Contract

SURELY_UTF8 = 32  # bytes beyond ASCII; a GB18030 text so long does not happen to be valid UTF-8 as well


@dataclass(frozen=True)
class Malformed:
    """A row with too few or too many columns: its number in the file, from 0, its raw text and its columns."""

    number: int
    columns: int
    text: str


@dataclass(frozen=True)
class Rows:
    """The rows of a file. ``table`` holds the well-formed ones, columns as in the contract, empty fields null;
    ``numbers`` their places in the file, from 0, blank lines not counted; ``malformed`` the others."""

    table: pa.Table
    numbers: NDArray[np.int64]
    malformed: tuple[Malformed, ...]

    @property
    def count(self) -> int:
        """Rows in the file."""
        return len(self.numbers) + len(self.malformed)

    @cached_property
    def malformed_again(self) -> frozenset[int]:
        """Positions in ``malformed`` of those whose text was there before."""
        first = {m.text: i for i, m in reversed(list(enumerate(self.malformed)))}
        return frozenset(i for i, m in enumerate(self.malformed) if first[m.text] < i)


def read_rows(data: bytes, encoding: str, contract: Contract) -> Rows:
    """Numbered rows of a file. Raises ``FileRefused`` for an unreadable encoding or another header than agreed."""
    text = as_utf8(data, encoding)
    header = read_header(text)
    check_header(header, contract)
    malformed: list[Malformed] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        malformed.append(Malformed(row.number - 2, row.actual_columns, row.text))  # the header is number 1
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            # One block: rows are numbered within a block only.
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=len(text) + 1),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                include_columns=contract.names,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise FileRefused("can't be read as CSV: a quote is opened and not closed, or it holds binary data") from error
    count = table.num_rows + len(malformed)
    numbers = np.delete(np.arange(count, dtype=np.int64), [m.number for m in malformed])
    return Rows(table.combine_chunks(), numbers, tuple(malformed))


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
    beyond_ascii = len(data) - len(data.translate(None, bytes(range(128, 256))))
    if beyond_ascii >= SURELY_UTF8 and _is_utf8(data):
        raise FileRefused(f"the manifest says {encoding}, but the file is in utf-8")
    return text.removeprefix("\ufeff").encode("utf-8")


def read_header(text: bytes) -> list[str]:
    """The column names in the first line that is not blank. Raises ``FileRefused`` for an empty file."""
    lines = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline="")
    try:
        header = next((row for row in csv.reader(lines, strict=True) if row), None)
    except csv.Error as error:
        raise FileRefused("the header can't be read as CSV") from error
    if header is None:
        raise FileRefused("the file is empty: not even a header")
    return header


def check_header(header: list[str], contract: Contract) -> None:
    """Raise ``FileRefused`` unless the header holds the contract's names, each once, in any order."""
    missing = [n for n in contract.names if n not in header]
    unknown = [n for n in dict.fromkeys(header) if n not in contract.names]
    twice = [n for n in dict.fromkeys(header) if header.count(n) > 1]
    if len(missing) > len(contract.names) / 2:  # then it may be a row, whose values must not be told on
        unknown = []
        missing[0] = f"(is there a header, with commas?) {missing[0]}"
    faults = (("missing column", missing), ("unknown column", unknown), ("column given twice:", twice))
    wrong = [f"{what} {_listed(names)}" for what, names in faults if names]
    if wrong:
        raise FileRefused(f"{'; '.join(wrong)} (contract {contract.feed} {contract.version})")


def _listed(names: list[str]) -> str:
    """Names on one line, at most 200 characters."""
    line = ", ".join("".join(c if c.isprintable() else ascii(c)[1:-1] for c in n) for n in names)
    return line if len(line) <= 200 else f"{line[:197]}..."


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
