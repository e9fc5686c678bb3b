"""Lunar dates against days known to everybody."""

from __future__ import annotations

import numpy as np
import pytest

from jobs.province.datafiles import csv
from jobs.province.lunar import lunar_digits


@pytest.mark.parametrize(
    ("day", "lunar"),
    [
        ("1949-01-29", 19490101),  # Spring Festivals
        ("1976-01-31", 19760101),
        ("2000-02-05", 20000101),
        ("2024-02-10", 20240101),
        ("2025-01-29", 20250101),
        ("2024-09-17", 20240815),  # Mid-Autumn
        ("2023-04-20", 20230301),  # the month after the leap second month
        ("2023-03-22", 20230201),  # the leap month has the number of the one before
        ("1899-12-31", -1),  # before the table
    ],
)
def test_days_known_to_everybody(day: str, lunar: int) -> None:
    assert lunar_digits(np.array([np.datetime64(day).astype(int)])).tolist() == [lunar]


def test_every_month_has_29_or_30_days_and_every_year_12_or_13() -> None:
    table = csv("lunar_months.csv")
    starts = table["start"].to_numpy("M8[D]").astype(np.int64)
    assert set(np.diff(starts)) == {29, 30}
    assert set(table.groupby("year").size()) == {12, 13}
    assert table.groupby("year")["leap"].sum().max() == 1
