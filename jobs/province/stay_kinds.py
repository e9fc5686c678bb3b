"""What a stay is like by its main diagnosis: how one comes, how soon one is operated on, what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from jobs.province.datafiles import by_prefix, csv
from jobs.province.draws import Floats, Ints


@dataclass(frozen=True)
class StayKinds:
    """By diagnosis (position in Codes), from stay_kinds.csv."""

    emergency: Floats  # share admitted by emergency
    urgent: Floats  # share of operations done on the day of admission
    fixed: Floats  # yuan a stay, a day and an operation
    per_day: Floats
    operation: Floats
    profile: Ints  # position in ``profiles``
    profiles: tuple[str, ...]
    pathology: Floats  # share of operations with a pathologist's report
    traffic: Floats  # share of injuries that happen in traffic


@cache
def stay_kinds(icd10: tuple[str, ...]) -> StayKinds:
    """``icd10``: the diagnoses in use; the row of the longest prefix that a code begins with counts."""
    table = csv("stay_kinds.csv").set_index("icd10_prefix")
    rows = by_prefix(table, icd10)
    profiles = tuple(dict.fromkeys(table["profile"]))

    def column(name: str) -> Floats:
        return rows[name].to_numpy(np.float64)

    return StayKinds(
        column("emergency"),
        column("urgent"),
        column("fixed"),
        column("per_day"),
        column("operation"),
        np.array([profiles.index(p) for p in rows["profile"]]),
        profiles,
        column("pathology"),
        column("traffic"),
    )
