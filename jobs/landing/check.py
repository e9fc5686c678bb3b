"""Rows against their contract: which are accepted, doubtful, quarantined, or there already. Vectorised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.codes import id_number
from jobs.codes.real_date import is_date
from jobs.landing.rows import Rows
from jobs.tables.contract import Contract, ContractField

INTEGER = "^[+-]?[0-9]{1,18}$"
DECIMAL = r"^[+-]?([0-9]{1,20}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
SEPARATOR = "\x1f"
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Finding:
    """One thing wrong with one field, and the positions in ``Checked.table`` of the rows that have it.

    ``problem`` is one of: absent, date, integer, decimal, code, pattern, id_form, id_date, id_checksum.
    """

    field: ContractField
    problem: str
    at: NDArray[np.int64]


@dataclass(frozen=True)
class Checked:
    """Rows of several files of one feed, checked together because small files cost more to check than their rows.

    ``table`` holds their well-formed rows, ``file`` and ``number`` say for each of which file (position in ``files``)
    and which row of it (from 0). Masks are over ``table``. Each row is in exactly one class: accepted, quarantined
    (malformed rows are too) or duplicate, that is, equal to an earlier row of its file.
    """

    files: tuple[Rows, ...]
    table: pa.Table
    file: NDArray[np.int64]
    number: NDArray[np.int64]
    findings: tuple[Finding, ...]
    duplicate: Mask
    quarantined: Mask

    @property
    def accepted(self) -> Mask:
        """Rows that go to bronze, doubtful ones included."""
        return np.asarray(~(self.duplicate | self.quarantined))

    def counts(self) -> list[tuple[int, int, int]]:
        """Rows accepted, quarantined, duplicate, for each file."""
        masks = (self.accepted, self.quarantined, self.duplicate)
        sums = [np.bincount(self.file[mask], minlength=len(self.files)) for mask in masks]
        again = [len(rows.malformed_again) for rows in self.files]
        kept_out = [len(rows.malformed) - n for rows, n in zip(self.files, again, strict=True)]
        return [(int(a), int(q) + k, int(d) + n) for a, q, d, k, n in zip(*sums, kept_out, again, strict=True)]


def check_rows(files: Sequence[Rows], contract: Contract) -> Checked:
    """Every field of every row against the contract."""
    table = pa.concat_tables([rows.table for rows in files]).combine_chunks()
    file = np.repeat(np.arange(len(files)), [rows.table.num_rows for rows in files])
    found = tuple(_findings(table, contract))
    duplicate = repeated(table, file, contract.key)
    bad = np.zeros(table.num_rows, dtype=bool)
    for finding in found:
        if finding.field.otherwise == "quarantine":
            bad[finding.at] = True
    number = np.concatenate([rows.numbers for rows in files])
    return Checked(tuple(files), table, file, number, found, duplicate, bad & ~duplicate)


def flags(checked: Checked) -> pa.Array:
    """What is doubtful about each accepted row, 'field: problem; ...', null where nothing is."""
    texts = np.full(checked.table.num_rows, None, dtype=object)
    for finding in checked.findings:
        word = f"{finding.field.name}: {finding.problem.removeprefix('id_')}"
        for at in finding.at:
            texts[at] = word if texts[at] is None else f"{texts[at]}; {word}"
    return pa.array(texts[checked.accepted], pa.string())


def repeated(table: pa.Table, file: NDArray[np.int64], key: tuple[str, ...]) -> Mask:
    """True for rows equal in every field to an earlier row of their file. Only rows that share the key are compared."""
    again = np.zeros(table.num_rows, dtype=bool)
    if not table.num_rows:
        return again
    names = list(key) or table.column_names
    absent = {"null_handling": "replace", "null_replacement": ""}
    joined = pc.binary_join_element_wise(*(table[n] for n in names), SEPARATOR, **absent)
    codes = joined.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    codes = codes * (int(file[-1]) + 1) + file
    _, place, times = np.unique(codes, return_inverse=True, return_counts=True)
    candidates = np.flatnonzero(times[place] > 1)
    seen: set[tuple[object, ...]] = set()
    values = (column.to_pylist() for column in table.take(pa.array(candidates, pa.int64())).columns)
    for at, row in zip(candidates, zip(file[candidates], *values, strict=True), strict=True):
        again[at] = row in seen
        seen.add(row)
    return again


def _findings(table: pa.Table, contract: Contract) -> Iterator[Finding]:
    """Everything wrong, by field in file order."""
    for field in contract.fields:
        values = _column(table, field.name)
        given = np.asarray(pc.is_valid(values))
        if field.required and not given.all():
            yield Finding(field, "absent", np.flatnonzero(~given))
        if not given.any():
            continue
        for problem, good in _tests(field, values):
            bad = np.flatnonzero(given & ~good)
            if len(bad):
                yield Finding(field, problem, bad)


def _tests(field: ContractField, values: pa.Array) -> Iterator[tuple[str, Mask]]:
    """What the contract asks of the values of a field that are there: a problem's name, and where it is absent."""
    if field.formats:
        yield "date", is_date(values, field.formats)
    elif field.type == "integer":
        yield "integer", _matches(values, INTEGER)
    elif field.type == "decimal":
        yield "decimal", _matches(values, DECIMAL)
    elif field.codes:
        yield "code", _mask(pc.is_in(values, value_set=pa.array(field.codes, pa.string())))
    if field.pattern:
        whole = re.compile(field.pattern)
        yield "pattern", np.array([v is not None and bool(whole.fullmatch(v)) for v in values.to_pylist()], dtype=bool)
    if field.check == "id_number":
        problems = id_number.problem(values)
        for name in ("form", "date", "checksum"):
            yield f"id_{name}", ~_mask(pc.equal(problems, name))


def _column(table: pa.Table, name: str) -> pa.Array:
    column = table[name].combine_chunks()
    return column if isinstance(column, pa.Array) else pa.concat_arrays(column.chunks)


def _matches(values: pa.Array, pattern: str) -> Mask:
    return _mask(pc.match_substring_regex(values, pattern))


def _mask(values: pa.Array) -> Mask:
    """An Arrow boolean array as numpy, null counting as false."""
    return np.asarray(pc.fill_null(values, False), dtype=bool)
