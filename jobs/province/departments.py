"""Departments: which children go to paediatrics instead, and what hospitals call theirs (departments.csv)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa

from jobs.province.datafiles import csv
from jobs.province.draws import Draws, Floats, Ints
from jobs.province.recording import texts

CHILD_YEARS, PAEDIATRICS = 14, "07"


def with_paediatrics(draws: Draws, department: Ints, age: Floats, key: Ints) -> Ints:
    """The department that each patient goes to: most children of under 14 to paediatrics, save for surgery, teeth and
    the like."""
    share, paediatrics = _children()
    young = np.flatnonzero(age < CHILD_YEARS)
    young = young[draws.happens(share[department[young]], "paediatrics", key[young])]
    found = department.copy()
    found[young] = paediatrics
    return found


def department_names(draws: Draws, department: Ints, hospital: Ints) -> pa.Array:
    """The names that hospitals have for these departments; the codes are the same everywhere."""
    names, first, count = _names()
    which = draws.uniform("department name", hospital, department) * count[department]
    return texts(names, first[department] + which.astype(np.int64))


@cache
def _children() -> tuple[Floats, int]:
    table = csv("departments.csv")
    return table["under_14"].to_numpy(np.float64), list(table["code"]).index(PAEDIATRICS)


@cache
def _names() -> tuple[tuple[str, ...], Ints, Ints]:
    """All names; the first of each department, and how many it has."""
    table = csv("departments.csv")
    mine = [[name, *others.split("|")] for name, others in zip(table["name_zh"], table["other_names"], strict=True)]
    count = np.array([len(m) for m in mine])
    return tuple(name for m in mine for name in m), np.cumsum(count) - count, count
