"""From the text of CSV files to numbered rows of text, with pyarrow's CSV reader."""

from __future__ import annotations

import csv
import io
import os
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from jobs.landing.refusal import FileRefused
from jobs.landing.rows import Malformed, Match, Rows, conformed, match_columns, numbers_without
from jobs.tables.contract import Contract

ALONE = 1 << 20  # bytes; a larger file gains nothing from being read with others


def read_csv(text: bytes, contract: Contract) -> Rows:
    """Numbered rows of one file in UTF-8. Raises ``FileRefused`` for a header or content that can't be taken."""
    header = read_header(text)
    match = match_columns(header, contract)
    malformed: list[Malformed] = []
    table = _parsed(text, header, match, lambda n, columns, row: malformed.append(Malformed(n, columns, row)))
    numbers = numbers_without(table.num_rows, malformed)
    return Rows(conformed(table, match), numbers, tuple(malformed), match.columns, match.note)


def read_small_csvs(texts: Sequence[bytes], contract: Contract) -> dict[int, Rows]:
    """Rows of those files, by position, that could be read together: small ones with one and the same plain header.

    Opening the reader costs more than the rows of a small file. So files are put behind each other, with a line between
    that is malformed and can't be in any of them; where one is missing, as a quote was left open before it, none counts
    and the files are left to ``read_csv``, as are all those that it refuses.
    """
    same_header: dict[bytes, list[int]] = defaultdict(list)
    for at, text in enumerate(texts):
        header = text.partition(b"\n")[0].removesuffix(b"\r")
        if len(text) <= ALONE and b"," in header and b'"' not in header and b"\r" not in header:
            same_header[header].append(at)
    read: dict[int, Rows] = {}
    for header, places in same_header.items():
        if len(places) > 1:
            try:
                rows = _together(header, [texts[at].partition(b"\n")[2] for at in places], contract)
            except FileRefused:
                continue
            read |= zip(places, rows, strict=False)  # no rows where an end was not found
    return read


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


def _together(header: bytes, bodies: Sequence[bytes], contract: Contract) -> list[Rows]:
    """The rows of files with this header; none at all where the end of one is not found."""
    names = read_header(header)
    match = match_columns(names, contract)
    end = os.urandom(16).hex()
    text = b"".join(part for body in bodies for part in (body, b"\n", end.encode(), b"\n"))
    malformed: list[Malformed] = []
    ends: list[int] = []

    def note(number: int, columns: int, row: str) -> None:
        if row == end:
            ends.append(number)
        else:
            malformed.append(Malformed(number, columns, row))

    table = conformed(_parsed(header + b"\n" + text, names, match, note), match)
    if len(ends) != len(bodies):
        return []
    found = []
    file = np.searchsorted(ends, [m.number for m in malformed]) if malformed else np.zeros(0, np.int64)
    start = taken = 0
    for at, stop in enumerate(ends):
        own = [malformed[i] for i in np.flatnonzero(file == at)] if malformed else []
        own = [Malformed(m.number - start, m.columns, m.text) for m in own]
        size = stop - start - len(own)
        rows = table.slice(taken, size)
        found.append(Rows(rows, numbers_without(size, own), tuple(own), match.columns, match.note))
        start, taken = stop + 1, taken + size
    return found


def _parsed(text: bytes, header: Sequence[str], match: Match, note: Callable[[int, int, str], None]) -> pa.Table:
    """The well-formed rows under the file's own names; ``note`` is told number, columns and text of each other one."""

    def skip(row: arrow_csv.InvalidRow) -> str:
        note(row.number - 2, row.actual_columns, row.text)  # the header is number 1
        return "skip"

    try:
        return arrow_csv.read_csv(
            pa.BufferReader(text),
            # One block: rows are numbered within a block only.
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=len(text) + 1),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                include_columns=[*match.known, *match.unknown],
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise FileRefused("can't be read as CSV: a quote is opened and not closed, or it holds binary data") from error
