"""Literal people for the kernel: each function adds to the rows of one table, ``tables`` hands them over as Arrow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from jobs.gold.sources import EVENTS, PEOPLE

REGISTER = 32879
SEX = {"male": 8507, "female": 8532, "unknown": 0}
LICHENG, LIXIA = "370112", "370102"


class People:
    """People written down one fact at a time."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, object]]] = {name: [] for name in (*PEOPLE, *EVENTS)}

    def person(self, who: int, sex: str, born: str) -> People:
        year, month, day = (int(part) for part in born.split("-"))
        return self._add(
            "person",
            person_id=who,
            gender_concept_id=SEX[sex],
            year_of_birth=year,
            month_of_birth=month,
            day_of_birth=day,
        )

    def observed(self, who: int, first: str, last: str, kind: int = REGISTER) -> People:
        return self._add(
            "observation_period",
            person_id=who,
            observation_period_start_date=date.fromisoformat(first),
            observation_period_end_date=date.fromisoformat(last),
            period_type_concept_id=kind,
        )

    def lives(self, who: int, place: str, start: str, end: str | None, kind: str = "usual") -> People:
        end_date = date.fromisoformat(end) if end else None
        start_date = date.fromisoformat(start)
        return self._add(
            "residence", person_id=who, kind=kind, place_code=place, start_date=start_date, end_date=end_date
        )

    def dies(self, who: int, day: str) -> People:
        return self._add("death", person_id=who, day=date.fromisoformat(day))

    def visits(self, who: int, *days: str, concept: int = 9202) -> People:
        for day in days:
            self._add("visit", person_id=who, day=date.fromisoformat(day), visit_concept_id=concept)
        return self

    def diagnosed(self, who: int, icd10: str, *days: str, status: int = 32902) -> People:
        for day in days:
            self._add("diagnosis", person_id=who, day=date.fromisoformat(day), icd10=icd10, status=status)
        return self

    def _add(self, table: str, **row: object) -> People:
        self.rows[table].append(row)
        return self

    def tables(self) -> dict[str, pa.Table]:
        """The kernel's tables."""
        return {name: pa.Table.from_pylist(rows, schema=schema(name)) for name, rows in self.rows.items()}


def schema(name: str) -> pa.Schema:
    """The schema that the kernel's table of this name has."""
    if name in PEOPLE:
        return pa.schema(PEOPLE[name].items())
    own = [(column, kind) for column, (_, kind) in EVENTS[name].columns.items()]
    return pa.schema([("person_id", pa.int64()), ("day", pa.date32()), *own])


def cells(atoms: pa.Table, measure: str, atom: str) -> dict[tuple[int, str, str, str], int]:
    """n by (year, place, sex, band)."""
    return {
        (r["year"], r["place_code"], r["sex"], r["age_band"]): r["n"]
        for r in atoms.to_pylist()
        if r["measure"] == measure and r["atom"] == atom
    }


def days_between(first: date, last: date) -> Iterable[date]:
    """Every day from first to last, both included."""
    return (date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1))
