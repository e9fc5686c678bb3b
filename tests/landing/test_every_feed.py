"""A small province received whole: sixteen feeds in every format, with columns that change, and the ledger closes."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np

from jobs.lakehouse.read import read_table
from jobs.landing.receive import Settings, receive
from jobs.province.defects import Defect
from jobs.province.facts import ProvinceFacts
from jobs.province.settings import FEEDS
from jobs.province.writing import Desk
from tests.province.conftest import FACTS, MANY_CARDS
from tests.province.delivered import ALL_FORMATS, delivered, odd_files
from tests.province.ends import (
    ACCEPTED,
    ENDS,
    FLAGGED,
    MUCH,
    QUARANTINED,
    REFUSED,
    STRICT_FEED,
    WORSE,
    where_defects_end,
)

PERIOD = {"population_on": "2022-01-01", "backload_from": "2022-01-01", "start": "2023-11-01", "end": "2023-12-31"}
DRIFT = {"renamed": 0.1, "added": 0.1, "dropped": 0.1, "needed_dropped": 0.05, "within_days": 720}
DIRT = {
    **MANY_CARDS,
    **MUCH,
    "dirt__row_repeated": 0.02,
    "dirt__event_date_impossible": 0.01,
    "dirt__file_repeated": 0.02,
    "dirt__file_withdrawn": 0.02,
}


def test_all_feeds_in_all_formats_are_received_and_every_row_is_accounted_for(spark, lake, tmp_path: Path) -> None:
    facts = ProvinceFacts.read("370000", FACTS)
    desk = delivered(tmp_path, facts, formats=ALL_FORMATS, drift=DRIFT, **PERIOD, **DIRT)
    sent: dict[str, dict] = {}
    for path in desk.out.rglob("*.manifest.json"):
        sent[path.relative_to(desk.out).as_posix().removesuffix(".manifest.json")] = json.loads(path.read_bytes())
    report, _ = receive(lambda: spark, lake, Settings(str(desk.out)))
    ledger = {r["file"]: r for r in read_table(lake.root, "ops.delivery").to_pylist()}
    assert ledger.keys() == sent.keys()
    feeds = {str(m["feed"]) for m in sent.values()}
    assert feeds >= set(FEEDS) - {"cancer_card"}  # so few residents may have no cancer in so short a time
    forms = Counter((r["format"], r["encoding"]) for r in ledger.values() if r["status"] == "accepted")
    assert {f for f, _ in forms} == {"csv", "jsonl", "parquet", "xml", None}  # none: a withdrawal
    for file, row in ledger.items():
        sender, feed, day, _ = file.split("/")
        wire = desk.wires[sender, feed]
        planted = wire.change == "needed_dropped" and wire.changed_on(date.fromisoformat(day)) and not row["withdraws"]
        assert (row["status"] == "refused") == planted, row
        if not planted:
            parts = [row[f"rows_{n}"] for n in ("accepted", "quarantined", "duplicate")]
            assert row["rows_read"] == sent[file]["rows"] == sum(parts), file
    total = Counter[str]()
    for row in ledger.values():
        total.update({n: row[f"rows_{n}"] for n in ("accepted", "quarantined", "duplicate")})
    assert min(total.values()) > 20
    held = sum(read_table(lake.root, f"bronze.{feed}", ["_row_id"]).num_rows for feed in feeds)
    assert held == total["accepted"]
    assert read_table(lake.root, "bronze.quarantine", ["_row_id"]).num_rows == total["quarantined"]
    odd = odd_files(desk.truth)
    wrong = {r["file_sha256"] for f, r in ledger.items() if odd.get(f) == "file_withdrawn"}
    assert wrong == {r["withdraws"] for r in ledger.values()} - {None}
    kept = read_table(lake.root, "bronze.registration", ["_extra"], where="_extra is not null")
    noted = {(sender, feed) for sender, feed, what in report.noted if not what.startswith("withdraws")}
    assert noted <= {pair for pair, w in desk.wires.items() if w.change in ("renamed", "added", "dropped")}
    assert kept.num_rows and len(noted) > 20
    every_defect_ends_where_it_should(lake.root, desk)


def every_defect_ends_where_it_should(root: str, desk: Desk) -> None:
    """Rows with a kind and nothing worse besides, and all that are accepted, save in refused files and in columns that
    their sender has dropped."""
    found = where_defects_end(root, desk.truth)
    dropped = {(*pair, w.column) for pair, w in desk.wires.items() if w.change == "dropped"}
    sent = zip(found["file"].str.split("/").str[0], found["feed"], found["field"], strict=True)
    worse = found["kind"].isin([k.name.lower() for k in WORSE])
    beside = worse.groupby([found["file"], found["row"]]).transform("sum") - worse
    counts = (beside == 0) | found["outcome"].isin([ACCEPTED, FLAGGED])
    counts &= (found["outcome"] != REFUSED) & ~np.array([column in dropped for column in sent])
    ends = found[counts].groupby(["kind", "feed"])["outcome"].agg(set)
    for (name, feed), outcomes in ends.items():
        kind = Defect[name.upper()]
        if feed == STRICT_FEED and FLAGGED in ENDS[kind]:
            outcomes = outcomes - {QUARANTINED}
        assert outcomes <= ENDS[kind], (kind, feed)
    assert {kind for kind, _ in ends.index} == {kind.name.lower() for kind in Defect}
