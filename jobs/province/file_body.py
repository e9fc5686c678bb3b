"""The bytes of a delivered file: CSV lines as they are, or the same rows with changed columns or in another format."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from jobs.province.clinical_document import clinical_documents
from jobs.province.wire import ADDED, CSV, JSON_LINES, RENAMED, XML, Field, Wire

MARK = b"\xef\xbb\xbf"
NUMBER = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]+)?$"  # as JSON has them
TYPES = {"integer": pa.int64(), "decimal": pa.float64()}
ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))


def file_body(wire: Wire, columns: Sequence[Field], lines: bytes, delivered: date) -> bytes:
    """A file of these CSV lines (UTF-8, no header) as the institution sends it."""
    header = [f.name for f in columns]
    changed = wire.changed_on(delivered)
    if wire.format == CSV and not changed:
        text = (",".join(header) + "\n").encode() + lines
    else:
        rows = _parsed(lines, header)
        rows = _changed(rows, wire) if changed else rows
        kinds = {(wire.becomes if changed and f.name == wire.column else f.name): f for f in columns}
        if wire.format == CSV:
            text = _csv(rows)
        elif wire.format == JSON_LINES:
            text = _json_lines(rows, [n for n in rows.column_names if n in kinds and kinds[n].type in TYPES])
        elif wire.format == XML:
            text = clinical_documents(rows, str(wire.encoding))
        else:
            return _parquet(
                pa.table({n: _typed(c, kinds.get(n)) for n, c in zip(rows.column_names, rows.columns, strict=True)})
            )
    if wire.encoding == "gb18030":
        return text.decode().encode("gb18030")
    return MARK + text if wire.byte_order_mark else text


def _parsed(lines: bytes, header: list[str]) -> pa.Table:
    if not lines:
        return pa.table({n: pa.array([], pa.string()) for n in header})
    return csv.read_csv(
        pa.BufferReader(lines),
        read_options=csv.ReadOptions(column_names=header, use_threads=False, block_size=len(lines) + 1),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False),
    ).combine_chunks()


def _changed(rows: pa.Table, wire: Wire) -> pa.Table:
    """The rows with the institution's column renamed, added or dropped."""
    if wire.change == ADDED:
        return rows.append_column(str(wire.column), pa.array([wire.becomes] * rows.num_rows, pa.string()))
    if wire.change == RENAMED:
        return rows.rename_columns([str(wire.becomes) if n == wire.column else n for n in rows.column_names])
    return rows.drop_columns([str(wire.column)])


def _csv(rows: pa.Table) -> bytes:
    columns = []
    for column in rows.columns:
        special = pc.match_substring_regex(column, '[",\r\n]')
        if pc.any(special).as_py():
            inner = pc.replace_substring(column, '"', '""')
            column = pc.if_else(special, pc.binary_join_element_wise('"', inner, '"', ""), column)
        columns.append(column)
    return (",".join(rows.column_names) + "\n").encode() + _joined(*columns, separator=",")


def _json_lines(rows: pa.Table, numbers: Sequence[str]) -> bytes:
    """An object a line; the values of ``numbers`` that are numbers are written as such, empty ones are null."""
    parts: list[pa.ChunkedArray | str] = []
    for n, name in enumerate(rows.column_names):
        plain, text = rows[name], rows[name]
        for sign, escape in ESCAPES:
            text = pc.replace_substring(text, sign, escape)
        text = pc.binary_join_element_wise('"', text, '"', "")
        if name in numbers:
            text = pc.if_else(pc.match_substring_regex(plain, NUMBER), plain, text)
        parts += [f'{"," if n else "{"}"{name}":', pc.if_else(pc.equal(plain, ""), "null", text)]
    return _joined(*parts, "}", separator="")


def _joined(*parts: pa.ChunkedArray | str, separator: str) -> bytes:
    """Texts joined row by row, a line a row."""
    joined = pc.binary_join_element_wise(*parts, separator)
    lines = pc.binary_join_element_wise(joined, "\n", "")
    lines = lines.combine_chunks() if isinstance(lines, pa.ChunkedArray) else lines
    lines = pa.concat_arrays(lines.chunks) if isinstance(lines, pa.ChunkedArray) else lines
    return b"".join(t.encode() for t in lines.to_pylist())


def _typed(column: pa.ChunkedArray, field: Field | None) -> pa.ChunkedArray:
    """A column of numbers or days with their own type, where every value comes back from it as it is; else text."""
    given = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    if field is None or field.type not in (*TYPES, "date"):
        return given
    try:
        if field.type == "date":
            days = pc.cast(pc.strptime(given, format=field.form, unit="s"), pa.date32())
            back = pc.strftime(pc.cast(days, pa.timestamp("s")), format=field.form)
        else:
            days = pc.cast(given, TYPES[field.type])
            back = pc.cast(days, pa.string())
    except pa.ArrowInvalid:
        return given
    return days if pc.all(pc.fill_null(pc.equal(back, given), True)).as_py() is not False else given


def _parquet(rows: pa.Table) -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(rows, out, store_schema=False)
    return out.getvalue().to_pybytes()
