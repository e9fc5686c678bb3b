"""ID numbers against published and hand-worked answers, for Arrow and for Spark alike."""

from __future__ import annotations

import pyarrow as pa
import pytest

from jobs.codes import id_number

# GB 11643-1999 annex A works two examples: 11010519491231002X and 440524188001010014.
# 130503670401001 is the 15-digit number that the standard's readers usually lift: 130503196704010016.
CASES = [
    ("11010519491231002X", None, "11010519491231002X"),
    ("440524188001010014", None, "440524188001010014"),
    ("11010519491231002x", None, "11010519491231002X"),
    (" 11010519491231002X ", None, "11010519491231002X"),
    ("130503670401001", None, "130503196704010016"),
    ("110105194912310021", "checksum", None),
    ("11010519491231102X", "checksum", None),
    ("110105194902310022", "date", None),  # no 31 February
    ("130503670231001", "date", None),
    ("000000000000000", "form", None),
    ("11010519491231002", "form", None),
    ("1101051949123100 2", "form", None),
    ("A23456789012345678", "form", None),
    ("护照E12345678", "form", None),
    ("１１０１０５１９４９１２３１００２Ｘ", "form", None),  # full-width digits are no digits
    ("", None, None),
    (None, None, None),
]


@pytest.mark.parametrize(("number", "problem", "lifted"), CASES)
def test_each_number_alone(number, problem, lifted):
    array = pa.array([number], pa.string())
    assert id_number.problem(array).to_pylist() == [problem]
    assert id_number.lift(array).to_pylist() == [lifted]
    assert id_number.is_valid(array).to_pylist() == [lifted is not None]


def test_all_numbers_in_one_array_give_the_same_answers():
    array = pa.chunked_array([[c[0] for c in CASES[:7]], [c[0] for c in CASES[7:]]], pa.string())
    assert id_number.problem(array).to_pylist() == [c[1] for c in CASES]
    assert id_number.lift(array).to_pylist() == [c[2] for c in CASES]
    assert id_number.lift(pa.array([], pa.string())).to_pylist() == []


def test_every_single_wrong_digit_is_noticed():
    right = "11010519491231002X"
    wrong = [right[:i] + d + right[i + 1 :] for i in range(17) for d in "0123456789" if d != right[i]]
    assert not any(id_number.is_valid(pa.array(wrong)).to_pylist())


def test_spark_gives_the_same_answers(spark):
    frame = spark.createDataFrame([(i, c[0]) for i, c in enumerate(CASES)], "i int, number string")
    got = frame.select("i", id_number.valid_id(frame.number), id_number.lift_15(frame.number)).orderBy("i").collect()
    assert [(r[1], r[2]) for r in got] == [(c[2] is not None, c[2]) for c in CASES]
