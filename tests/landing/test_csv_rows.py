"""Bytes become numbered rows, or the file is refused as a whole."""

from __future__ import annotations

import pytest

from jobs.landing.read import Sent, read_one
from jobs.landing.refusal import FileRefused
from jobs.tables.contract import parse_contract

PAIR = parse_contract(
    {"feed": "pair", "version": "1", "fields": [{"name": "a"}, {"name": "b"}, {"name": "c", "required": True}]}
)


def read(text: str | bytes, encoding: str = "utf-8"):
    return read_one(Sent(text if isinstance(text, bytes) else text.encode(encoding), encoding=encoding), PAIR)


def sent(rows):
    return rows.table.select(PAIR.names)


def test_rows_keep_their_numbers_past_blank_lines_line_ends_in_fields_and_malformed_rows():
    rows = read('a,b,c\n1,2,3\n\n4,5\n6,"x\ny",7\n8,9,10,11\n"",z,\n\n12,13,14\n')
    assert sent(rows).to_pydict() == {
        "a": ["1", "6", None, "12"],
        "b": ["2", "x\ny", "z", "13"],
        "c": ["3", "7", None, "14"],
    }
    assert rows.numbers.tolist() == [0, 2, 4, 5]
    assert [(m.number, m.columns, m.text) for m in rows.malformed] == [(1, 2, "4,5"), (3, 4, "8,9,10,11")]
    assert rows.count == 6


def test_text_stays_as_sent():
    rows = read('a,b,c\n 007 ,NULL,"say ""no"", 是"\nNaN,null,-\n')
    assert sent(rows).to_pylist() == [
        {"a": " 007 ", "b": "NULL", "c": 'say "no", 是'},
        {"a": "NaN", "b": "null", "c": "-"},
    ]


@pytest.mark.parametrize(
    "text", ["c,b,a\n3,2,1\n", "\ufeffa,b,c\r\n1,2,3\r\n", '"a","b","c"\n1,2,3', "\na,b,c\n1,2,3\n"]
)
def test_columns_in_another_order_a_byte_order_mark_or_windows_line_ends_do_no_harm(text):
    assert sent(read(text)).to_pylist() == [{"a": "1", "b": "2", "c": "3"}]


def test_gb18030_with_rare_characters():
    rows = read("a,b,c\n王小明,𠮷,㐂\n", "gb18030")  # the last two need four bytes
    assert sent(rows).to_pylist() == [{"a": "王小明", "b": "𠮷", "c": "㐂"}]


def test_a_header_alone_is_a_file_of_no_rows():
    assert read("a,b,c\n").count == 0


@pytest.mark.parametrize(
    ("data", "encoding", "reason"),
    [
        (b"", "utf-8", "empty"),
        (b"\n\n", "utf-8", "empty"),
        ("a,b,c\n王,2,3\n".encode("gb18030"), "utf-8", "not readable as utf-8: byte 7 (0xcd)"),
        (b"a,b,c\n\xff\xff,2,3\n", "gb18030", "not readable as gb18030: byte 7"),
        ("a,b,c\n张伟,肺炎,济南\n李娜,胃炎,青岛\n王芳,骨折,烟台\n".encode(), "gb18030", "the file is in utf-8"),
        (b"a,b\n1,2\n", "utf-8", "missing column c"),
        (b"a,b,b,c\n1,2,3,4\n", "utf-8", "column given twice: b"),
        (b"a;b;c\n1;2;3\n", "utf-8", "is there a header, with commas?"),
    ],
)
def test_files_that_are_refused_whole(data, encoding, reason):
    with pytest.raises(FileRefused) as refused:
        read(data, encoding)
    assert reason in str(refused.value)


def test_a_row_in_place_of_the_header_is_not_told_on():
    with pytest.raises(FileRefused) as refused:
        read("王小明,11010519491231002X,1\n")
    assert "王小明" not in str(refused.value)
    assert "11010519491231002X" not in str(refused.value)


def test_a_quote_left_open_swallows_the_rest_so_that_rows_are_fewer_than_promised():
    assert read('a,b,c\n1,2,"3\n4,5,6\n7,8,9\n').count == 1
