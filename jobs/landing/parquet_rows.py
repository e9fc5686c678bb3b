"""From the bytes of a Parquet file to numbered rows of text: every value in the canonical text its contract expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.landing.refusal import FileRefused
from jobs.landing.rows import Rows, gathered, match_columns, without_empty
from jobs.tables.contract import Contract, ContractField

BATCH = 65_536
WHOLE_NUMBERS = ("integer", "code")  # a number without fraction is written without one


def read_parquet(data: bytes, contract: Contract) -> Rows:
    """Numbered rows of a file. Raises ``FileRefused`` where it can't be read, or a column's type can't be a text."""
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        schema = file.schema_arrow
        match = match_columns(schema.names, contract)
        if match.columns != len(set(schema.names)):
            raise FileRefused("a column is given twice")
        fields = {c: contract.field(n) for n, c in match.column_of.items() if c is not None}
        return gathered(_batches(file, fields), match)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise FileRefused("can't be read as Parquet: it is damaged, or something else") from error


def _batches(file: pq.ParquetFile, fields: Mapping[str, ContractField]) -> Iterator[pa.Table]:
    for batch in file.iter_batches(BATCH, use_threads=False):
        names = batch.schema.names
        columns = [_text(n, column, fields.get(n)) for n, column in zip(names, batch.columns, strict=True)]
        yield pa.table(columns, names=names)


def _text(name: str, values: pa.Array, field: ContractField | None) -> pa.Array:
    """A column's values as text."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        values, kind = values.dictionary_decode(), kind.value_type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _dated(name, values, field)
    if pa.types.is_floating(kind) and field is not None and field.type in WHOLE_NUMBERS:
        whole = pc.equal(pc.floor(values), values)
        as_integers = pc.cast(pc.if_else(whole, values, 0.0), pa.int64(), safe=False)
        return pc.if_else(whole, pc.cast(as_integers, pa.string()), pc.cast(values, pa.string()))
    try:
        values.validate(full=True)  # a text may hold bytes that are no UTF-8
        return without_empty(pc.cast(values, pa.string()))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise FileRefused(f"column {name} is of type {kind}, which is no text; deliver it as text") from error


def _dated(name: str, values: pa.Array, field: ContractField | None) -> pa.Array:
    """Days and times in the form agreed; in ISO's where none is, or where the form would lose the time of day."""
    if getattr(values.type, "tz", None):
        raise FileRefused(f"column {name} holds times of the zone {values.type.tz}; deliver wall-clock times")
    seconds = pc.cast(values, pa.timestamp("s"), safe=False)
    midnight = pc.equal(seconds, pc.floor_temporal(seconds, unit="day"))
    iso = "%Y-%m-%d" if pa.types.is_date(values.type) else "%Y-%m-%d %H:%M:%S"
    form = field.formats[0] if field is not None and field.formats else iso
    if "%H" not in form and not pc.all(midnight, skip_nulls=True).as_py():
        form = iso
    return pc.strftime(seconds, format=form)
