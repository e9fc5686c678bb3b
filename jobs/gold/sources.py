"""What the kernel reads of silver, and how one bucket of it is read from Delta at a pinned version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder

from jobs.gold.declare import Measure

Place = tuple[str, int | None]
"""A table's address and pinned Delta version; no version where the table does not exist."""

DAY, ID, CODE = pa.date32(), pa.int64(), pa.string()


@dataclass(frozen=True)
class Events:
    """Events in a silver table: the column that dates them, and further columns as SQL with their types."""

    table: str
    day: str
    columns: Mapping[str, tuple[str, pa.DataType]]


PEOPLE: dict[str, dict[str, pa.DataType]] = {
    "person": {
        "person_id": ID,
        "gender_concept_id": ID,
        "year_of_birth": ID,
        "month_of_birth": ID,
        "day_of_birth": ID,
    },
    "observation_period": {
        "person_id": ID,
        "observation_period_start_date": DAY,
        "observation_period_end_date": DAY,
        "period_type_concept_id": ID,
    },
    "residence": {"person_id": ID, "kind": CODE, "place_code": CODE, "start_date": DAY, "end_date": DAY},
}

# Editions of ICD-10 (WHO, the national clinical one with I10.x00, the insurers') agree in the first three characters.
EVENTS: dict[str, Events] = {
    "death": Events("death", "death_date", {}),
    "visit": Events("visit_occurrence", "visit_start_date", {"visit_concept_id": ("visit_concept_id", ID)}),
    "diagnosis": Events(
        "condition_occurrence",
        "condition_start_date",
        {
            "icd10": ("upper(substr(condition_source_value, 1, 3))", CODE),
            "status": ("condition_status_concept_id", ID),
        },
    ),
}

TABLES: tuple[str, ...] = (*PEOPLE, *(e.table for e in EVENTS.values()))
"""Short names of the silver tables that atoms are counted from."""


def wanted(name: str, measures: Sequence[Measure]) -> str:
    """SQL condition for the rows of these events that any of the measures asks for."""
    asked = [c.where or "true" for m in measures for c in (m.numerator, m.denominator) if c.of == name]
    return " or ".join(f"({where})" for where in sorted(set(asked))) or "false"


def read_bucket(sources: Mapping[str, Place], bucket: int, measures: Sequence[Measure]) -> dict[str, pa.Table]:
    """The kernel's tables for one person bucket; ``sources`` is keyed by the silver tables' short names."""
    tables = {}
    for name, columns in PEOPLE.items():
        sql = f"select {', '.join(columns)} from t where _bucket = {bucket}"
        tables[name] = _query(sources.get(name), sql, pa.schema(columns.items()))
    for name, events in EVENTS.items():
        own = "".join(f", {sql} as {column}" for column, (sql, _) in events.columns.items())
        rows = f"select person_id, {events.day} as day{own} from t where _bucket = {bucket}"
        schema = pa.schema([("person_id", ID), ("day", DAY), *((c, kind) for c, (_, kind) in events.columns.items())])
        tables[name] = _query(
            sources.get(events.table), f"select * from ({rows}) where {wanted(name, measures)}", schema
        )
    return tables


def _query(place: Place | None, sql: str, schema: pa.Schema) -> pa.Table:
    """Rows of the Delta table ``t`` at ``place`` in this schema; none where the table does not exist."""
    if place is None or place[1] is None:
        return schema.empty_table()
    table = DeltaTable(place[0], version=place[1])
    return pa.table(QueryBuilder().register("t", table).execute(sql).read_all()).cast(schema)
