"""A manifest is believed only where it is complete and agrees with folder and contract."""

from __future__ import annotations

import json
from datetime import date

import pytest

from jobs.landing.manifest import check_manifest, read_manifest
from jobs.landing.refusal import FileRefused
from tests.landing.senders import VISIT

GOOD = {
    "sender": "370102H001",
    "feed": "visit",
    "contract_version": "1",
    "period": {"start": "2023-03-01", "end": "2023-03-31"},
    "rows": 2,
    "sha256": "A" * 64,
}


def read(**changes):
    return read_manifest(json.dumps({**GOOD, **changes}).encode(), "a.csv")


def test_a_good_manifest_is_read_and_utf8_csv_is_taken_for_granted():
    manifest = read()
    assert (manifest.period_start, manifest.period_end) == (date(2023, 3, 1), date(2023, 3, 31))
    assert (manifest.rows, manifest.sha256, manifest.encoding) == (2, "a" * 64, "utf-8")
    assert check_manifest(manifest, "370102H001", "visit", {"visit": VISIT}) is VISIT
    assert read(encoding=None, format=None, withdraws=None) == manifest


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rows": None}, "lacks rows"),
        ({"sha256": None, "sender": None}, "lacks sender, sha256"),
        ({"rows": "2"}, "rows must be a whole number"),
        ({"rows": -1}, "rows must be a whole number"),
        ({"rows": True}, "rows must be a whole number"),
        ({"sha256": "abc"}, "64 hex digits"),
        ({"period": {"start": "2023-02-30", "end": "2023-03-01"}}, "period must be"),
        ({"period": "2023"}, "period must be"),
        ({"period": {"start": "2023-03-31", "end": "2023-03-01"}}, "ends (2023-03-01) before it starts"),
        ({"encoding": "latin-1"}, "allowed: utf-8, gb18030"),
        ({"format": "xlsx"}, "allowed: csv, jsonl, xml, parquet"),
        ({"withdraws": "abc"}, "withdraws must be 64 hex digits"),
        ({"file": "../../etc/passwd"}, "for another file: '../../etc/passwd'"),
    ],
)
def test_a_manifest_that_promises_too_little_or_nonsense(changes, reason):
    with pytest.raises(FileRefused) as refused:
        read(**changes)
    assert reason in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_bytes_that_are_no_manifest(data):
    with pytest.raises(FileRefused, match="manifest"):
        read_manifest(data, "a.csv")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sender": "370102H002"}, "sender is '370102H002', the folder's is '370102H001'"),
        ({"feed": "lab"}, "feed is 'lab', the folder's is 'visit'"),
        ({"contract_version": "2"}, "this lake has version 1"),
        ({"contract_version": "2\nrefused other.csv: x"}, "this lake has version 1"),
    ],
)
def test_manifest_and_folder_disagree(changes, reason):
    with pytest.raises(FileRefused) as refused:
        check_manifest(read(**changes), "370102H001", "visit", {"visit": VISIT})
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_feed_without_a_contract_is_unknown():
    with pytest.raises(FileRefused, match="unknown feed 'lab'; there are: visit"):
        check_manifest(read(feed="lab"), "370102H001", "lab", {"visit": VISIT})
