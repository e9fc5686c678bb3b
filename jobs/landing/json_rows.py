"""From the text of a file of JSON lines to numbered rows of text: numbers as written, nested values as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from jobs.landing.rows import Malformed, Rows, gathered, match_columns, without_empty
from jobs.tables.contract import Contract

BATCH = 20_000  # lines decoded at a time


def read_json_lines(text: bytes, contract: Contract) -> Rows:
    """Numbered rows of a file in UTF-8: a JSON object a line, blank lines not counted.

    A line that is no object is malformed. The columns are the keys that any object has. Raises ``FileRefused`` where a
    needed one is missing in all of them.
    """
    malformed: list[Malformed] = []
    batches = list(_batches(text, malformed))
    keys = dict.fromkeys(name for batch in batches for name in batch.column_names)
    return gathered(batches, match_columns(list(keys) if batches else contract.names, contract), malformed)


def _batches(text: bytes, malformed: list[Malformed]) -> Iterator[pa.Table]:
    """Objects as columns of text, some at a time; the lines that are none are added to ``malformed``."""
    some: list[dict[str, Any]] = []
    for number, row in enumerate(_objects(text)):
        if isinstance(row, dict):
            some.append(row)
        else:
            malformed.append(Malformed(number, None, row))
        if len(some) == BATCH:
            yield _columns(some)
            some = []
    if some:
        yield _columns(some)


def _columns(rows: list[dict[str, Any]]) -> pa.Table:
    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        if not all(v is None or isinstance(v, str) for v in values):
            values = [v if v is None or isinstance(v, str) else _as_text(v) for v in values]
        columns[name] = without_empty(pa.array(values, pa.string()))
    return pa.table(columns)


def _objects(text: bytes) -> Iterator[dict[str, Any] | str]:
    """Each line that is not blank: the object, numbers in it as texts, or the line as it is where it is none."""
    for line in text.split(b"\n"):
        if not line.isspace() and line:
            try:
                row = _DECODER.decode(line.decode("utf-8"))
                if b"\\u" in line:
                    json.dumps(row, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no character
            except (ValueError, RecursionError):
                row = None
            yield row if isinstance(row, dict) else line.decode("utf-8").rstrip("\r")


def _as_text(value: Any) -> str:
    """A value that is no text as text; numbers are texts already."""
    return json.dumps(value, ensure_ascii=False)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice: one of the values would be lost")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(
    parse_int=str, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_each_key_once
)
