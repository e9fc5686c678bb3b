"""Which drug is given for which diagnosis to whom, and how: read once from ``drugs.csv`` and ``drug_use.csv``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from jobs.province.datafiles import csv, longest_prefix
from jobs.province.draws import Floats, Ints

LINES = 4  # drugs of one prescription at most: at each line one of its drugs, or none
SETTINGS = "OIT"  # at a visit, on a ward, in a course of chemotherapy (by the cancer's own code)
NONE = -1
MALE, FEMALE, PREGNANT = range(3)
TIMES_A_DAY = {"st": 0.0, "qw": 1 / 7, "prn": 1.0, "qd": 1.0, "qn": 1.0, "bid": 2.0, "q12h": 2.0, "tid": 3.0,
               "q8h": 3.0, "qid": 4.0}  # fmt: skip


@dataclass(frozen=True)
class Drugs:
    """``table``: drugs as dispensed, with ``times`` a day and the ``step`` that doses by weight are rounded to.

    ``use[setting, diagnosis]`` is what a diagnosis is treated by and ``of_site`` the chemotherapy of a site of cancer
    (NONE: nothing). What a use has for a kind of patient at a line is a cell: its drugs' cumulative shares, added to
    the cell's number, are in ``upper``.
    """

    table: pd.DataFrame
    use: Ints
    of_site: Ints
    ages: Floats  # at which what may be given changes
    upper: Floats
    cell: Ints
    drug: Ints  # row of the table
    filled: np.ndarray  # whether a cell has any drug

    @staticmethod
    def read(icd10: tuple[str, ...]) -> Drugs:
        """From the files beside the simulator; ``icd10``: diagnoses in use."""
        table, uses = _table(), _uses()
        ages = np.unique(np.concatenate([t[c] for t in (table, uses) for c in ("age_from", "age_to")]))
        names = sorted(set(zip(uses["setting"], uses["icd10_prefix"], strict=True)))
        number = {name: n for n, name in enumerate(names)}
        uses["use"] = [number[n] for n in zip(uses["setting"], uses["icd10_prefix"], strict=True)]
        cells = _cells(uses, table, ages)
        at = cells["cell"].to_numpy(np.int64)
        filled = np.zeros(len(names) * LINES * 3 * len(ages), bool)
        filled[at] = True
        upper = at + np.minimum(cells.groupby("cell")["share"].cumsum().to_numpy(np.float64), 1.0)

        def found(setting: str, codes: tuple[str, ...]) -> list[int]:
            prefixes = {p for s, p in names if s == setting}
            return [number.get((setting, longest_prefix(code, prefixes)), NONE) for code in codes]

        return Drugs(
            table,
            np.array([found(s, icd10) for s in SETTINGS]),
            np.array(found("T", tuple(csv("cancers.csv")["icd10"]))),
            ages,
            upper,
            at,
            cells["drug"].to_numpy(np.int64),
            filled,
        )

    def cells(self, use: Ints, patient: Ints, line: Ints) -> Ints:
        """The cells of uses for patients (numbered by ``patients``) at lines."""
        return (use * LINES + line) * (3 * len(self.ages)) + patient

    def patients(self, kind: Ints, age: Floats) -> Ints:
        """Numbers of patients by kind (MALE, FEMALE, PREGNANT) and age in years."""
        return kind * len(self.ages) + np.searchsorted(self.ages, age, side="right") - 1

    def pick(self, u: Floats, cell: Ints) -> Ints:
        """The drug that each uniform number falls on in its cell, or NONE."""
        drug = np.full(cell.shape, NONE)
        some = np.nonzero(self.filled[cell])
        at = np.minimum(np.searchsorted(self.upper, cell[some] + u[some], side="right"), len(self.upper) - 1)
        drug[some] = np.where(
            (self.cell[at] == cell[some]) & (self.upper[at] > cell[some] + u[some]), self.drug[at], NONE
        )
        return drug


def _table() -> pd.DataFrame:
    table = pd.DataFrame(csv("drugs.csv")).astype({"route": str})
    table["times"] = table["frequency"].map(TIMES_A_DAY)
    whole, dose = table["contents"], table["dose"]
    table["step"] = np.where(whole <= dose, whole / 2, dose / 20)  # half a tablet or vial; of a bottle any part
    return table


def _uses() -> pd.DataFrame:
    """One row a setting, prefix, line and substance."""
    uses = csv("drug_use.csv")
    uses["icd10_prefix"], uses["setting"] = uses["icd10_prefix"].str.split(" "), uses["setting"].map(list)
    return uses.explode("icd10_prefix").explode("setting").reset_index(drop=True)


def _cells(uses: pd.DataFrame, table: pd.DataFrame, ages: Floats) -> pd.DataFrame:
    """One row a cell and drug with its share. What may not be given leaves its share to the line's other drugs."""
    patients = pd.DataFrame({"patient": np.arange(3 * len(ages)), "age": np.tile(ages, 3)})
    patients["kind"] = patients["patient"] // len(ages)
    rows = uses.dropna(subset="atc").merge(patients, how="cross")
    fits = (rows["sex_code"] == 0) | (rows["sex_code"] == np.minimum(rows["kind"], FEMALE) + 1)
    rows = rows[fits & (rows["age_from"] <= rows["age"]) & (rows["age"] < rows["age_to"])].copy()
    rows["cell"] = (rows["use"] * LINES + rows["line"] - 1) * len(patients) + rows["patient"]
    wanted = rows.groupby("cell")["percent"].sum() / 100
    drugs = table[["atc", "setting", "age_from", "age_to", "pregnant"]].assign(drug=table.index)
    drugs["setting"] = [["O", "I", "T"] if s == "OI" else ["I", "T"] if s == "I" else ["O"] for s in drugs["setting"]]
    given = rows.merge(drugs.explode("setting"), on=["atc", "setting"], suffixes=("", "_given"))
    may = (given["age_from_given"] <= given["age"]) & (given["age"] < given["age_to_given"])
    given = given[may & ((given["kind"] != PREGNANT) | (given["pregnant"] == 1))].sort_values(["cell", "drug"])
    percent = given["percent"]
    share = percent / percent.groupby(given["cell"]).transform("sum") * given["cell"].map(wanted)
    return given.assign(share=share)[["cell", "drug", "share"]]
