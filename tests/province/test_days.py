"""A day at a time: what a run delivers of a day doesn't depend on which days it delivers beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jobs.province.recording import Batch
from jobs.province.settings import FEEDS

Row = tuple[Any, ...]
DAILY = {"deliver_every": "day", "backload_from": None, "population_on": "2021-01-01", "end": "2025-12-31"}


def rows_by_day(batches: list[Batch], days: int) -> dict[str, dict[int, list[Row]]]:
    """The rows of each feed by days before the last one, in their order; ``days``: how many the run delivers."""
    found: dict[str, dict[int, list[Row]]] = {feed: {} for feed in FEEDS}
    for batch in batches:
        rows = zip(batch.sender.tolist(), batch.person.tolist(), *(c.to_pylist() for c in batch.columns), strict=True)
        for period, row in zip(batch.period.tolist(), rows, strict=True):
            found[batch.feed].setdefault(days - 1 - period, []).append(row)
    return found


def delivered(live: Callable[..., Any], start: str) -> dict[str, dict[int, list[Row]]]:
    days = int((np.datetime64("2026-01-01") - np.datetime64(start)).astype(int))
    return rows_by_day(live([3, 4, 5, 6], start=start, **DAILY)[1], days)


@pytest.fixture(scope="module")
def half_a_year(live: Callable[..., Any]) -> dict[str, dict[int, list[Row]]]:
    return delivered(live, "2025-07-01")


def test_the_last_day_of_2025_is_the_same_alone_and_after_others(
    live: Callable[..., Any], half_a_year: dict[str, dict[int, list[Row]]]
) -> None:
    alone = delivered(live, "2025-12-31")
    assert sum(len(days.get(0, [])) for days in alone.values()) > 50
    for feed in FEEDS:
        assert set(alone[feed]) <= {0}
        assert alone[feed].get(0, []) == half_a_year[feed].get(0, []), feed


def test_all_sixteen_feeds_go_on_where_the_days_before_ended(
    live: Callable[..., Any], half_a_year: dict[str, dict[int, list[Row]]]
) -> None:
    later = delivered(live, "2025-09-01")
    for feed in FEEDS:
        assert later[feed], f"no {feed} to compare"
        assert later[feed] == {d: rows for d, rows in half_a_year[feed].items() if d < 122}, feed
