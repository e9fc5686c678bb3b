"""What was delivered stays available by its hash."""

from __future__ import annotations

import hashlib

import pytest

from jobs.landing.content import fetch, keep

DATA = "姓名\n王小明\n".encode("gb18030") * 1000
SHA256 = hashlib.sha256(DATA).hexdigest()


def test_bytes_come_back_as_they_were_and_lie_compressed_once(tmp_path):
    root = tmp_path / "a lake #1 (湖)"
    keep(str(root), SHA256, DATA)
    keep(str(root), SHA256, DATA)
    (path,) = [p for p in root.rglob("*") if p.is_file()]
    assert path.name == f"{SHA256}.zst"
    assert path.stat().st_size < len(DATA) / 10
    assert fetch(str(root), SHA256) == DATA


def test_the_root_may_be_an_address(tmp_path):
    keep(tmp_path.as_uri(), SHA256, DATA)
    assert fetch(tmp_path.as_uri(), SHA256) == fetch(str(tmp_path), SHA256) == DATA


def test_what_was_never_kept_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        fetch(str(tmp_path), SHA256)
