"""Rows against their contract: each case is one literal row and what should become of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jobs.landing.check import check_rows, flags
from jobs.landing.read import Sent, read_one
from jobs.landing.words import quarantined_rows
from tests.landing.senders import GOOD, VISIT, as_csv


def check(*rows: dict[str, str], malformed: str = ""):
    text = as_csv(VISIT, rows) + malformed
    return check_rows([read_one(Sent(text.encode()), VISIT)], VISIT)


def reasons(checked) -> list[tuple[int, str | None, str | None]]:
    return [(q.number, q.field, q.found) for q in quarantined_rows(checked, VISIT)]


def test_a_good_row_is_accepted_without_flags():
    checked = check(GOOD)
    assert checked.counts() == [(1, 0, 0)]
    assert flags(checked).to_pylist() == [None]


def test_empty_fields_that_are_not_required_are_nothing_to_object_to():
    checked = check({"visit_no": "V1", "visit_time": "2023-03-01 08:30:00"})
    assert checked.counts() == [(1, 0, 0)]
    assert flags(checked).to_pylist() == [None]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("visit_no", "", "visit_no(就诊流水号) is empty but required. 必填项为空"),
        ("visit_time", "2023-02-30 08:00:00", "is no real date (or time) in the form agreed. 日期不存在或格式不符"),
        ("visit_time", "2023-03-01", "is no real date (or time) in the form agreed"),
        ("visit_time", "2023-03-01 08:30:61", "is no real date (or time) in the form agreed"),
        ("sex_code", "3", "is not one of the agreed codes. 代码不在约定的值域内"),
        ("sex_code", "男", "is not one of the agreed codes"),
        ("fee", "12,5", "is no number"),
        ("fee", "NaN", "is no number"),
        ("beds", "1.0", "is no whole number"),
    ],
)
def test_a_bad_value_keeps_the_row_out_with_a_reason(field, value, words):
    checked = check({**GOOD, field: value})
    assert checked.counts() == [(0, 1, 0)]
    (row,) = quarantined_rows(checked, VISIT)
    assert (row.field, row.found, row.number) == (field, value or None, 0)
    assert words in row.reason
    assert json.loads(row.record) == {**GOOD, field: value or None}


@pytest.mark.parametrize(
    ("field", "value", "flag"),
    [
        ("id_number", "110105194912310021", "id_number: checksum"),
        ("id_number", "110105194902310022", "id_number: date"),
        ("id_number", "E12345678", "id_number: form"),
        ("birth_date", "19490230", "birth_date: date"),
        ("note", "AB-7x", "note: pattern"),
    ],
)
def test_a_doubtful_value_is_flagged_and_the_row_stays(field, value, flag):
    checked = check({**GOOD, field: value})
    assert checked.counts() == [(1, 0, 0)]
    assert flags(checked).to_pylist() == [flag]


@pytest.mark.parametrize("number", ["110105491231002", "11010519491231002x", " 11010519491231002X "])
def test_fifteen_digits_a_small_x_and_blanks_make_no_bad_id_number(number):
    assert flags(check({**GOOD, "id_number": number})).to_pylist() == [None]


@pytest.mark.parametrize("fee", ["0", "12", "-3.5", "+1", ".5", "7.", "1.0E-5", "12345678901234567890.25"])
def test_numbers_in_their_usual_forms(fee):
    assert check({**GOOD, "fee": fee}).counts() == [(1, 0, 0)]


def test_two_doubts_are_both_named_and_two_faults_give_one_quarantined_row():
    doubtful = check({**GOOD, "id_number": "1", "birth_date": "1"})
    assert flags(doubtful).to_pylist() == ["id_number: form; birth_date: date"]
    bad = check({**GOOD, "sex_code": "7", "fee": "x", "id_number": "1"})
    assert bad.counts() == [(0, 1, 0)]
    (row,) = quarantined_rows(bad, VISIT)
    assert row.field == "sex_code"
    assert "also wrong: fee." in row.reason
    assert row.allowed == "0, 1, 2, 9 (GB/T 2261.1)"


def test_a_row_that_repeats_an_earlier_one_exactly_is_a_duplicate_and_a_correction_is_not():
    # rows: good, bad, good again, corrected fee, bad again, good a third time
    bad = {**GOOD, "visit_no": "V2", "fee": "x"}
    checked = check(GOOD, bad, GOOD, {**GOOD, "fee": "13"}, bad, GOOD)
    assert checked.counts() == [(2, 1, 3)]
    assert np.flatnonzero(checked.accepted).tolist() == [0, 3]
    assert reasons(checked) == [(1, "fee", "x")]


def test_without_a_key_whole_rows_are_compared_and_neighbouring_fields_are_not_confused():
    from dataclasses import replace

    keyless = replace(VISIT, key=())
    rows = [{**GOOD, "fee": "1", "beds": ""}, {**GOOD, "fee": "", "beds": "1"}, {**GOOD, "fee": "1", "beds": ""}]
    checked = check_rows([read_one(Sent(as_csv(keyless, rows).encode()), keyless)], keyless)
    assert checked.duplicate.tolist() == [False, False, True]


def test_the_same_row_in_two_files_is_no_duplicate_within_a_file():
    rows = read_one(Sent(as_csv(VISIT, [GOOD]).encode()), VISIT)
    assert check_rows([rows, rows], VISIT).counts() == [(1, 0, 0), (1, 0, 0)]


def test_rows_with_too_few_or_too_many_columns_are_kept_out_with_their_text_and_true_numbers():
    checked = check(
        GOOD, malformed="V2,x\nV3,1,2,3,4,5,6,7,8,9\nV2,x\n" + ",".join({**GOOD, "visit_no": "V4"}.values())
    )
    assert checked.counts() == [(2, 2, 1)]
    assert checked.number.tolist() == [0, 4]
    rows = list(quarantined_rows(checked, VISIT))
    assert [(r.number, r.found, r.allowed) for r in rows] == [
        (1, "2 columns", "8 columns"),
        (2, "10 columns", "8 columns"),
    ]
    assert json.loads(rows[0].record) == {"text": "V2,x"}
    assert "列数与表头不一致" in rows[0].reason


def test_checking_files_together_gives_what_checking_them_apart_gives():
    texts = [[GOOD, {**GOOD, "fee": "x"}], [], [{**GOOD, "id_number": "1"}, GOOD, GOOD]]
    files = [read_one(Sent(as_csv(VISIT, rows).encode()), VISIT) for rows in texts]
    together = check_rows(files, VISIT)
    assert together.counts() == [check_rows([f], VISIT).counts()[0] for f in files] == [(1, 1, 0), (0, 0, 0), (2, 0, 1)]
    assert together.file.tolist() == [0, 0, 2, 2, 2]
