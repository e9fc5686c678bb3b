"""Where each kind of planted defect ends up when its rows are checked as landing checks them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jobs.landing.check import Checked, check_rows, flags
from jobs.landing.read import Sent, read_one
from jobs.province.defects import Defect
from jobs.province.settings import FEEDS
from jobs.province.writing import chunks
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS, MANY_CARDS

CONTRACT = {feed: c for feed, c in load_contracts(CONTRACTS).items() if feed in FEEDS}
FLAGGED = {  # kinds that landing sees and lets pass, and what it says
    Defect.ID_MISTYPED: "id_number: ",  # its check character, or the date of birth in it
    Defect.ID_FULL_WIDTH: "id_number: form",
    Defect.ID_MILITARY: "id_number: form",
    Defect.SEX_CODE_UNKNOWN: "sex_code: code",
    Defect.BIRTH_DATE_IMPOSSIBLE: "birth_date: date",
    Defect.AGE_TEXT: "age: integer",
    Defect.PRESSURE_IN_KPA: "systolic: integer",
}
SILENT = (  # kinds that no check of one row can see
    Defect.ID_BORROWED,
    Defect.ID_PERMIT,
    Defect.NAME_HOMOPHONE,
    Defect.NAME_DOT,
    Defect.NAME_OUTSIDE_GBK,
    Defect.BIRTH_DAY_MONTH,
    Defect.CLOCK_A_DAY_OFF,
    Defect.ROW_OF_TWO_SYSTEMS,
    Defect.LAB_OTHER_UNIT,
    Defect.TEXT_LINE_END,
    Defect.CODE_RULE_OUT,
)
MUCH = dict.fromkeys(
    ("id_borrowed", "id_full_width", "birth_day_month", "row_repeated", "row_of_two_systems", "age_text",
     "pressure_in_kpa", "text_line_end", "event_date_impossible", "sex_code_unknown", "birth_date_impossible",
     "clock_a_day_off", "person_minority_name", "person_rare_character", "person_permit", "person_soldier"),
    0.05,
)  # fmt: skip


@pytest.fixture(scope="module", params=["utf-8", "gb18030"])
def received(request: pytest.FixtureRequest, live: Callable[..., Any]) -> dict[str, tuple[Checked, np.ndarray]]:
    """Every feed's rows as a file in this encoding, checked, and the marks of each row's defects."""
    rates = {f"dirt__{name}": rate for name, rate in MUCH.items()}
    _, batches, _ = live([0, 1], end="2023-02-28", dirt__age_text=1.0, **MANY_CARDS, **{k: v for k, v in rates.items()
                                                                        if k != "dirt__age_text"})  # fmt: skip
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


@pytest.mark.parametrize(("kind", "words"), FLAGGED.items(), ids=lambda p: getattr(p, "name", ""))
def test_what_a_check_can_see_is_flagged(
    received: dict[str, tuple[Checked, np.ndarray]], kind: Defect, words: str
) -> None:
    seen = 0
    for feed, (checked, marks) in received.items():
        said = flags(checked).to_pylist()
        mine = np.flatnonzero(marks[checked.accepted] & kind.bit)
        if feed != "birth_certificate":  # whose sex code is the child's
            assert all(words in (said[n] or "") for n in mine), (feed, kind)
        seen += len(mine)
    assert seen


@pytest.mark.parametrize("kind", SILENT, ids=lambda k: k.name)
def test_what_no_check_of_a_row_can_see_is_accepted(
    received: dict[str, tuple[Checked, np.ndarray]], kind: Defect
) -> None:
    """Rows with this kind and nothing worse besides."""
    worse = [Defect.EVENT_DATE_IMPOSSIBLE, Defect.SEX_CODE_UNKNOWN, Defect.BIRTH_DATE_IMPOSSIBLE, Defect.BIRTH_DIGITS,
             Defect.BIRTH_LUNAR, Defect.ROW_REPEATED]  # fmt: skip
    seen = 0
    for checked, marks in received.values():
        mine = (marks & kind.bit > 0) & (marks & sum(k.bit for k in worse) == 0) & ~checked.duplicate
        assert checked.accepted[mine].all()
        seen += int(mine.sum())
    assert seen


def test_names_outside_gbk_come_through_both_encodings(received: dict[str, tuple[Checked, np.ndarray]]) -> None:
    checked, marks = received["registration"]
    names = np.array(checked.table["name"].to_pylist(), dtype=object)
    rare = names[marks & Defect.NAME_OUTSIDE_GBK.bit > 0]
    assert len(rare) > 10
    assert all(ord(n[-1]) > 0x33FF and "�" not in n for n in rare)
