"""Code lists and names that records are written with, read once from small CSV files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from jobs.province.conditions import CANCER, condition_table
from jobs.province.datafiles import csv
from jobs.province.draws import Choice, Floats, Ints
from jobs.province.recorded_codes import RecordedCodes

AGE_GROUPS = ("age_0_5", "age_6_17", "age_18_44", "age_45_64", "age_65")


def age_group(age: Floats) -> Ints:
    """The index in ``AGE_GROUPS`` of ages in years."""
    return np.searchsorted(np.array([6.0, 18.0, 45.0, 65.0]), age, side="right")


@dataclass(frozen=True)
class Codes:
    """Every diagnosis in use, by index: code, name; and the choices that lead to them."""

    icd10: tuple[str, ...]
    name: tuple[str, ...]
    outpatient: pd.DataFrame
    inpatient: pd.DataFrame
    causes: pd.DataFrame
    outpatient_choice: Choice  # by season, sex, age group
    inpatient_choice: Choice  # by sex, age group
    condition_code: dict[str, tuple[Choice, Ints]]  # setting -> choice by condition among these codes
    department_code: tuple[str, ...]
    recorded: RecordedCodes
    treatments: Treatments
    operations: Operations

    def begins(self, *prefixes: str) -> np.ndarray:
        """Which diagnoses have a code that begins with any of these."""
        return np.array([code.startswith(prefixes) for code in self.icd10])


@dataclass(frozen=True)
class Treatments:
    """What a planned or an acute stay is for, by row of treatments.csv; operations by site of cancer."""

    name: tuple[str, ...]
    diagnosis: Ints  # position in Codes, -1: that of the condition
    operated: Floats
    mean_days: Floats


@dataclass(frozen=True)
class Operations:
    """Operations in use: first those of inpatient reasons, then of treatments, then of cancers by site."""

    code: tuple[str, ...]
    name: tuple[str, ...]
    of_treatment: int
    of_site: int


@dataclass(frozen=True)
class Names:
    """Surnames with their weights, characters of given names by sex; and what names are mistaken for."""

    surname: tuple[str, ...]
    surname_choice: Choice
    given: tuple[tuple[str, ...], tuple[str, ...]]
    homophones: Mapping[str, str]  # characters of the same sound, or variants, by character
    rare: tuple[tuple[str, str], ...]  # characters outside GBK, and how they are read
    other: Mapping[str, tuple[str, ...]]  # parts of minority and foreign names


def read_codes() -> Codes:
    """From the lists of diagnoses, departments, reasons and causes."""
    icd, departments = csv("icd10_common.csv"), csv("departments.csv")
    number = {code: i for i, code in enumerate(icd["icd10"])}
    department = {code: i for i, code in enumerate(departments["code"])}
    outpatient, inpatient, causes = (
        csv(f"{n}.csv") for n in ("outpatient_reasons", "inpatient_reasons", "causes_of_death")
    )
    for table in (outpatient, inpatient):
        table["department"] = table["department"].map(department)
    for table in (outpatient, inpatient, causes):
        table["diagnosis"] = table["icd10"].map(number)
    causes["immediate"] = causes["immediate_icd10"].map(number).fillna(-1).astype(int)
    return Codes(
        tuple(icd["icd10"]),
        tuple(icd["name_zh"]),
        outpatient,
        inpatient,
        causes,
        _reason_choice(outpatient, seasons=True),
        _reason_choice(inpatient, seasons=False),
        {s: _condition_choice(s, number) for s in "OI"},
        tuple(departments["code"]),
        RecordedCodes.read(tuple(icd["icd10"]), tuple(icd["name_zh"])),
        _treatments(number),
        _operations(inpatient),
    )


def _treatments(number: dict[str, int]) -> Treatments:
    table = csv("treatments.csv")
    return Treatments(
        tuple(table["treatment"]),
        table["icd10"].map(number).fillna(-1).to_numpy(np.int64),
        table["operated_share"].to_numpy(np.float64),
        table["mean_days"].to_numpy(np.float64),
    )


def _operations(inpatient: pd.DataFrame) -> Operations:
    parts = [inpatient, csv("treatments.csv"), csv("cancers.csv")]
    code, name = (pd.concat([p[c] for p in parts]).fillna("") for c in ("operation_code", "operation_name"))
    return Operations(tuple(code), tuple(name), len(parts[0]), len(parts[0]) + len(parts[1]))


def _reason_choice(table: pd.DataFrame, *, seasons: bool) -> Choice:
    """Groups in the order season (summer, winter), sex, age group."""
    weights = table[list(AGE_GROUPS)].to_numpy(np.float64).T
    fits = [(table["sex_code"].isin((0, sex))).to_numpy() for sex in (1, 2)]
    by_sex = np.concatenate([weights * f for f in fits])
    if not seasons:
        return Choice.of(by_sex)
    winter = table["winter"].to_numpy(np.float64)
    return Choice.of(np.concatenate([by_sex / winter, by_sex * winter]))


def _condition_choice(setting: str, number: dict[str, int]) -> tuple[Choice, Ints]:
    """Codes of each condition in a setting; a cancer's is that of its site."""
    table, sites = csv("condition_codes.csv"), csv("cancers.csv")
    cancers = pd.DataFrame({"condition": sites["site"] + CANCER, "icd10": sites["icd10"], "weight": 1.0})
    table = pd.concat([table[table["setting"] == setting], cancers], ignore_index=True)
    names = condition_table()["condition"]
    weights = np.array([(table["condition"] == n) * table["weight"] for n in names])
    return Choice.of(weights), np.array([number[c] for c in table["icd10"]], np.int64)


def read_names() -> Names:
    """From the lists of surnames and of single characters of given names."""
    surnames, given = csv("surnames.csv"), csv("given_names.csv")
    known = surnames["weight_pct_faker"].fillna(0.02).to_numpy(np.float64)
    single = given[given["length"] == 1]
    by_sex = tuple(tuple(single.loc[single["sex_code"] == sex, "given_name"]) for sex in (1, 2))
    same, rare, other = csv("homophones.csv"), csv("rare_characters.csv"), csv("other_names.csv")
    return Names(
        tuple(surnames["surname"]),
        Choice.of(known),
        (by_sex[0], by_sex[1]),
        dict(zip(same["character"], same["others"], strict=True)),
        tuple(zip(rare["character"], rare["pinyin"], strict=True)),
        {str(part): tuple(texts) for part, texts in other.groupby("part")["text"]},
    )
