"""Every institution in its own format, with columns that change: landing reads the same rows as from plain CSV."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from jobs.lakehouse.errors import Refused
from jobs.landing.read import Sent, read_all
from jobs.landing.refusal import FileRefused
from jobs.landing.rows import Rows
from jobs.province.facts import ProvinceFacts
from jobs.province.settings import FEEDS, SimulateSettings
from jobs.province.wire import Wire, channel_table
from jobs.province.writing import Desk
from jobs.tables.bronze import CONTRACTS, EXTRA
from tests.province.conftest import node
from tests.province.delivered import ALL_FORMATS, delivered

SHORT = {"population_on": "2023-01-01", "backload_from": None, "start": "2023-01-01", "end": "2023-02-28"}
NONE = dict.fromkeys(ALL_FORMATS, 0.0)
STILL = {"renamed": 0.0, "added": 0.0, "dropped": 0.0, "needed_dropped": 0.0, "within_days": 1}


def read(desk: Desk) -> dict[tuple[str, str, str], Rows | FileRefused]:
    """What landing makes of each file, by sender, feed and name without ending."""
    found: dict[tuple[str, str, str], Rows | FileRefused] = {}
    for feed in FEEDS:
        paths = sorted(p for p in desk.out.glob(f"*/{feed}/*/*") if not p.name.endswith(".manifest.json"))
        told = [json.loads(Path(f"{p}.manifest.json").read_bytes()) for p in paths]
        sent = [Sent(p.read_bytes(), m["format"], m.get("encoding")) for p, m in zip(paths, told, strict=True)]
        for path, manifest, rows in zip(paths, told, read_all(sent, CONTRACTS[feed]), strict=True):
            assert isinstance(rows, FileRefused) or rows.count == manifest["rows"]
            assert path.suffix == f".{manifest['format']}"
            found[manifest["sender"], feed, path.stem] = rows
    return found


def table(rows: Rows | FileRefused) -> pa.Table:
    assert isinstance(rows, Rows), rows
    return rows.table


@pytest.fixture(scope="module")
def plain(facts: ProvinceFacts, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], Rows]:
    return read(delivered(tmp_path_factory.mktemp("plain"), facts, **SHORT))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def mixed(facts: ProvinceFacts, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return delivered(tmp_path_factory.mktemp("mixed"), facts, formats=ALL_FORMATS, **SHORT)


def as_sent(wire: Wire, rows: pa.Table) -> pa.Table:
    """Rows as documents have them: times without signs between, no blanks around a section."""
    if wire.format != "xml":
        return rows
    columns = dict(zip(rows.column_names, rows.columns, strict=True))
    for name in ("written_at", "admitted_at", "discharged_at"):
        columns[name] = pc.replace_substring_regex(columns[name], "[^0-9]", "")
    for name in ("findings", "impression", "narrative"):
        columns[name] = pc.utf8_trim_whitespace(columns[name])
    return pa.table(columns)


def test_the_rows_are_the_same_in_every_format(plain: dict[Any, Rows], mixed: Desk) -> None:
    found = read(mixed)
    assert found.keys() == plain.keys()
    forms: Counter[str] = Counter()
    for (sender, feed, stem), rows in found.items():
        wire = mixed.wires[sender, feed]
        there, expected = (as_sent(wire, t) for t in (table(rows), plain[sender, feed, stem].table))
        assert there.equals(expected), (sender, feed, wire)
        assert rows.note == ""  # type: ignore[union-attr]
        forms[f"{wire.format} {wire.encoding} {wire.byte_order_mark}"] += 1
    assert set(forms) == {
        *(f"{form} {code} False" for form in ("csv", "jsonl", "xml") for code in ("utf-8", "gb18030")),
        "csv utf-8 True",
        "parquet None False",
    }


def test_formats_are_an_institutions_own_whatever_else_is_simulated(mixed: Desk) -> None:
    shares = Counter(w.format for (_, feed), w in mixed.wires.items() if feed != "emr_document")
    assert set(shares) == {"csv", "jsonl", "parquet"}
    assert all(0.18 < shares[form] / sum(shares.values()) < 0.32 for form in ("jsonl", "parquet"))
    documents = Counter(w.format for (_, feed), w in mixed.wires.items() if feed == "emr_document")
    assert 0.25 < documents["xml"] / sum(documents.values()) < 0.55


def test_what_has_a_type_is_sent_with_it(mixed: Desk) -> None:
    kinds: Counter[str] = Counter()
    for path in mixed.out.glob("*/health_checkup/*/*.parquet"):
        kinds.update(str(f.type) for f in pa.parquet.read_schema(path))
    assert {"int64", "double", "date32[day]", "string"} <= set(kinds)
    (line, *_) = next(mixed.out.glob("*/prescription/*/*.jsonl")).read_bytes().splitlines()
    assert isinstance(json.loads(line.decode("gb18030", "replace"))["item_no"], int)


@pytest.mark.parametrize(
    "formats",
    [NONE, {**ALL_FORMATS, "jsonl": 0.4, "parquet": 0.4, "cda": 0.0}, {**NONE, "cda": 1.0}],
    ids=["csv", "others", "cda"],
)
def test_a_changed_column_loses_nothing_but_itself(
    formats: dict[str, float], plain: dict[Any, Rows], facts: ProvinceFacts, tmp_path: Path
) -> None:
    drift = {"renamed": 0.3, "added": 0.3, "dropped": 0.3, "needed_dropped": 0.0, "within_days": 40}
    desk = delivered(tmp_path, facts, formats=formats, drift=drift, **SHORT)
    seen: Counter[str] = Counter()
    for (sender, feed, stem), rows in read(desk).items():
        wire = desk.wires[sender, feed]
        if formats["cda"] and wire.format != "xml":
            continue
        there, expected = (as_sent(wire, t) for t in (table(rows), plain[sender, feed, stem].table))
        day = next(desk.out.glob(f"{sender}/{feed}/*/{stem}.*")).parent.name
        note = rows.note  # type: ignore[union-attr]
        if not wire.changed_on(date.fromisoformat(day)) or not there.num_rows:
            assert (there.equals(expected), note) == (True, "")
            continue
        column, change = str(wire.column), str(wire.change)
        if change == "renamed":
            assert there.equals(expected) and note == f"column under another name: {wire.becomes} for {column}"
        elif change == "added":
            assert there.drop_columns(EXTRA).equals(expected.drop_columns(EXTRA)) and column in note
            assert set(there[EXTRA].to_pylist()) == {json.dumps({column: wire.becomes}, ensure_ascii=False)}
        else:
            absent = "" if wire.format == "xml" else f"missing column taken as empty: {column}"  # a section may be
            assert there[column].null_count == there.num_rows and note == absent
            assert there.drop_columns(column).equals(expected.drop_columns(column))
        seen[change] += 1
    kinds = ("added", "dropped") if formats["cda"] else ("renamed", "added", "dropped")  # a section has no other name
    assert set(seen) == set(kinds) and min(seen.values()) > 5, seen


def test_a_needed_column_that_is_dropped_refuses_the_files_from_its_day_on(
    facts: ProvinceFacts, tmp_path: Path
) -> None:
    drift = {**STILL, "needed_dropped": 0.5, "within_days": 40}
    desk = delivered(tmp_path, facts, drift=drift, **SHORT)
    planted = 0
    for (sender, feed, stem), rows in read(desk).items():
        wire = desk.wires[sender, feed]
        day = date.fromisoformat(next(desk.out.glob(f"{sender}/{feed}/*/{stem}.*")).parent.name)
        assert isinstance(rows, FileRefused) == wire.changed_on(day)
        if isinstance(rows, FileRefused):
            assert str(rows) == f"missing column {wire.column} (contract {feed} 1)"
            planted += 1
    assert planted > 10
    told = channel_table(desk.wires).to_pylist()
    assert {r["since"] for r in told if r["change"] is None} == {None}
    assert all(CONTRACTS[r["feed"]].field(r["column"]) for r in told if r["change"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"formats__jsonl": -0.1}, r"simulate\.formats\.jsonl=-0\.1: must be a number from 0 to 1"),
        ({"formats__jsonl": 0.6, "formats__parquet": 0.6}, r"simulate\.formats\.cda: must not come to more than 1"),
        ({"drift__added": 2}, r"simulate\.drift\.added=2: must be a number from 0 to 1"),
        ({"drift__added": 0.6, "drift__renamed": 0.6}, r"simulate\.drift: its shares must not come to more than 1"),
        ({"drift__within_days": 0}, r"simulate\.drift\.within_days=0: must be a whole number from 1"),
    ],
)
def test_impossible_settings_are_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        SimulateSettings.of(node(tmp_path, **changed))
