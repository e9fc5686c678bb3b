"""The conditions that people fall ill with, cancers by site among them, read once from small CSV files.

A condition has a prevalence by age (a survey's) or an incidence by age (a register's); ``hazards`` are made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from jobs.province.datafiles import csv
from jobs.province.draws import Choice, Floats, Ints

AGES = np.arange(111)
CANCER = "_cancer"
EXCESS_UNTIL = (1 / 12, 1.0, 5.0, 10.0, np.inf)  # years since onset until which each rate of excess deaths holds
CANCER_EXCESS = (0.40, 0.40, 0.12, 0.024, 0.0)  # the same of cancers, as shares of all their excess a year (assumed)
ONSET_AGES = (40.0, 58.0, 72.0, 86.0)  # at these ages of onset, excess deaths are multiplied by (assumed)
BY_ONSET_AGE = ((0.18, 0.37, 1.0, 1.4), (0.5, 0.65, 1.0, 1.25))  # other conditions, cancers
STAGE_EXCESS = (0.15, 0.5, 1.2, 2.4)  # what a stage multiplies the excess deaths by (assumed)
ALL_CANCERS = dict(  # use of care a cancer; the rest of conditions.csv (assumed)
    mortality_ratio=1.0, severity=2, visits_per_year=4.0, admissions_per_year=0.15, mean_days=8.5, panel="tumour",
    diagnosed_share=0.96, diagnosis_delay_years=0.3, readmission_logit=0.6, lasts_years=99.0, goes_on=1.0,
)  # fmt: skip
THYROID = "thyroid"


@dataclass(frozen=True)
class Factor:
    """What multiplies a condition's hazard: the product of these factors, up to ``ratio`` where it is 1."""

    names: tuple[str, ...]
    ratio: float
    wanes: bool  # the ratio's excess over 1 halves from 50 to 90 years of age


@dataclass(frozen=True)
class Grades:
    """Kinds of one condition (types of stroke, stages of cancer): their shares and factors on excess deaths."""

    name: tuple[str, ...]
    share: Floats
    excess: Floats


@dataclass(frozen=True)
class Conditions:
    """By condition: ``prevalence`` (those who have it by that age) or ``incidence`` (new cases a resident and year)
    by sex and whole age, one of them 0; ``excess`` deaths a year by time since onset (``EXCESS_UNTIL``)."""

    name: tuple[str, ...]
    prevalence: Floats
    incidence: Floats
    excess: Floats
    table: pd.DataFrame
    factors: tuple[tuple[Factor, ...], ...]
    grades: Mapping[int, Grades]
    site: Ints  # row of cancers.csv, -1 for other conditions
    lung: int

    def numbers(self, column: str) -> Floats:
        """A column of the table, by condition."""
        return self._columns[column]

    def index(self, name: str) -> int:
        """The position of a condition."""
        return self._positions[name]

    @cached_property
    def _columns(self) -> dict[str, Floats]:
        numeric = self.table.select_dtypes("number").columns
        return {c: self.table[c].to_numpy(np.float64) for c in numeric}

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {n: i for i, n in enumerate(self.name)}

    @cached_property
    def deadly(self) -> Ints:
        """The conditions with excess deaths."""
        return np.flatnonzero(self.excess.any(axis=1))

    @cached_property
    def severity(self) -> Ints:
        """0, 1 or 2: how far patients go for care (``hospital_choice.csv``)."""
        return self.table["severity"].to_numpy(np.int64)

    @cached_property
    def cancers(self) -> Ints:
        """The cancers, in the order of sites."""
        return np.flatnonzero(self.site >= 0)


def condition_table() -> pd.DataFrame:
    """Every condition, cancers last, with its care and diagnosis."""
    sites = csv("cancers.csv")
    cancers = pd.DataFrame(
        {
            "condition": sites["site"] + CANCER,
            "label_zh": sites["name_zh"],
            "department": np.where(sites["site"] == THYROID, "04.01", "19"),
            **ALL_CANCERS,
        }
    )
    return pd.concat([csv("conditions.csv"), cancers], ignore_index=True)


def read_conditions(people: Floats, cancer_rate: Floats) -> Conditions:
    """From the files beside the simulator; ``people``: residents by sex and whole age, ``cancer_rate``: new cases a
    resident and year by site, sex and age."""
    table, sites = condition_table(), csv("cancers.csv")
    names = tuple(table["condition"])
    own = len(names) - len(sites)
    site = np.concatenate([np.full(own, -1), np.arange(len(sites))])
    incidence = np.concatenate([_incidence(names[:own], people), cancer_rate])
    return Conditions(
        names,
        _prevalence(names),
        incidence,
        np.concatenate([_own_excess(table[:own]), _cancer_excess(sites, cancer_rate * people)]),
        table,
        _factors(names),
        _grades(names) | {own + n: _stages(row) for n, row in enumerate(sites.itertuples())},
        site,
        names.index("lung" + CANCER),
    )


def _prevalence(names: tuple[str, ...]) -> Floats:
    shares = csv("prevalence.csv")
    found = np.zeros((len(names), 2, len(AGES)))
    for (name, sex), points in shares.groupby(["condition", "sex_code"]):
        first = float(points["age"].iloc[0])
        at, share = [first - 5, *points["age"]], [0.0, *points["share"]]
        found[names.index(name), sex - 1] = np.interp(AGES, at, share)
    return found


def _incidence(names: tuple[str, ...], people: Floats) -> Floats:
    """Shapes by age, scaled to the published rate of residents from an age on."""
    found = np.zeros((len(names), 2, len(AGES)))
    for name, points in csv("incidence.csv").groupby("condition"):
        shape = np.array([np.interp(AGES + 0.5, points["age"], points[s]) for s in ("male", "female")])
        counted = people * (points["from_age"].iloc[0] <= AGES)
        wanted = points["per_100000"].iloc[0] / 1e5
        found[names.index(name)] = shape * wanted * counted.sum() / (shape * counted).sum()
    return found


def _own_excess(table: pd.DataFrame) -> Floats:
    month, year, later = (table[f"{c}_excess"].to_numpy(np.float64) for c in ("month", "year", "later"))
    return np.column_stack([month, year, later, later, later])


def _cancer_excess(sites: pd.DataFrame, cases: Floats) -> Floats:
    """So that the published share of cases, over all ages and stages, dies of the cancer in the end."""
    shares = sites[[f"stage_{n}" for n in range(1, 5)]].to_numpy(np.float64)
    shares = shares / shares.sum(axis=1, keepdims=True)
    ages = cases.sum(axis=1) / cases.sum(axis=(1, 2))[:, None]
    worse = np.array(STAGE_EXCESS)[:, None] * onset_age_factor(np.array([0]), AGES + 0.5)  # stage, age
    low, high = np.zeros(len(sites)), np.full(len(sites), 60.0)
    for _ in range(50):
        middle = (low + high) / 2
        dies = np.einsum("is,ia,isa->i", shares, ages, -np.expm1(-middle[:, None, None] * worse))
        below = dies < sites["fatality"].to_numpy(np.float64)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    total = CANCER_EXCESS[0] + 4 * CANCER_EXCESS[2] + 5 * CANCER_EXCESS[3]  # over ten years
    return np.outer(low, np.array(CANCER_EXCESS) / total)


def onset_age_factor(site: ArrayLike, age: ArrayLike) -> Floats:
    """What the age at onset multiplies the excess deaths of a condition by; ``site``: -1 where it is no cancer."""
    other, cancer = (np.interp(np.asarray(age, np.float64), ONSET_AGES, by) for by in BY_ONSET_AGE)
    return np.where(np.asarray(site) >= 0, cancer, other)


def _factors(names: tuple[str, ...]) -> tuple[tuple[Factor, ...], ...]:
    rows = csv("hazard_ratios.csv")
    return tuple(
        tuple(
            Factor(tuple(r.factor.split("*")), float(r.ratio), bool(r.wanes))
            for r in rows[rows["condition"] == name].itertuples()
        )
        for name in names
    )


def _grades(names: tuple[str, ...]) -> dict[int, Grades]:
    return {
        names.index(name): Grades(
            tuple(g["grade"]), g["share"].to_numpy(np.float64), g["excess_factor"].to_numpy(np.float64)
        )
        for name, g in csv("grades.csv").groupby("condition", sort=False)
    }


def _stages(site: tuple[float, ...]) -> Grades:
    shares = np.array([getattr(site, f"stage_{n}") for n in range(1, 5)])
    return Grades(("1", "2", "3", "4"), shares / shares.sum(), np.array(STAGE_EXCESS))


def cumulative_excess(rates: Floats, years: Floats) -> Floats:
    """Excess deaths that a case has gathered a number of years after onset, by its own rates (last axis); 0 before."""
    since = np.maximum(years, 0.0)
    gathered, begins = np.zeros(1), 0.0
    for n, until in enumerate(EXCESS_UNTIL):
        gathered = gathered + rates[..., n] * np.clip(since - begins, 0.0, until - begins)
        begins = until
    return gathered


def present_excess(rates: Floats, years: Floats) -> Floats:
    """Excess deaths a year at a time since onset; 0 before onset."""
    step = np.searchsorted(EXCESS_UNTIL[:-1], years, side="right")
    return np.where(years >= 0, np.take_along_axis(rates, step[..., None], axis=-1)[..., 0], 0.0)


def picked(grades: Grades, u: Floats) -> Ints:
    """The grade that each uniform number falls on."""
    return Choice.of(grades.share).pick(u)
