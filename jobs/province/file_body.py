"""The bytes of a delivered file: CSV lines as they are, or the same rows with changed columns or in another format.

Most files are small, so what counts is the number of calls: all values of a file are worked on as one array.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from jobs.province.clinical_document import clinical_documents, escaped
from jobs.province.wire import ADDED, CSV, JSON_LINES, RENAMED, XML, Field, Wire

MARK = b"\xef\xbb\xbf"
SMALL = 1 << 20  # bytes; a file's values are split in Python up to here, beyond it by the CSV reader
NUMBER = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]+)?$"  # as JSON has them
TYPES = {"integer": pa.int64(), "decimal": pa.float64()}
ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
NONE = pa.scalar(None, pa.string())


def file_body(wire: Wire, columns: Sequence[Field], lines: bytes, delivered: date) -> bytes:
    """A file of these CSV lines (UTF-8, no header) as the institution sends it."""
    names = [f.name for f in columns]
    changed = wire.changed_on(delivered)
    if wire.format == CSV and not changed:
        text = (",".join(names) + "\n").encode() + lines
    else:
        kinds = {f.name: f for f in columns}
        values = _values(lines, names)
        if changed:
            names, values = _changed(wire, names, values)
            kinds[str(wire.becomes)] = kinds.get(str(wire.column), Field("", "text", "", (), False))
        if wire.format == CSV:
            text = _csv(names, values)
        elif wire.format == JSON_LINES:
            text = _json_lines(names, values, kinds)
        elif wire.format == XML:
            text = clinical_documents(_columns(names, escaped(values)), str(wire.encoding))
        else:
            return _parquet(names, values, kinds)
    if wire.encoding == "gb18030":
        return text.decode().encode("gb18030")
    return MARK + text if wire.byte_order_mark else text


def _values(lines: bytes, names: Sequence[str]) -> pa.Array:
    """Every value of the lines, column after column."""
    width = len(names)
    if not lines:
        return pa.array([], pa.string())
    if len(lines) > SMALL:
        rows = arrow_csv.read_csv(
            pa.BufferReader(lines),
            read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(lines) + 1),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        return pa.concat_arrays([chunk for column in rows.columns for chunk in column.chunks])
    text = lines.decode()
    if '"' in text:
        by_row = list(chain.from_iterable(csv.reader(io.StringIO(text, newline=""), strict=True)))
    else:
        by_row = text.removesuffix("\n").replace("\n", ",").split(",")
    return pa.array(chain.from_iterable(by_row[n::width] for n in range(width)), pa.string(), size=len(by_row))


def _changed(wire: Wire, names: list[str], values: pa.Array) -> tuple[list[str], pa.Array]:
    """Names and values with the institution's column renamed, added or dropped."""
    if wire.change == RENAMED:
        return [str(wire.becomes) if n == wire.column else n for n in names], values
    columns = _columns(names, values)
    if wire.change == ADDED:
        columns[str(wire.column)] = pa.array([wire.becomes] * (len(values) // len(names)), pa.string())
    else:
        del columns[str(wire.column)]
    return list(columns), pa.concat_arrays(list(columns.values()))


def _columns(names: Sequence[str], values: pa.Array) -> dict[str, pa.Array]:
    size = len(values) // len(names)
    return {name: values.slice(n * size, size) for n, name in enumerate(names)}


def _csv(names: Sequence[str], values: pa.Array) -> bytes:
    special = pc.match_substring_regex(values, '[",\r\n]')
    if pc.any(special).as_py():
        doubled = pc.binary_join_element_wise('"', pc.replace_substring(values, '"', '""'), '"', "")
        values = pc.if_else(special, doubled, values)
    return (",".join(names) + "\n").encode() + _lines(*_columns(names, values).values(), separator=",")


def _json_lines(names: Sequence[str], values: pa.Array, kinds: Mapping[str, Field]) -> bytes:
    """An object a line; what is a number in a column of numbers is written as such, an empty value is null."""
    text = values
    for sign, escape in ESCAPES:
        if pc.any(pc.match_substring(values, sign)).as_py():
            text = pc.replace_substring(text, sign, escape)
    text = pc.binary_join_element_wise('"', text, '"', "")
    counted = np.repeat([n in kinds and kinds[n].type in TYPES for n in names], len(values) // len(names))
    if counted.any():
        number = pc.and_(pc.match_substring_regex(values, NUMBER), pa.array(counted))
        text = pc.if_else(number, values, text)
    columns = _columns(names, pc.if_else(pc.equal(values, ""), "null", text))
    labels = [f'{"," if n else "{"}"{name}":' for n, name in enumerate(names)]
    return _lines(*chain.from_iterable(zip(labels, columns.values(), strict=True)), "}", separator="")


def _lines(*parts: pa.Array | str, separator: str) -> bytes:
    """Texts joined row by row, a line a row."""
    joined = pc.binary_join_element_wise(*parts, separator).to_pylist()
    return ("\n".join(joined) + "\n").encode() if joined else b""


def _parquet(names: Sequence[str], values: pa.Array, kinds: Mapping[str, Field]) -> bytes:
    columns = _columns(names, pc.if_else(pc.equal(values, ""), NONE, values))
    rows = pa.table({n: _typed(c, kinds.get(n)) for n, c in columns.items()})
    out = pa.BufferOutputStream()
    pq.write_table(rows, out, store_schema=False, use_dictionary=len(values) > 50_000, write_statistics=False)
    return bytes(out.getvalue())


def _typed(given: pa.Array, field: Field | None) -> pa.Array:
    """A column of numbers or days with their own type, where every value comes back from it as it is; else text."""
    if field is None or field.type not in (*TYPES, "date"):
        return given
    try:
        if field.type == "date":
            typed = pc.cast(pc.strptime(given, format=field.form, unit="s"), pa.date32())
            back = pc.strftime(pc.cast(typed, pa.timestamp("s")), format=field.form)
        else:
            typed = pc.cast(given, TYPES[field.type])
            back = pc.cast(typed, pa.string())
    except pa.ArrowInvalid:
        return given
    return typed if pc.all(pc.equal(back, given)).as_py() is not False else given
