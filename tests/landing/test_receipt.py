"""What a receipt makes of verdicts: statuses, row numbers, and books that close."""

from __future__ import annotations

from datetime import date

import pytest

from jobs.lakehouse.errors import Broken
from jobs.landing.examine import Verdict
from jobs.landing.inbox import Found
from jobs.landing.receipt import batches, settle


def file(name: str, rows: int = 10, *, sha: str = "", sender: str = "A", day: int = 1, reason: str = "", **counts: int):
    found = Found(date(2023, 1, day), sender, "lab", name, 100, 1)
    accepted = rows - counts.get("rows_quarantined", 0) - counts.get("rows_duplicate", 0)
    whole = {"rows_read": rows, "rows_accepted": accepted, **counts}
    return found, Verdict(name, reason, found.delivered_on, sha or f"sha of {name}", **whole)


def settled(*files, known=None, next_row_id=1):
    return [(e.file, e.status, e.first_row_id) for e in settle(files, known or {}, next_row_id)]


def test_files_get_consecutive_numbers_in_the_order_of_receiving_whatever_order_they_come_in():
    files = [file("late", 5, day=2), file("b", 3, sender="B"), file("a", 10)]
    expected = [("a", "accepted", 1), ("b", "accepted", 11), ("late", "accepted", 14)]
    assert settled(*files) == settled(*reversed(files)) == expected


def test_a_refused_file_takes_no_numbers():
    files = [file("a", 10, reason="wrong hash"), file("b", 3)]
    assert settled(*files) == [("a", "refused", None), ("b", "accepted", 1)]


def test_the_same_content_twice_is_a_duplicate_under_any_name():
    files = [file("a", 10, sha="x"), file("b", 10, sha="x"), file("c", 10, sha="x", sender="B")]
    assert settled(*files) == [("a", "accepted", 1), ("b", "duplicate", None), ("c", "accepted", 11)]
    (again,) = settle([file("b", 10, sha="x")], {("A", "lab", "x"): "a"}, 50)
    assert (again.status, again.rows_read, again.rows_duplicate, again.rows_accepted) == ("duplicate", 10, 10, 0)
    assert again.reason == "the same content as a"


def test_a_file_without_rows_says_each_month_that_there_were_none():
    files = [file("january", 0, sha="x"), file("february", 0, sha="x", day=2), file("march", 2, day=3)]
    assert settled(*files) == [("january", "accepted", 1), ("february", "accepted", 1), ("march", "accepted", 1)]


def test_a_file_without_a_day_is_refused():
    found = Found(None, "synthea", "synthea_payers", "payers.csv", 100, 1)
    (entry,) = settle([(found, Verdict("payers.csv", "", None, "x", 1, 1))], {}, 1)
    assert entry.status == "refused"
    assert "receive.delivered_on" in str(entry.reason)


def test_counts_that_do_not_add_up_break_the_receipt():
    with pytest.raises(Broken, match="a: 10 rows read, 12 accounted for"):
        settle([file("a", 10, rows_quarantined=2, rows_accepted=10)], {}, 1)


def test_row_numbers_stay_below_two_to_the_forty_seventh():
    assert settled(file("a", 10), next_row_id=2**47 - 10) == [("a", "accepted", 2**47 - 10)]
    with pytest.raises(Broken, match="run out"):
        settled(file("a", 11), next_row_id=2**47 - 10)


def test_batches_are_cut_by_files_and_by_bytes_and_keep_the_order():
    found = [Found(date(2023, 1, 1), "A", "lab", str(i), size) for i, size in enumerate([10, 10, 10, 95, 10])]
    assert [[f.file for f in b] for b in batches(found, 2, 1000)] == [["0", "1"], ["2", "3"], ["4"]]
    assert [[f.file for f in b] for b in batches(found, 9, 90)] == [["0", "1", "2"], ["3"], ["4"]]
    assert batches([], 2, 90) == []
