"""A dry run projects what a run delivers, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.province.command import told
from jobs.province.dry_run import project
from jobs.province.facts import ProvinceFacts
from jobs.province.settings import SimulateSettings
from tests.province.conftest import CONTRACTS, node


def test_rows_and_files_are_projected_and_nothing_is_written(
    live: Callable[..., Any], facts: ProvinceFacts, tmp_path: Path
) -> None:
    settings = SimulateSettings.of(node(tmp_path, residents=8000))
    projected = project(settings, CONTRACTS, facts)
    assert not any(tmp_path.iterdir())
    _, batches, _ = live(list(range(16)))
    for feed, batch in zip(projected.feeds, batches, strict=True):
        assert feed.feed == batch.feed
        error = len(batch.sender) / len(set(batch.person.tolist())) ** 0.5  # one person has many follow-ups
        assert feed.rows == pytest.approx(len(batch.sender), rel=0.05, abs=3 * error)
        files = len(set(zip(batch.sender.tolist(), batch.period.tolist(), strict=True)))
        if feed.feed != "resident_register":  # reports empty periods too
            assert feed.files == pytest.approx(files, rel=0.05, abs=15)
    assert projected.core_hours > 0


def test_a_whole_province_is_arithmetic(facts: ProvinceFacts, tmp_path: Path) -> None:
    few = project(SimulateSettings.of(node(tmp_path, residents=4000)), CONTRACTS, facts)
    all_ = project(SimulateSettings.of(node(tmp_path, residents=101_527_453)), CONTRACTS, facts)
    rows = [sum(f.rows for f in p.feeds) for p in (few, all_)]
    assert rows[1] / rows[0] == pytest.approx(101_527_500 / 4000, rel=0.1)
    assert all_.residents == 101_527_500
    assert "101,527,500 simulated residents" in "\n".join(told(all_))
    assert replace(few, making=1800.0, writing=1800.0).core_hours == 1
