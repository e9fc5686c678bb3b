"""The operations of a home page: up to three, the main one first, each with level, cut, healing and anaesthesia."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.province.codebook import Codes
from jobs.province.datafiles import csv, longest_prefix, quoted
from jobs.province.draws import Draws, Ints
from jobs.province.feeds import doctor_no
from jobs.province.recording import day_text, texts
from jobs.province.stays import DIED

SLOTS = 3
NO_CUT = "1"  # of class 0, which has nothing to heal (CV05.10.022)
HEALED = (0.97, 0.993)  # well, then not so well, else badly (assumed)
OTHERWISE = 3  # not known, of those who died: the last of CV05.10.023


@dataclass(frozen=True)
class KnownOperations:
    """Operations in use: those of Codes, then those that go with them. ``further[diagnosis, with_operation, n]``:
    position of one that may be done besides, or -1; ``share``: in how many stays."""

    code: tuple[str, ...]
    name: tuple[str, ...]
    details: pd.DataFrame  # level, incision, anaesthesia as text, by operation
    further: Ints
    share: np.ndarray


@cache
def _known(code: tuple[str, ...], name: tuple[str, ...], icd10: tuple[str, ...]) -> KnownOperations:
    table, details = csv("further_operations.csv"), csv("operation_details.csv").set_index("operation_code")
    every = (*code, *table["operation_code"])
    prefixes = set(table["icd10_prefix"])
    further = np.full((len(icd10), 2, SLOTS - 1), -1)
    share = np.zeros(further.shape)
    for d, diagnosis in enumerate(icd10):
        mine = table[table["icd10_prefix"] == longest_prefix(diagnosis, prefixes)]
        for with_operation, rows in mine.groupby("with_operation"):
            for n, row in enumerate(rows.index):
                further[d, with_operation, n] = len(code) + row
                share[d, with_operation, n] = table["share"][row]
    columns = ["level", "incision", "anaesthesia"]
    as_text = details[columns].astype("Int64").astype(str).replace("<NA>", "")
    names = tuple(quoted(n) for n in (*name, *table["operation_name"]))
    return KnownOperations(every, names, as_text.reindex(every).fillna(""), further, share)


def operation_columns(
    draws: Draws, codes: Codes, key: Ints, diagnosis: Ints, operation: Ints, day: Ints, way: Ints, department: Ints
) -> list[pa.Array]:
    """Eight columns an operation, by row: code, name, day, level, doctor, cut, healing, anaesthesia. ``diagnosis``: the
    true main one; ``operation``: the main one (position in Operations), or -1; ``day``: when it is."""
    known = _known(codes.operations.code, codes.operations.name, codes.icd10)
    done, nth = (operation >= 0).astype(np.int64), np.arange(SLOTS - 1)
    besides = draws.happens(known.share[diagnosis, done], "further operation", key[:, None], nth)
    chosen = np.column_stack([operation, np.where(besides, known.further[diagnosis, done], -1)])
    chosen = np.take_along_axis(chosen, np.argsort(chosen < 0, axis=1, kind="stable"), axis=1)
    columns = []
    for n in range(SLOTS):
        columns += _one(draws, known, key * SLOTS + n, chosen[:, n], day, way, department)
    return columns


def _one(
    draws: Draws, known: KnownOperations, key: Ints, which: Ints, day: Ints, way: Ints, department: Ints
) -> list[pa.Array]:
    healing = np.searchsorted(HEALED, draws.uniform("healing", key), side="right")
    healing = np.where(way == DIED, OTHERWISE, healing)
    cut = known.details["incision"].to_numpy()
    heals = (which >= 0) & ~np.isin(cut, ("", NO_CUT))[which]
    there = pa.array(which >= 0)

    def of(pool: tuple[str, ...]) -> pa.Array:
        return texts(pool, which)

    return [
        of(known.code),
        of(known.name),
        pa.compute.if_else(there, day_text(day), ""),
        of(tuple(known.details["level"])),
        pa.compute.if_else(there, doctor_no(draws, department, key), ""),
        of(tuple(cut)),
        texts(("1", "2", "3", "9"), np.where(heals, healing, -1)),
        of(tuple(known.details["anaesthesia"])),
    ]
