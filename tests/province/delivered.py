"""Deliveries of a few blocks written without Spark."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.province.facts import ProvinceFacts
from jobs.province.institutions import Institutions
from jobs.province.residents import live_and_record
from jobs.province.scale import scales
from jobs.province.schedule import Schedule
from jobs.province.settings import SimulateSettings
from jobs.province.simulate import desk_of
from jobs.province.writing import Desk, chunks, write_files
from tests.province.conftest import CONTRACTS, node

ALL_FORMATS = {"jsonl": 0.25, "parquet": 0.25, "cda": 0.4, "byte_order_mark": 0.5}


def odd_files(truth: Path) -> dict[str, str]:
    """The files that were sent again or by mistake, and which of the two, as the truth tells."""
    told = pq.read_table(truth / "defect", columns=["file", "kind"]).to_pandas().astype(str).drop_duplicates()
    told = told[told["kind"].str.startswith("file_")]
    return dict(zip(told["file"], told["kind"], strict=True))


def delivered(folder: Path, facts: ProvinceFacts, blocks: Iterable[int] = (0,), **changed: Any) -> Desk:
    """Make the blocks, each a part of its own, and write their files and the truth about their rows.

    Returns the desk they were written at.
    """
    settings = SimulateSettings.of(node(folder, **changed))
    institutions, schedule = Institutions.of(facts.places, settings), Schedule.of(settings)
    scale = scales(facts, settings.rate)
    made = []
    for part, block in enumerate(blocks):
        _, batches, _ = live_and_record(settings, facts, institutions, schedule, scale, np.array([block]))
        made += [chunks(b, part) for b in batches if len(b.sender)]
    shares = pa.Table.from_batches(made)
    ordered = shares.sort_by([(c, "ascending") for c in ("sender", "feed", "period", "part")])
    desk = desk_of(settings, CONTRACTS, institutions, schedule)
    assert list(write_files(desk, iter(ordered.to_batches())))
    return desk
