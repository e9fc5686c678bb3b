"""Whatever the format: the same rows of text, the same numbers, and one line where a file can't be taken."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.landing.check import check_rows
from jobs.landing.read import Sent, read_all, read_one
from jobs.landing.refusal import FileRefused
from jobs.landing.words import quarantined_rows
from jobs.tables.bronze import CONTRACTS
from jobs.tables.contract import parse_contract
from tests.landing.senders import GOOD, VISIT, as_csv

PAIR = parse_contract(
    {
        "feed": "pair",
        "version": "1",
        "key": ["no"],
        "fields": [
            {"name": "no"},
            {"name": "name", "role": "name", "also_called": ["xm", "姓名"]},
            {"name": "fee", "type": "decimal"},
            {"name": "note"},
        ],
    }
)


def table(sent: Sent, contract=PAIR) -> list[dict[str, str | None]]:
    return read_one(sent, contract).table.to_pylist()


def parquet(**columns) -> Sent:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return Sent(out.getvalue(), "parquet", None)


def refused(sent: Sent, contract=PAIR) -> str:
    with pytest.raises(FileRefused) as refusal:
        read_one(sent, contract)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


# JSON lines


def test_json_lines_are_rows_of_text_with_numbers_as_they_are_written():
    first = '{"no":"007","name":"王小明","fee":12.50,"note":null}'
    text = first + '\n\n{"no":12345678901234567890,"name":"","fee":1e3,"note":true}\r\n'
    rows = read_one(Sent(text.encode("gb18030"), "jsonl", "gb18030"), PAIR)
    assert rows.table.drop_columns("_extra").to_pylist() == [
        {"no": "007", "name": "王小明", "fee": "12.50", "note": None},
        {"no": "12345678901234567890", "name": None, "fee": "1e3", "note": "true"},
    ]
    assert (rows.numbers.tolist(), rows.note) == ([0, 1], "")


def test_a_line_that_is_no_object_is_kept_out_with_its_text_and_the_others_keep_their_numbers():
    good = json.dumps(GOOD)
    text = "\n".join([good, '{"visit_no": "V2"', "[1]", '{"visit_no": "\\ud800"}', '{"fee": 1, "fee": 2}', "[1]", good])
    checked = check_rows([read_one(Sent(text.encode(), "jsonl"), VISIT)], VISIT)
    assert checked.counts() == [(1, 4, 2)]  # [1] and the good row come twice
    told = list(quarantined_rows(checked, VISIT))
    assert [(q.number, json.loads(q.record)["text"]) for q in told][:2] == [(1, '{"visit_no": "V2"'), (2, "[1]")]
    assert "不是有效的JSON对象" in told[0].reason


def test_an_empty_file_of_json_lines_has_no_rows():
    assert read_one(Sent(b"", "jsonl"), PAIR).count == 0


# Parquet


def test_what_is_no_text_in_parquet_becomes_the_text_that_the_contract_expects():
    sent = parquet(
        visit_no=["V1", "V2"],
        id_number=pa.array([b"11010519491231002X", b""], pa.binary()),
        sex_code=pa.array([2.0, None]),  # whole numbers with a gap, as pandas writes them
        birth_date=[date(1949, 12, 31), None],
        visit_time=[datetime(2023, 3, 1, 8, 30), datetime(2023, 3, 1)],
        fee=[Decimal("12.50"), None],
        beds=pa.array([3, None], pa.int64()),
        note=pa.array(["AB-7", ""]).dictionary_encode(),
    )
    first, second = table(sent, VISIT)
    assert first == {**GOOD, "_extra": None}
    nothing = dict.fromkeys(GOOD)
    assert second == {**nothing, "visit_no": "V2", "visit_time": "2023-03-01 00:00:00", "_extra": None}


def test_a_time_in_place_of_a_day_is_not_cut_short():
    sent = parquet(
        visit_no=["V1"],
        **{n: [GOOD[n]] for n in ("id_number", "sex_code", "visit_time")},
        birth_date=[datetime(1949, 12, 31, 7)],
    )
    ((row,),) = [table(sent, VISIT)]
    assert row["birth_date"] == "1949-12-31 07:00:00"


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"no": [[1]], "name": ["x"]}, "column no is of type list"),
        ({"no": ["1"], "name": pa.array([b"\xff"])}, "column name is of type binary"),
        ({"no": ["1"], "name": pa.array([b"\xff"]).view(pa.string())}, "column name is of type string"),
        ({"no": pa.array([0], pa.timestamp("s", "UTC")), "name": ["x"]}, "times of the zone UTC; deliver wall-clock"),
        ({"no": ["1"], "fee": ["1"]}, "missing column name (contract pair 1)"),
    ],
)
def test_columns_that_parquet_files_are_refused_for(columns, reason):
    assert reason in refused(parquet(**columns))


def test_a_damaged_parquet_file_is_refused():
    whole = parquet(no=["1"], name=["x"], fee=["1"], note=["y"]).data
    for data in (b"", b"PAR1", whole[:-9], whole[:20] + b"\0" * 30 + whole[50:]):
        assert "can't be read as Parquet" in refused(Sent(data, "parquet", None))


# XML

EMR = CONTRACTS["emr_document"]
HEAD = '<ClinicalDocument xmlns="urn:hl7-org:v3">'
ADMISSION = f"""{HEAD}<id root="2.16.156.10011.1.1" extension="W1"/><code code="C0034"/><title>入院记录</title>
 <effectiveTime value="20230305103000"/><recordTarget><patientRole>
  <id root="2.16.156.10011.1.32" extension=""/><id root="2.16.156.10011.1.11" extension="P9"/>
  <patient><id extension="11010519491231002X"/><name>王小明</name><administrativeGenderCode code="1"/></patient>
 </patientRole></recordTarget><component><structuredBody>
  <component><section><code code="10154-3"/>
   <text>咳嗽 &lt;3天&gt; &amp; <content>发热</content></text></section></component>
  <component><section><code code="9999-9"/><text>别的</text></section></component>
 </structuredBody></component></ClinicalDocument>"""


def xml(text: str, encoding: str = "utf-8") -> Sent:
    return Sent(text.encode(encoding), "xml", encoding)


def test_a_clinical_document_is_a_row_and_a_section_of_no_field_is_kept():
    rows = read_one(xml(f'<?xml version="1.0" encoding="GB18030"?>\n{ADMISSION}', "gb18030"), EMR)
    (row,) = rows.table.to_pylist()
    there = {k: v for k, v in row.items() if v is not None}
    assert there == {
        "document_no": "W1",
        "document_code": "C0034",
        "document_title": "入院记录",
        "patient_no": "P9",
        "id_number": "11010519491231002X",
        "name": "王小明",
        "sex_code": "1",
        "written_at": "20230305103000",
        "chief_complaint": "咳嗽 <3天> & 发热",
        "_extra": '{"section 9999-9": "别的"}',
    }
    assert rows.note == "unknown section kept in _extra: section 9999-9"
    assert check_rows([rows], EMR).counts() == [(1, 0, 0)]


def test_documents_lie_one_behind_the_other_in_a_wrapper():
    many = "".join(ADMISSION.replace("W1", f"W{n}") for n in range(300))  # more than the parser is given at a time
    rows = read_one(xml(f"<documents>\n{many}\n</documents>"), EMR)
    assert rows.table["document_no"].to_pylist() == [f"W{n}" for n in range(300)]
    assert read_one(xml("<documents/>"), EMR).count == 0


ENTITY = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
BOMB = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ENTITY + ADMISSION.replace("王小明", "&a;"), "DOCTYPE"),
        (BOMB + ADMISSION.replace("王小明", "&c;"), "DOCTYPE"),
        ("<!DOCTYPE d SYSTEM 'http://127.0.0.1:9/x.dtd'>" + ADMISSION, "DOCTYPE"),
        ("<!--" + "x" * 100_000 + "-->" + ENTITY + ADMISSION, "DOCTYPE"),
        (f"<d>{ENTITY}{ADMISSION}</d>", "not readable as XML"),
        (ADMISSION.replace("王小明", "&a;"), "not readable as XML: undefined entity (line 4"),
        (ADMISSION[:-30], "not readable as XML: "),
        ("", "not readable as XML: no element found"),
        (f"<d>{ADMISSION}<row><a>1</a></row></d>", "holds an element that is no ClinicalDocument"),
        (HEAD + "<x>" * 300 + "</x>" * 300 + "</ClinicalDocument>", "more than 200 deep"),
    ],
)
def test_xml_that_is_refused(text, reason):
    assert reason in refused(xml(text), EMR)


def test_a_feed_without_documents_takes_no_xml():
    assert "which the contract pair has no documents for" in refused(xml(ADMISSION))


# Columns renamed, added, dropped


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_column_may_be_renamed_added_or_dropped_and_nothing_is_lost(form):
    rows = [{"no": "1", "xm": "王", "note": "n", "new": "x"}, {"no": "2", "xm": "李", "note": None, "new": None}]
    if form == "parquet":
        sent = parquet(**{n: pa.array([r[n] for r in rows], pa.string()) for n in rows[0]})
    elif form == "jsonl":
        sent = Sent("\n".join(map(json.dumps, rows)).encode(), "jsonl")
    else:
        sent = Sent("new,xm,no,note\nx,王,1,n\n,李,2,\n".encode())
    read = read_one(sent, PAIR)
    assert read.table.to_pylist() == [
        {"no": "1", "name": "王", "fee": None, "note": "n", "_extra": '{"new": "x"}'},
        {"no": "2", "name": "李", "fee": None, "note": None, "_extra": None},
    ]
    assert read.note == (
        "column under another name: xm for name; missing column taken as empty: fee; unknown column kept in _extra: new"
    )


def test_a_needed_column_that_is_dropped_refuses_the_file_and_so_do_two_names_of_one():
    assert refused(Sent(b"no,fee,note\n1,2,3\n")) == "missing column name (contract pair 1)"
    assert refused(Sent(b'{"no": 1, "fee": 2, "note": 3}\n', "jsonl")) == "missing column name (contract pair 1)"
    assert "column given twice: xm" in refused(Sent(b"no,name,xm,fee,note\n1,2,3,4,5\n"))


def test_a_row_kept_out_tells_its_unknown_columns_too():
    text = as_csv(VISIT, [{**GOOD, "fee": "x"}]).replace("note\n", "note,new\n").replace("AB-7", "AB-7,y")
    (row,) = quarantined_rows(check_rows([read_one(Sent(text.encode()), VISIT)], VISIT), VISIT)
    assert json.loads(row.record) == {**GOOD, "fee": "x", "new": "y"}


# Small files together


def test_reading_small_files_together_gives_what_reading_them_apart_gives():
    head = "no,name,fee,note\n"
    texts = [
        head + '1,王,2,"a\nb"\n2,x\n\n3,李,4,',  # no line end after the last row
        head,
        head + "4,a,b,c\r\n2,x\r\n",
        head + "5,a,b,c,d\n6,e,f,g\n5,a,b,c,d\n",
        "name,no,fee,note\n王,1,2,3\n",
        "no,name,fee,note,new\n1,2,3,4,5\n",
    ]
    together = read_all([Sent(t.encode()) for t in texts], PAIR)
    for text, rows in zip(texts, together, strict=True):
        alone = read_one(Sent(text.encode()), PAIR)
        assert rows.table.equals(alone.table)
        assert (rows.numbers.tolist(), rows.malformed, rows.note) == (
            alone.numbers.tolist(),
            alone.malformed,
            alone.note,
        )
        assert rows.malformed_again == alone.malformed_again


def test_a_quote_left_open_in_one_file_takes_nothing_from_the_next():
    texts = ["no,name,fee,note\n1,2,3,4\n", 'no,name,fee,note\n1,2,3,"4\n2,3,4,5\n', 'no,name,fee,note\n1,2,3,"4"\n']
    counts = [rows.count for rows in read_all([Sent(t.encode()) for t in texts], PAIR)]
    assert counts == [1, 1, 1]  # the second promises two: it is refused for that
