"""Receiving from end to end on literal deliveries: what lands where, exactly once, whatever dies on the way."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.lakehouse import delta
from jobs.lakehouse.errors import Broken, Refused
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.read import read_table, table_version
from jobs.landing import receive as receiving
from jobs.landing.ledger import unrecorded_receipts
from jobs.landing.receive import Settings, receive
from jobs.landing.record import results
from jobs.tables.bronze import BRONZE, CONTRACTS, QUARANTINE
from tests.landing.senders import as_csv, deliver, manifest_of, visit

LAB = {"patient_no": "P1", "sampled_at": "2023-03-05 09:00:00", "item_code": "GLU"}


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def take(spark, lake, inbox) -> Callable[..., receiving.Report]:
    """Receive what is in the inbox now and return the report; the inbox must be as it was afterwards."""

    def run(**settings: object) -> receiving.Report:
        before = contents(inbox)
        report, _ = receive(lambda: spark, lake, Settings(str(inbox), **settings))  # type: ignore[arg-type]
        assert contents(inbox) == before
        return report

    return run


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def rows(lake: Lake, table: str, *columns: str, order: str = "_row_id") -> list[tuple]:
    if table_version(lake.root, table) is None:
        return []
    found = read_table(lake.root, table, [*dict.fromkeys([order, *columns])]).to_pylist()
    return [tuple(r[c] for c in columns) for r in sorted(found, key=lambda r: r[order])]


def ledger(lake: Lake, *columns: str) -> list[tuple]:
    return rows(lake, "ops.delivery", *columns, order="file")


def test_rows_reach_bronze_as_sent_and_the_books_close(lake, inbox, take):
    deliver(
        inbox,
        [
            visit("V1", name="王小明", id_number="110105194912310021"),  # check character should be X
            visit("V2", visit_time="2023-02-30 09:00:00"),
            visit("V1", name="王小明", id_number="110105194912310021"),  # again
            visit("V3", diagnosis_name="高血压,原发性"),
        ],
        encoding="gb18030",
    )
    report = take()
    assert [(e.rows_read, e.rows_accepted, e.rows_quarantined, e.rows_duplicate) for e in report.entries] == [
        (4, 2, 1, 1)
    ]
    assert rows(
        lake, "bronze.outpatient_visit", "_row_id", "_sender", "visit_no", "name", "_flags", "diagnosis_name"
    ) == [
        (1, "370102H001", "V1", "王小明", "id_number: checksum", None),
        (4, "370102H001", "V3", None, None, "高血压,原发性"),
    ]
    ((row_id, file, row, field, found, record),) = rows(
        lake, "bronze.quarantine", "_row_id", "file", "row", "field", "found", "record"
    )
    assert (row_id, row, field, found) == (2, 2, "visit_time", "2023-02-30 09:00:00")
    assert file == "370102H001/outpatient_visit/2023-04-01/visits.csv"
    assert json.loads(record)["visit_no"] == "V2"
    ((status, first, day, start, end, encoding),) = ledger(
        lake, "status", "first_row_id", "delivered_on", "period_start", "period_end", "encoding"
    )
    assert (status, first, encoding) == ("accepted", 1, "gb18030")
    assert [str(d) for d in (day, start, end)] == ["2023-04-01", "2023-03-01", "2023-03-31"]


def test_equal_rows_have_equal_hashes_and_an_empty_field_counts_by_its_place(lake, inbox, take):
    deliver(inbox, [visit("V1", name="x"), visit("V2"), visit("V3", doctor_no="x")], name="a.csv")
    deliver(inbox, [visit("V1", name="x"), visit("V4", department_code="x")], name="b.csv")
    take()
    hashes = dict(rows(lake, "bronze.outpatient_visit", "_row_id", "_row_hash"))
    assert hashes[1] == hashes[4]
    assert len(set(hashes.values())) == 4


def test_row_numbers_run_on_through_files_in_the_order_of_days_and_through_later_receipts(lake, inbox, take):
    deliver(inbox, [visit("V3"), visit("V4", visit_time="?")], day="2023-04-02")
    deliver(inbox, [visit("V1"), visit("V2")], day="2023-04-01")
    deliver(inbox, [{**LAB, "result_no": "R1"}], day="2023-04-01", feed="laboratory", name="lab.csv")
    take(batch_files=2)  # two receipts, the same numbers as in one
    numbers = ledger(lake, "file", "first_row_id", "receipt")
    assert [(f.split("/")[1], f.split("/")[2], first, receipt) for f, first, receipt in numbers] == [
        ("laboratory", "2023-04-01", 1, 1),
        ("outpatient_visit", "2023-04-01", 2, 1),
        ("outpatient_visit", "2023-04-02", 4, 2),
    ]
    deliver(inbox, [visit("V5")], day="2023-03-01", name="late.csv")
    take()
    assert rows(lake, "bronze.outpatient_visit", "_row_id", "visit_no")[-1] == (6, "V5")


def test_what_is_there_already_is_not_taken_again(lake, inbox, take):
    path = deliver(inbox, [visit("V1"), visit("V2")], name="a.csv")
    take()
    versions = {t: table_version(lake.root, t) for t in ("bronze.outpatient_visit", "ops.delivery", "landing.receipt")}
    report = take()
    assert (report.unchanged, report.entries, report.all_refused) == (1, [], False)
    assert {t: table_version(lake.root, t) for t in versions} == versions

    deliver(inbox, [visit("V1"), visit("V2")], name="again.csv")
    os.utime(path)  # touched, with nothing changed: looked at again and known by its content
    report = take()
    assert [(e.status, e.rows_read, e.rows_duplicate) for e in report.entries] == [("duplicate", 2, 2)] * 2
    assert len(rows(lake, "bronze.outpatient_visit", "_row_id")) == 2
    assert take().unchanged == 2


def test_the_same_content_from_another_sender_is_another_delivery(lake, inbox, take):
    deliver(inbox, [visit("V1")])
    deliver(inbox, [visit("V1")], sender="370103H001")
    assert [e.status for e in take().entries] == ["accepted", "accepted"]


def test_a_file_changed_in_place_is_new_content(lake, inbox, take):
    deliver(inbox, [visit("V1")])
    take()
    deliver(inbox, [visit("V1", total_fee="5"), visit("V2")])
    take()
    assert rows(lake, "bronze.outpatient_visit", "_row_id", "total_fee") == [(1, None), (2, "5"), (3, None)]


def test_a_withdrawal_is_noted_with_what_it_takes_back_and_may_not_bring_rows(lake, inbox, take):
    path = deliver(inbox, [visit("V1")], name="a.csv")
    sha = json.loads(manifest_of(path).read_text())["sha256"]
    deliver(inbox, text="", name="back.csv", day="2023-04-02", promise={"withdraws": sha})
    deliver(inbox, [visit("V2")], name="both.csv", day="2023-04-02", promise={"withdraws": sha})
    take()
    told = ledger(lake, "status", "withdraws", "rows_read", "period_end", "reason")
    assert [(t[0], t[1], t[2]) for t in told] == [("accepted", None, 1), ("accepted", sha, 0), ("refused", None, 0)]
    assert told[1][3:] == (None, f"withdraws the file with the sha256 {sha[:12]}...")
    assert "a withdrawal has no content" in told[2][4]
    assert len(rows(lake, "bronze.outpatient_visit", "_row_id")) == 1


def bad_files(inbox: Path, tmp_path: Path) -> dict[str, str]:
    """One file of each kind that is refused: its name, and what its line must say."""
    one = [visit("V1", name="王小明")]
    header, row = as_csv(CONTRACTS["outpatient_visit"], one).splitlines()
    (tmp_path / "outside.csv").write_text("secret")
    manifest_of(deliver(inbox, one, name="no_manifest.csv")).unlink()
    manifest_of(deliver(inbox, one, name="torn.csv")).write_text('{"sender": "3701')
    deliver(inbox, one, name="hash.csv", promise={"sha256": "0" * 64})
    deliver(inbox, one, name="short.csv", promise={"rows": 3})
    half = deliver(inbox, one, name="half.csv")
    half.write_bytes(half.read_bytes()[:-30])
    deliver(inbox, one, name="copying.csv.part")
    deliver(inbox, text="a,b\n1,2\n", name="unknown.csv", feed="no_such_feed", promise={"rows": 1})
    deliver(inbox, text=header.replace(",visit_time", "") + "\n", name="column.csv")
    deliver(inbox, text=f"{header},name\n{row},1\n", name="twice.csv", promise={"rows": 1})
    deliver(inbox, one, name="parquet.csv", promise={"format": "parquet"})
    deliver(inbox, one, name="xml.csv", promise={"format": "xml"})
    deliver(inbox, one, name="encoding.csv", encoding="gb18030", promise={"encoding": "utf-8"})
    deliver(inbox, one, name="version.csv", promise={"contract_version": "9"})
    deliver(inbox, one, name="sender.csv", promise={"sender": "370199H009"})
    deliver(inbox, one, name="feed.csv", promise={"feed": "laboratory"})
    deliver(inbox, one, name="day.csv", day="2023-13-01")
    deliver(inbox, one, name="climbs.csv", promise={"file": "../../../etc/passwd"})
    link = deliver(inbox, one, name="link.csv")
    link.unlink()
    link.symlink_to(tmp_path / "outside.csv")
    return {
        "no_manifest.csv": "no manifest",
        "torn.csv": "manifest can't be read",
        "hash.csv": "wrong hash",
        "short.csv": "the manifest says 3 rows, the file has 1",
        "half.csv": "half copied",
        "copying.csv.part": "half copied",
        "unknown.csv": "unknown feed 'no_such_feed'",
        "column.csv": "missing column visit_time",
        "twice.csv": "column given twice: name",
        "parquet.csv": "can't be read as Parquet",
        "xml.csv": "has no documents for",
        "encoding.csv": "not readable as utf-8",
        "version.csv": "version '9'",
        "sender.csv": "the manifest's sender is '370199H009'",
        "feed.csv": "the manifest's feed is 'laboratory'",
        "day.csv": "'2023-13-01' is no date",
        "climbs.csv": "for another file: '../../../etc/passwd'",
        "link.csv": "climbs out of the inbox",
    }


def test_each_bad_file_is_refused_in_one_line_and_the_rest_goes_on(lake, inbox, take, tmp_path):
    expected = bad_files(inbox, tmp_path)
    deliver(inbox, [visit("G1"), visit("G2")], name="good.csv")
    report = take()
    lines = [line for line in report.lines() if line.startswith("refused ")]
    assert len(lines) == len(expected) == len(report.refused)
    for name, reason in expected.items():
        (line,) = [line for line in lines if f"/{name}: " in line]
        assert reason in line
        assert "\n" not in line
    assert rows(lake, "bronze.outpatient_visit", "_row_id", "visit_no") == [(1, "G1"), (2, "G2")]
    assert rows(lake, "bronze.quarantine", "_row_id") == []
    assert not report.all_refused
    # nothing new: the same refusals are told again, and not written down again
    version = table_version(lake.root, "ops.delivery")
    again = take()
    assert (len(again.refused), again.unchanged) == (len(expected), 1)
    assert table_version(lake.root, "ops.delivery") == version


def test_a_refused_file_is_taken_once_it_is_mended(lake, inbox, take):
    path = deliver(inbox, [visit("V1")], promise={"sha256": "0" * 64})
    report = take()
    assert report.all_refused
    deliver(inbox, [visit("V1")], name=path.name)
    assert [e.status for e in take().entries] == ["accepted"]
    assert [status for (status,) in rows(lake, "ops.delivery", "status", order="receipt")] == ["refused", "accepted"]


def test_an_inbox_that_is_not_there_is_refused(spark, lake, tmp_path):
    with pytest.raises(Refused, match="no such folder"):
        receive(lambda: spark, lake, Settings(str(tmp_path / "nowhere")))


def test_a_table_that_lost_rows_breaks_the_receipt_before_it_is_official(lake, inbox, take, monkeypatch):
    deliver(inbox, [visit("V1"), visit("V2")])
    whole = receiving.bronze_rows
    monkeypatch.setattr(receiving, "bronze_rows", lambda *a: whole(*a).where("visit_no <> 'V2'"))
    with pytest.raises(Broken, match=r"2 rows should be in .*outpatient_visit, 1 are"):
        take()
    assert table_version(lake.root, "ops.delivery") is None


class Died(Exception):
    """Stands for a kill: nothing after the point where it is raised happens."""


# Before and after commits: 1 fixes the batch, 2 and 3 write the feeds, 4 the quarantine, 5 makes it official.
POINTS = ["receive:examined", "receive:begun", "append:before:2", "append:after:2", "append:after:4", "receive:closed"]


@pytest.fixture(scope="module")
def undisturbed(spark, tmp_path_factory) -> dict[str, object]:
    """What the deliveries of ``three_files`` come to without a death."""
    folder = tmp_path_factory.mktemp("undisturbed")
    three_files(folder / "inbox")
    lake = Lake(str(folder / "lake"), buckets=4)
    receive(lambda: spark, lake, Settings(str(folder / "inbox")))
    return everything(lake)


def three_files(inbox: Path) -> None:
    deliver(inbox, [visit("V1"), visit("V2", visit_time="?")], name="a.csv")
    deliver(inbox, [visit("V3"), visit("V3")], name="b.csv", encoding="gb18030")
    deliver(inbox, [{**LAB, "result_no": "R1"}], feed="laboratory", name="lab.csv")


def everything(lake: Lake) -> dict[str, object]:
    """All content, save when and by which run it came."""
    found: dict[str, object] = {}
    for table in ("bronze.outpatient_visit", "bronze.laboratory", "bronze.quarantine", "ops.delivery"):
        columns = read_table(lake.root, table).drop_columns(["_run_id"]).to_pylist()
        kept = [{k: v for k, v in r.items() if k not in ("received_at", "modified_ns")} for r in columns]
        found[table] = sorted(kept, key=lambda r: json.dumps(r, default=str))
    return found


@pytest.mark.parametrize("point", POINTS)
def test_a_receipt_cut_short_is_gone_on_with(point, spark, lake, inbox, take, monkeypatch, undisturbed):
    name, _, nth = point.rpartition(":") if point[-1].isdigit() else (point, "", "1")
    passed = {"times": 0}

    def dying(at: str) -> None:
        passed["times"] += at == name
        if at == name and passed["times"] == int(nth):
            raise Died

    three_files(inbox)
    monkeypatch.setattr(receiving, "failpoint", dying)
    monkeypatch.setattr(delta, "failpoint", dying)
    with pytest.raises(Died):
        take()
    assert table_version(lake.root, "ops.delivery") is None
    monkeypatch.setattr(receiving, "failpoint", lambda _: None)
    monkeypatch.setattr(delta, "failpoint", lambda _: None)
    begun = table_version(lake.root, "landing.receipt") is not None
    if begun:  # what is fixed is gone on with, whatever has become of the inbox
        deliver(inbox, [visit("V9")], name="a.csv")
        shutil.rmtree(inbox)
        inbox.mkdir()
    settings = Settings(str(inbox))
    report, made_now = receive(lambda: spark, lake, settings)
    assert report.resumed == begun
    assert everything(lake) == undisturbed
    (run,) = results(spark, lake, unrecorded_receipts(lake), made_now, settings)
    tables = {t.name: t for t in (*BRONZE.values(), QUARANTINE)}
    for output in run.outputs:  # those that the first run wrote are on record too
        table = tables[output.table]
        assert output.total == delta.content_of(delta.read(spark, lake, table, output.version), table.column_names)
    assert [(o.table, o.rows) for o in run.outputs] == [
        ("bronze.laboratory", 1),
        ("bronze.outpatient_visit", 2),
        ("bronze.quarantine", 1),
    ]
    assert take().entries == []
