"""When and where people see a doctor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from jobs.province.settings import FEEDS
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS

CONTRACT = {feed: c for feed, c in load_contracts(CONTRACTS).items() if feed in FEEDS}


@pytest.fixture(scope="module")
def seen(live: Callable[..., Any]) -> dict[str, pd.DataFrame]:
    """Visits, stays and vaccinations of four thousand residents over three years, recorded without a mistake."""
    feeds = {"feeds": ["outpatient_visit", "inpatient_home_page", "immunisation"], "profile": "clean"}
    _, batches, _ = live(list(range(8)), end="2024-12-31", **feeds)
    frames = {}
    for b in batches:
        columns = dict(zip(CONTRACT[b.feed].names, (c.to_pylist() for c in b.columns), strict=True))
        frames[b.feed] = pd.DataFrame(columns).assign(person=b.person, sender=b.sender)
    return frames


def test_those_who_lie_in_hospital_see_no_doctor_elsewhere(seen: Any) -> None:
    visits, stays = seen["outpatient_visit"], seen["inpatient_home_page"]
    both = visits.merge(stays, on="person", suffixes=("", "_stay"))
    day = both["visit_time"].str[:10]
    inside = (day > both["admitted_at"].str[:10]) & (day < both["discharged_at"].str[:10])
    assert len(both) > 20_000
    assert inside.sum() <= 3  # a condition was found that day
