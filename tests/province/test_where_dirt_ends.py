"""Where each kind of planted defect ends up when its rows are checked as landing checks them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jobs.landing.check import Checked, check_rows, flags
from jobs.landing.read import Sent, read_one
from jobs.province.defects import Defect, field_of
from jobs.province.settings import FEEDS
from jobs.province.writing import chunks
from jobs.tables.contract import load_contracts
from tests.conftest import CHECKOUT
from tests.province.conftest import CONTRACTS, MANY_CARDS
from tests.province.ends import (
    ACCEPTED,
    DUPLICATE,
    ENDS,
    FLAGGED,
    KEPT_OUT,
    MUCH,
    QUARANTINED,
    SEEN,
    SOMETIMES_SEEN,
    STRICT_FEED,
    WORSE,
)

CONTRACT = {feed: c for feed, c in load_contracts(CONTRACTS).items() if feed in FEEDS}


@pytest.fixture(scope="module", params=["utf-8", "gb18030"])
def received(request: pytest.FixtureRequest, live: Callable[..., Any]) -> dict[str, tuple[Checked, np.ndarray]]:
    """Every feed's rows as a file in this encoding, checked, and the marks of each row's defects."""
    _, batches, _ = live([0, 1], end="2023-02-28", **MANY_CARDS, **MUCH)
    found = {}
    for b in batches:
        text = "".join(t.decode() for t in chunks(b, 0).column("text").to_pylist())
        body = ",".join(CONTRACT[b.feed].names) + "\n" + text
        rows = read_one(Sent(body.encode(request.param), encoding=request.param), CONTRACT[b.feed])
        assert rows.count == len(b.defects) and not rows.malformed, b.feed
        found[b.feed] = check_rows([rows], CONTRACT[b.feed]), b.defects
    return found


def test_every_row_is_accepted_quarantined_or_duplicate(received: dict[str, tuple[Checked, np.ndarray]]) -> None:
    for checked, marks in received.values():
        assert sum(checked.counts()[0]) == len(marks)


def test_repeats_are_duplicates_and_impossible_event_dates_are_quarantined(
    received: dict[str, tuple[Checked, np.ndarray]],
) -> None:
    repeats = 0
    for checked, marks in received.values():
        bad = marks & Defect.EVENT_DATE_IMPOSSIBLE.bit > 0
        assert (checked.quarantined | checked.duplicate)[bad].all()
        # of a repeat and its first row, the same text, the later is the duplicate; so is a correction of nothing
        sent_again, corrected = ((marks & k.bit > 0).sum() for k in (Defect.ROW_REPEATED, Defect.ROW_CORRECTED))
        assert sent_again <= checked.duplicate.sum() <= sent_again + 0.2 * corrected
        repeats += int(checked.duplicate.sum())
    assert repeats > 100


def test_every_kind_has_an_end() -> None:
    assert set(ENDS) == set(Defect)


def test_the_readme_tells_where_each_kind_ends() -> None:
    rows = [line.split("|")[1:3] for line in (CHECKOUT / "README.md").read_text(encoding="utf-8").splitlines()
            if line.startswith("| ") and line.count("|") == 3]  # fmt: skip
    told = {name: ends for kinds, ends in rows for name in re.findall("`([a-z0-9_]+)`", kinds)}
    expected = {**dict.fromkeys(SEEN, "with a word"), **dict.fromkeys(SOMETIMES_SEEN, "some with a word"), **KEPT_OUT}
    listed = {kind.name.lower(): words for kind, words in expected.items()}
    assert told.keys() & {kind.name.lower() for kind in Defect} == listed.keys()
    assert all(words in told[name] for name, words in listed.items())


@pytest.mark.parametrize("kind", [k for k in Defect if not k.name.startswith("FILE_")], ids=lambda k: k.name)
def test_rows_of_a_kind_end_where_they_should(received: dict[str, tuple[Checked, np.ndarray]], kind: Defect) -> None:
    """Rows with this kind and nothing worse besides, and all that are accepted; flagged is its own field."""
    ends: set[str] = set()
    worse = sum(k.bit for k in WORSE if k is not kind)
    for feed, (checked, marks) in received.items():
        said = np.full(len(marks), "", dtype=object)
        said[checked.accepted] = [words or "" for words in flags(checked).to_pylist()]
        mine = (marks & kind.bit > 0) & (checked.accepted | (marks & worse == 0))
        doubted = np.array([f"; {field_of(kind, feed)}:" in f"; {words}" for words in said]) if mine.any() else mine
        strict = feed == STRICT_FEED and FLAGGED in ENDS[kind]
        outcomes = {
            FLAGGED: checked.accepted & doubted | checked.quarantined & strict,
            ACCEPTED: checked.accepted & ~doubted,
            QUARANTINED: checked.quarantined & (not strict),
            DUPLICATE: checked.duplicate,
        }
        ends |= {outcome for outcome, rows in outcomes.items() if (rows & mine).any()}
        words = {**SEEN, **SOMETIMES_SEEN}.get(kind, "")
        assert all(words in w for w in said[mine & checked.accepted & doubted]), (feed, kind)
    assert ends and ends <= ENDS[kind]


def test_names_outside_gbk_come_through_both_encodings(received: dict[str, tuple[Checked, np.ndarray]]) -> None:
    checked, marks = received["registration"]
    names = np.array(checked.table["name"].to_pylist(), dtype=object)
    rare = names[marks & Defect.NAME_OUTSIDE_GBK.bit > 0]
    assert len(rare) > 10
    assert all(ord(n[-1]) > 0x33FF and "�" not in n for n in rare)
