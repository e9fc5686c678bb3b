"""Laboratory items, panels, what is asked for which diagnosis and what illness does to values, from small CSV files.

Items and intervals: lab_items.csv. Healthy values: lab_values.csv. Words in place of numbers: lab_grades.csv. Panels:
lab_panels.csv, asked for by lab_orders.csv. Effects: lab_effects.csv (conditions), lab_acute.csv (diagnoses).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from jobs.province.alternatives import Alternatives
from jobs.province.datafiles import csv
from jobs.province.draws import Floats, Ints

CHILD_AGES = (1, 6, 12)  # of the columns of children's means in lab_values.csv
GROWN = 18.0  # age from which an adult's mean holds
NONE = -1


@dataclass(frozen=True)
class Effects:
    """What multiplies an item's value: rows of ``table``, found by condition (or diagnosis) and item in ``row``."""

    table: pd.DataFrame
    row: Ints  # NONE where there is no effect

    def column(self, name: str, row: Ints) -> Floats:
        """A column of the table at these rows."""
        return self.table[name].to_numpy(np.float64)[row]


@dataclass(frozen=True)
class Grades:
    """Texts of results without a number: grade ``first[item]`` is the lowest, an item without grades has none."""

    text: tuple[str, ...]
    abnormal: np.ndarray
    above: Floats
    first: Ints
    count: Ints

    def of(self, item: Ints, value: Floats) -> Ints:
        """The grade of each value, NONE for an item that is reported as a number."""
        grade = np.where(self.count[item] > 0, self.first[item], NONE)
        for n in range(1, int(self.count.max())):
            above = np.minimum(self.first[item] + n, len(self.above) - 1)
            grade = np.where((n < self.count[item]) & (value >= self.above[above]), above, grade)
        return grade


@dataclass(frozen=True)
class Laboratory:
    """One row an item in ``items``; a panel's items are ``member[first[panel]:][:size[panel]]``."""

    items: pd.DataFrame
    panels: tuple[str, ...]
    member: Ints
    first: Ints
    size: Ints
    asked: Ints  # by diagnosis: panel, or NONE
    lasting: Effects  # by condition
    acute: Effects  # by diagnosis
    grades: Grades
    other_units: Alternatives
    local_names: Alternatives

    def number(self, item: str) -> int:
        """The row of an item."""
        return list(self.items["item"]).index(item)

    @cached_property
    def holds(self) -> np.ndarray:
        """By panel and item: whether the panel has it."""
        found = np.zeros((len(self.panels), len(self.items)), bool)
        found[np.repeat(np.arange(len(self.panels)), self.size), self.member] = True
        return found

    @cached_property
    def means(self) -> Floats:
        """By item and sex: the mean at each of ``CHILD_AGES`` and from ``GROWN`` on."""
        adult = self.items[["mean_male", "mean_female"]].to_numpy(np.float64)
        child = self.items[[f"mean_{age}" for age in CHILD_AGES]].to_numpy(np.float64)
        child = np.where(np.isnan(child[:, None, :]), adult[:, :, None], child[:, None, :])
        return np.concatenate([child, adult[:, :, None]], axis=2)

    @cached_property
    def of_children(self) -> np.ndarray:
        """The items that children have other values of."""
        return self.items[f"mean_{CHILD_AGES[0]}"].notna().to_numpy()

    def usual(self, item: Ints, sex: Ints, age: Floats) -> Floats:
        """The healthy mean of items at an age, between those of the ages listed."""
        mean = self.means[item, sex, -1]
        young = np.flatnonzero(age < GROWN)
        ages = np.array([*CHILD_AGES, GROWN])
        at = np.clip(age[young], ages[0], ages[-1])
        left = np.clip(np.searchsorted(ages, at, side="right") - 1, 0, len(ages) - 2)
        low, high = (self.means[item[young], sex[young], left + n] for n in (0, 1))
        mean[young] = low + (high - low) * (at - ages[left]) / (ages[left + 1] - ages[left])
        return mean


def read_laboratory(conditions: tuple[str, ...], icd10: tuple[str, ...]) -> Laboratory:
    """From the lists named above; conditions and diagnoses in the order of the positions that others know them by."""
    values, known = csv("lab_values.csv"), csv("lab_items.csv")
    items = values.merge(known, left_on="item", right_on="local_code", how="left", validate="1:1")
    names = tuple(items["item"])
    panels = csv("lab_panels.csv")
    panel = tuple(dict.fromkeys(panels["panel"]))
    number = panels["panel"].map(panel.index).to_numpy(np.int64)
    asked = _by_prefix(csv("lab_orders.csv"), icd10, ("",))[:, 0]
    orders = csv("lab_orders.csv")["panel"].map(panel.index).to_numpy(np.int64)
    effects, acute = csv("lab_effects.csv"), csv("lab_acute.csv")
    row = np.full((len(conditions), len(names)), NONE)
    row[effects["condition"].map(conditions.index), effects["item"].map(names.index)] = np.arange(len(effects))
    return Laboratory(
        items,
        panel,
        panels["item"].map(names.index).to_numpy(np.int64),
        np.searchsorted(number, np.arange(len(panel))),
        np.bincount(number),
        np.where(asked == NONE, NONE, orders[asked]),
        Effects(effects, row),
        Effects(acute, _by_prefix(acute, icd10, names)),
        _grades(names),
        Alternatives.read("lab_units.csv", names),
        Alternatives.read("lab_local_names.csv", names),
    )


def _by_prefix(table: pd.DataFrame, icd10: tuple[str, ...], names: tuple[str, ...]) -> Ints:
    """By diagnosis and item: the row of the table with the longest prefix of the diagnosis' code."""
    row = np.full((len(icd10), len(names)), NONE)
    items = table["item"] if "item" in table else [""] * len(table)
    rows = zip(table["icd10"], items, range(len(table)), strict=True)
    for prefix, item, n in sorted(rows, key=lambda r: len(r[0])):
        row[[code.startswith(prefix) for code in icd10], names.index(item)] = n
    return row


def _grades(names: tuple[str, ...]) -> Grades:
    table = csv("lab_grades.csv")
    mine = [np.flatnonzero(table["item"] == name) for name in names]
    return Grades(
        tuple(table["text"]),
        table["abnormal"].to_numpy(bool),
        table["from"].to_numpy(np.float64),
        np.array([m[0] if len(m) else 0 for m in mine]),
        np.array([len(m) for m in mine]),
    )
