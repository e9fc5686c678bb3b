"""Dates as text against the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest

from jobs.codes.real_date import is_date


@pytest.mark.parametrize(
    ("text", "form", "real"),
    [
        ("20240229", "%Y%m%d", True),  # 2024 is a leap year
        ("20230229", "%Y%m%d", False),
        ("19000229", "%Y%m%d", False),  # 1900 was none
        ("20000229", "%Y%m%d", True),  # 2000 was
        ("20231301", "%Y%m%d", False),
        ("20230431", "%Y%m%d", False),
        ("00010101", "%Y%m%d", False),
        ("2023-4-01", "%Y-%m-%d", False),
        ("2023/04/01", "%Y-%m-%d", False),
        ("2023-04-01 23:59:59", "%Y-%m-%d %H:%M:%S", True),
        ("2023-04-01 24:00:00", "%Y-%m-%d %H:%M:%S", False),
        ("2023-04-01T10:60:00Z", "%Y-%m-%dT%H:%M:%SZ", False),
        ("2023-04-01T10:00:00Z", "%Y-%m-%dT%H:%M:%SZ", True),
        ("2023年4月", "%Y-%m-%d", False),  # ten bytes wide all the same
        ("-0230401", "%Y%m%d", False),
        ("", "%Y%m%d", False),
        (None, "%Y%m%d", False),
    ],
)
def test_one_date(text, form, real):
    assert is_date(pa.array([text], pa.string()), [form]).tolist() == [real]


def test_every_day_of_four_hundred_years_and_no_thirty_second():
    days = [(date(1800, 1, 1) + timedelta(days=i)).strftime("%Y%m%d") for i in range(146097)]
    assert is_date(pa.array(days), ["%Y%m%d"]).all()
    months = [f"{year}{month:02}" for year in (1999, 2000, 2023, 2024) for month in range(14)]
    written = [f"{m}{day:02}" for m in months for day in range(33)]
    assert is_date(pa.array(written), ["%Y%m%d"]).sum() == 365 + 366 + 365 + 366


def test_either_of_two_formats_will_do():
    texts = pa.chunked_array([["20230401", None], ["2023-04-01", "1.4.2023"]], pa.string())
    assert is_date(texts, ["%Y%m%d", "%Y-%m-%d"]).tolist() == [True, False, True, False]
