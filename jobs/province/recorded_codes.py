"""What stands in a diagnosis field instead of the right code: texts in each edition, and what takes whose place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.province.datafiles import by_prefix, csv, longest_prefix, quoted
from jobs.province.draws import Floats, Ints

RAW = ("local", "traditional")  # kinds of codes that are no ICD-10 and have no editions
SAID = ("{}待查", "{}？", "疑似{}", "{}待排", "除外{}")  # how a name says that a diagnosis is only looked into
EDITIONS = ("ICD-10", "ICD-10国临版2.0", "ICD-10医保版2.0")
WHO, NATIONAL, INSURANCE = range(3)


@dataclass(frozen=True)
class RecordedCodes:
    """Positions: the common diagnoses (as in ``Codes``), other ICD-10 codes, then codes of other systems.

    ``codes`` holds the ICD-10 ones edition by edition, the others, and an empty text; ``names`` the names, then those
    of the common diagnoses in each form of ``SAID``, and an empty text. The other fields give the code that takes a
    diagnosis's place, ``symptoms`` several of which one is picked.
    """

    common: int
    icd10: int
    every: int
    codes: pa.Array
    names: pa.Array
    unspecified: Ints
    outside: Ints
    observation: Ints
    local: Ints
    traditional: Ints
    neighbouring: Ints
    symptoms: tuple[Ints, Ints, Ints]  # codes in a row; the first of each diagnosis, and how many
    limits: Ints  # by common diagnosis: sex (-1: both), from and until which whole age anybody thinks of it

    @staticmethod
    def read(icd10: tuple[str, ...], name: tuple[str, ...]) -> RecordedCodes:
        """From the list of other codes; ``icd10``, ``name``: the common diagnoses."""
        table = csv("recorded_codes.csv")
        others = table[~table["icd10"].isin(icd10)].drop_duplicates("icd10")
        raw = others["kind"].isin(RAW)
        known = [*icd10, *others.loc[~raw, "icd10"]]
        every = [*known, *others.loc[raw, "icd10"]]
        names = [*name, *others.loc[~raw, "name_zh"], *others.loc[raw, "name_zh"]]
        place = {code: n for n, code in enumerate(every)}
        limits = _limits(icd10)
        editions = [known, [_four(c) + "00" for c in known], [_four(c) + "00x001" for c in known]]
        said = [form.format(n) for form in SAID for n in name]

        def instead(kind: str) -> Ints:
            mine = table[table["kind"] == kind].set_index("icd10_prefix")["icd10"]
            prefixes = set(mine.index)
            return np.array([place[mine[longest_prefix(c, prefixes)]] for c in icd10])

        return RecordedCodes(
            len(icd10),
            len(known),
            len(every),
            pa.array([*(c for e in editions for c in e), *others.loc[raw, "icd10"], ""]),
            pa.array([*(quoted(n) for n in (*names, *said)), ""]),
            instead("unspecified"),
            instead("outside"),
            instead("observation"),
            instead("local"),
            instead("traditional"),
            _neighbours(icd10, limits),
            _symptoms(icd10, table[table["kind"] == "symptom"], place),
            limits,
        )

    def possible(self, diagnosis: Ints, sex: Ints, age: Floats | Ints) -> np.ndarray:
        """Whether anybody thinks of a common diagnosis at a sex and age in years. Broadcasts."""
        of_sex, youngest, oldest = np.moveaxis(self.limits[diagnosis], -1, 0)
        return ((of_sex < 0) | (of_sex == sex)) & (age >= youngest) & (age < oldest + 1)

    def symptom(self, diagnosis: Ints, u: Floats) -> Ints:
        """A symptom of each diagnosis, by a uniform number."""
        codes, first, count = self.symptoms
        return codes[first[diagnosis] + (u * count[diagnosis]).astype(np.int64)]

    def code(self, which: Ints, edition: Ints) -> pa.Array:
        """Codes as text in an edition; -1 is empty."""
        index = np.where(which < self.icd10, which + self.icd10 * edition, which + self.icd10 * 2)
        return self.codes.take(pa.array(np.where(which < 0, len(self.codes) - 1, index)))

    def name(self, which: Ints, said: Ints | int = -1) -> pa.Array:
        """Names; ``said``: the form of those only looked into (common diagnoses), else -1; -1 is empty."""
        index = np.where(said < 0, which, self.every + said * self.common + which)
        return self.names.take(pa.array(np.where(which < 0, len(self.names) - 1, index)))


def _four(code: str) -> str:
    """The first part of an extended code: I10 is I10.x there."""
    return code if "." in code else f"{code}.x"


def _symptoms(icd10: tuple[str, ...], table: pd.DataFrame, place: dict[str, int]) -> tuple[Ints, Ints, Ints]:
    """Those of each diagnosis's longest prefix, save any of its own category."""
    prefixes = set(table["icd10_prefix"])
    of = table.groupby("icd10_prefix")["icd10"].agg(list)
    mine = [[s for s in of[longest_prefix(c, prefixes)] if s[:3] != c[:3]] for c in icd10]
    count = np.array([len(m) for m in mine])
    return np.array([place[s] for m in mine for s in m]), np.cumsum(count) - count, count


def _limits(icd10: tuple[str, ...]) -> Ints:
    rows = by_prefix(csv("diagnosis_limits.csv").set_index("icd10_prefix"), icd10)
    return (rows[["sex_code", "age_from", "age_to"]] - [1, 0, 0]).to_numpy(np.int64)


def _neighbours(icd10: tuple[str, ...], limits: Ints) -> Ints:
    """For each diagnosis the nearest of its chapter's letter in another category that is possible wherever it is, else
    itself; injuries have two."""
    found, letter = [], [c[0].replace("T", "S") for c in icd10]
    sex, youngest, oldest = limits.T
    for n, code in enumerate(icd10):
        wider = ((sex < 0) | (sex == sex[n])) & (youngest <= youngest[n]) & (oldest >= oldest[n])
        beside = [m for m, c in enumerate(icd10) if letter[m] == letter[n] and c[:3] != code[:3] and wider[m]]
        found.append(min(beside, key=lambda m: (abs(m - n), m)) if beside else n)
    return np.array(found)
