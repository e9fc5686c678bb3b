"""The other diagnoses of a stay: what else the person is known to have, the gravest first, no category twice."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from jobs.province.datafiles import csv
from jobs.province.draws import Draws, Floats, Ints, ranks
from jobs.province.facts import ProvinceFacts
from jobs.province.life import Lives
from jobs.province.people import YEAR

OTHER_DIAGNOSES = 10
NOTED = (0.75, 0.88, 0.95)  # share of stays in which a known condition is noted, by severity (assumed)
MINOR_NOTED = 0.7  # the same of a lasting minor diagnosis (assumed)
SAME = {"I11": "I10", "E11": "E10"}  # categories that exclude each other
TREATMENT = "Z"  # of a main diagnosis that is a treatment, what is treated is noted too, always and first
FIRST, LAST = -9.0, 9.0


def other_diagnoses(
    draws: Draws, facts: ProvinceFacts, lives: Lives, key: Ints, person: Ints, day: Ints, condition: Ints, main: Ints
) -> list[Ints]:
    """Ten columns of diagnoses (positions in Codes, -1 for none) of stays by key, person, day of admission, condition
    and main diagnosis. A person has the same code of a condition at every stay."""
    category = _categories(facts.codes.icd10)
    parts = zip(
        _conditions(draws, facts, lives, key, person, day, condition, main),
        _minor(draws, facts, lives, key, person, day),
        strict=True,
    )
    stay, code, place = (np.concatenate(p) for p in parts)
    fresh = category[code] != category[main[stay]]
    stay, code, place = stay[fresh], code[fresh], place[fresh]
    once = ranks(stay, category[code], place) == 0
    stay, code, place = stay[once], code[once], place[once]
    nth = ranks(stay, place)
    columns = np.full((OTHER_DIAGNOSES, len(key)), -1)
    some = nth < OTHER_DIAGNOSES
    columns[nth[some], stay[some]] = code[some]
    return list(columns)


@cache
def _categories(icd10: tuple[str, ...]) -> Ints:
    """A number for each category of three characters, the same for those that exclude each other."""
    return np.unique([SAME.get(c[:3], c[:3]) for c in icd10], return_inverse=True)[1]


def _conditions(
    draws: Draws, facts: ProvinceFacts, lives: Lives, key: Ints, person: Ints, day: Ints, condition: Ints, main: Ints
) -> tuple[Ints, Ints, Floats]:
    """Known conditions that are noted: position of the stay, code, and place in the list (smaller is earlier)."""
    severity, no = facts.conditions.severity, lives.people.no[person]
    treatment = facts.codes.begins(TREATMENT)[main]
    stay, c = np.nonzero(lives.health.diagnosis[person] <= day[:, None])
    cause = c == condition[stay]
    noted = draws.happens(np.array(NOTED)[np.minimum(severity[c], 2)], "noted", key[stay], c)
    keep = np.where(cause, treatment[stay], noted)
    stay, c, cause = stay[keep], c[keep], cause[keep]
    choice, of_condition = facts.codes.condition_code["I"]
    code = of_condition[choice.pick(draws.uniform("noted as", no[stay], c), c)]
    place = np.where(cause, FIRST, draws.uniform("noted first", no[stay], c) - 2 * severity[c])
    return stay, code, place


@cache
def _minor_table() -> pd.DataFrame:
    return csv("minor_diagnoses.csv")


def _minor(
    draws: Draws, facts: ProvinceFacts, lives: Lives, key: Ints, person: Ints, day: Ints
) -> tuple[Ints, Ints, Floats]:
    """The same of what is no condition here: some for good from an age on, some of the stay."""
    table, people = _minor_table(), lives.people
    age, sex, no = (day - people.birth[person]) / YEAR, people.sex[person] + 1, people.no[person]
    stays, codes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for n, row in enumerate(table.itertuples()):
        share = np.interp(age, [17, 18, 45, 65, 80], [0, row.at_18, row.at_45, row.at_65, row.at_80])
        fits = (row.sex_code == 0) | (row.sex_code == sex)
        if row.lasting:
            has = draws.happens(share, "minor diagnosis", no, n) & draws.happens(MINOR_NOTED, "minor noted", key, n)
        else:
            has = draws.happens(share, "diagnosis of the stay", key, n)
        stays.append(np.flatnonzero(has & fits))
        codes.append(np.full(len(stays[-1]), facts.codes.icd10.index(str(row.icd10))))
    stay, code = np.concatenate(stays), np.concatenate(codes)
    return stay, code, LAST + draws.uniform("minor first", key[stay], code)
