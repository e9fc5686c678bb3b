"""A truth that is not circular: nothing of the pipeline is in the simulator, nothing of the records is in the lives."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.province.recording import Batch
from jobs.province.settings import FEEDS
from tests.conftest import CHECKOUT
from tests.province.conftest import node
from tests.test_layers import imports

JOBS, PROVINCE = CHECKOUT / "jobs", CHECKOUT / "jobs/province"
PIPELINE = {p.name for p in JOBS.iterdir() if p.is_dir()} - {"province", "lakehouse", "__pycache__"}
ON_DISK = sorted(p for p in JOBS.rglob("*.py") if PROVINCE not in p.parents)
Live = Callable[..., Any]


def test_loading_the_simulator_loads_nothing_of_the_pipeline() -> None:
    """In a Python of its own, with all that its modules import in turn; the commands beside it know the machinery."""
    modules = sorted(
        f"jobs.province.{p.stem}" for p in PROVINCE.glob("*.py") if not p.stem.endswith(("__init__", "command"))
    )
    assert len(modules) > 20
    code = f"import sys; [__import__(m) for m in {modules}]; print(*(m for m in sys.modules if m.startswith('jobs.')))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    found = {name.split(".")[1] for name in loaded.stdout.split()}
    assert found & PIPELINE == set() and "province" in found


def test_the_simulator_imports_by_name_only_and_reads_no_file_of_the_pipeline() -> None:
    for source in PROVINCE.glob("*.py"):
        text = source.read_text(encoding="utf-8")
        assert not imports(source) & PIPELINE, source
        assert "importlib" not in text and "__import__" not in text, source
        for part in PIPELINE - {"landing", "release"}:  # words that only a path would put so
            assert f"jobs/{part}" not in text, (source, part)


def test_no_other_package_reads_the_simulators_lists() -> None:
    """Neither by path nor by name, nor does one hold a copy of the names that people are simulated with."""
    assert len(ON_DISK) > 100
    lists = {p.name for p in (PROVINCE / "data").glob("*.csv")}
    for source in ON_DISK:
        texts = {
            n.value for n in ast.walk(ast.parse(source.read_text(encoding="utf-8"))) if isinstance(n, ast.Constant)
        }
        named = {t for t in texts if isinstance(t, str)}
        assert not [t for t in named if "province/data" in t], source
        for name in (n for n in lists if any(n in t for t in named)):
            own = source.parent / name
            assert own.is_file() and own.read_bytes() != (PROVINCE / "data" / name).read_bytes(), (source, name)
    surnames = set(pd.read_csv(PROVINCE / "data/surnames.csv")["surname"])
    for path in (p for p in JOBS.rglob("*.csv") if PROVINCE not in p.parents):
        values = pd.read_csv(path, dtype=str)
        assert not any(len(surnames & set(values[c].dropna())) > 20 for c in values), path


def test_only_its_own_settings_and_the_province_reach_the_simulator() -> None:
    """So no detector's, measure's or linkage's setting can change an infection or an outbreak."""
    asked = set()
    for source in PROVINCE.glob("*.py"):
        for part in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(part, ast.Attribute) and ast.unparse(part.value) == "context.settings":
                asked.add(part.attr)
    assert asked == {"simulate", "calibrate", "province"}


LATENT = ("event", "infection", "outbreak", "cause_of_death", "undelivered")


def same(one: dict[str, Any], other: dict[str, Any], tables: Iterable[str]) -> None:
    for table in tables:
        assert one[table].equals(other[table]), table
        assert one[table].num_rows > 0, table


def test_what_happens_does_not_depend_on_how_it_is_recorded(live: Live) -> None:
    """Twice the wrong codes and twice the dirt: other rows about the same lives."""
    usual = node(Path("unused"))
    twice = {
        f"{group}__{name}": min(2 * value, 1.0)
        for group in ("recording", "dirt")
        for name, value in usual[group].items()
        if isinstance(value, int | float)
        and not name.endswith("_edition")  # shares of one whole
        and not name.startswith("person_")  # what people are, not how they are recorded
    }
    assert len(twice) > 10
    _, rows, truth = live([0, 1])
    _, others, dirty = live([0, 1], **twice)
    same(truth, dirty, LATENT)
    without_id = [c for c in truth["person"].column_names if c != "id_number"]
    assert truth["person"].select(without_id).equals(dirty["person"].select(without_id))
    assert not all(one.columns == other.columns for one, other in zip(rows, others, strict=True))


@pytest.mark.parametrize("feed", ["laboratory", "cancer_card", "resident_register"])
def test_the_truth_is_the_same_whichever_feeds_are_sent(live: Live, feed: str) -> None:
    truth, other = live([0, 1])[2], live([0, 1], feeds=[feed])[2]
    assert truth.keys() == other.keys()
    same(truth, other, (*LATENT, "person"))


def by_file(batches: list[Batch]) -> dict[tuple[str, int, int], list[tuple[Any, ...]]]:
    """The rows of each file, in order: by feed, sender and period."""
    files: dict[tuple[str, int, int], list[tuple[Any, ...]]] = {}
    for b in batches:
        rows = zip(*(c.to_pylist() for c in b.columns), strict=True)
        for sender, period, row in zip(b.sender.tolist(), b.period.tolist(), rows, strict=True):
            files.setdefault((b.feed, sender, period), []).append(row)
    return files


def test_blocks_made_apart_give_the_files_of_blocks_made_together(live: Live) -> None:
    """All sixteen feeds: a file of both is the first block's rows, then the second's."""
    _, together, truth = live([0, 1])
    parts = [live([b]) for b in (0, 1)]
    assert {b.feed for b in together} == set(FEEDS)
    whole, first, second = (by_file(b) for b in (together, parts[0][1], parts[1][1]))
    assert whole.keys() == first.keys() | second.keys()
    for file, rows in whole.items():
        assert rows == first.get(file, []) + second.get(file, []), file
    for table, found in truth.items():
        apart = pd.concat([p[2][table].to_pandas() for p in parts])
        if table == "outbreak":
            sums = apart.groupby("outbreak")[["expected_extra", "infected"]].sum()
            assert np.allclose(sums, found.to_pandas().set_index("outbreak")[list(sums.columns)].sort_index())
        else:
            columns = found.column_names
            sorted_ = (f.astype(str).sort_values(columns, ignore_index=True) for f in (apart, found.to_pandas()))
            assert next(sorted_).equals(next(sorted_)), table
