"""What is delivered: the same for any partitioning, complete, told truly, and repeatable after a kill."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from jobs.lakehouse.errors import Refused
from tests.province.conftest import CONTRACTS, Province
from tests.province.delivered import odd_files

Deliver = Callable[..., Province]


def rows_of(content: bytes, manifest: bytes) -> list[list[str]]:
    """Header and rows of a delivered file."""
    return list(csv.reader(content.decode(json.loads(manifest)["encoding"]).splitlines()))


def deliveries(files: dict[str, bytes]) -> dict[str, list[list[str]]]:
    """Header and rows of every file; withdrawals have neither."""
    return {n: rows_of(c, files[f"{n}.manifest.json"]) for n, c in files.items() if n.endswith(".csv") and c}


def test_the_content_is_the_same_for_1_2_and_64_partitions(deliver: Deliver, tmp_path: Path) -> None:
    month = {"population_on": "2023-01-01", "backload_from": "2023-01-01", "end": "2023-01-31"}
    made = [deliver(tmp_path / str(n), partitions=n, **month) for n in (1, 2, 64)]
    assert made[0].files == made[1].files == made[2].files
    for table in ("record", "defect", "event", "person", "cause_of_death", "infection", "outbreak", "undelivered"):
        assert made[0].truth(table).equals(made[1].truth(table))
        assert made[0].truth(table).equals(made[2].truth(table))


def test_manifests_tell_the_file(province: Province) -> None:
    files = province.files
    found = deliveries(files)
    assert sum(n.endswith(".csv") for n in files) == province.report.files
    assert sum(len(r) - 1 for r in found.values()) == province.report.rows
    for name, rows in found.items():
        manifest = json.loads(files[f"{name}.manifest.json"])
        sender, feed, day, _ = name.split("/")
        assert (manifest["sender"], manifest["feed"], manifest["rows"]) == (sender, feed, len(rows) - 1)
        assert manifest["sha256"] == hashlib.sha256(files[name]).hexdigest()
        assert manifest["period"]["end"] < day  # a delivery is dated the day after its period ends
    assert {json.loads(c)["encoding"] for n, c in files.items() if n.endswith(".json")} == {"utf-8", "gb18030"}


def test_files_have_the_columns_of_their_contracts(province: Province) -> None:
    contracts = {p.stem: yaml.safe_load(p.read_text(encoding="utf-8")) for p in CONTRACTS.glob("[!s]*.yaml")}
    for name, rows in deliveries(province.files).items():
        assert rows[0] == [f["name"] for f in contracts[name.split("/")[1]]["fields"]]
        assert {len(r) for r in rows} == {len(rows[0])}


def test_truth_leads_every_row_to_its_person(province: Province) -> None:
    names = province.truth("person").set_index("person")["name"]
    wrong = province.truth("defect")
    wrong = wrong[wrong["kind"].str.startswith("name_") & (wrong["kind"] != "name_outside_gbk")]
    misnamed = {str(f): set(rows) for f, rows in wrong.groupby("file", observed=True)["row"]}
    record = province.truth("record")
    found = deliveries(province.files)
    assert dict(record.groupby("file", observed=True).size()) == {n: len(r) - 1 for n, r in found.items() if len(r) > 1}
    for file, rows in record.groupby("file", observed=True):
        header, *body = found[str(file)]
        name = header.index("name" if "name" in header else "child_name")
        true = names.loc[rows.sort_values("row")["person"]]
        differ = {n for n, (row, own) in enumerate(zip(body, true, strict=True)) if row[name] != own}
        assert differ == misnamed.get(str(file), set())


def usual(province: Province) -> dict[str, list[list[str]]]:
    """The deliveries without those sent again, sent by mistake, or taking one back."""
    odd = odd_files(province.settings.truth)
    return {n: r for n, r in deliveries(province.files).items() if n not in odd}


def test_every_register_reports_every_period_even_an_empty_one(province: Province) -> None:
    registers = [n for n in usual(province) if "/resident_register/" in n]
    assert len(registers) == 16 * 4  # cities x (back-load, January, February, March)


def test_a_file_sent_twice_has_another_name_and_the_same_content(province: Province) -> None:
    files = province.files
    kinds = odd_files(province.settings.truth)
    twice = [n for n, kind in kinds.items() if kind == "file_repeated"]
    assert twice
    for name in twice:
        same = [n for n, content in files.items() if content == files[name] and n != name]
        assert len(same) == 1 and same[0] < name and Path(same[0]).parent == Path(name).parent


def test_no_name_of_a_file_tells_what_is_wrong_with_it(province: Province) -> None:
    """A period's files are numbered as they are sent; the truth says which are sent again or by mistake."""
    for name in (n for n in province.files if n.endswith(".csv")):
        assert re.fullmatch(rf"{name.split('/')[1]}_\d{{8}}_\d{{8}}(_\d\d)?\.csv", Path(name).name)


def test_rows_come_repeated_corrected_and_late(province: Province) -> None:
    found = {n: r for n, r in usual(province).items() if "/outpatient_visit/" in n}
    rows = [(n.split("/")[0], tuple(r)) for n, body in found.items() for r in body[1:]]
    keys: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for sender, row in rows:
        keys.setdefault((sender, row[0]), set()).add(row)
    repeated = len(rows) - sum(len(v) for v in keys.values())
    corrected = sum(len(v) > 1 for v in keys.values())
    assert 0.01 < repeated / len(keys) < 0.03
    assert 0.01 < corrected / len(keys) < 0.03
    march = [r for n, body in found.items() if "/2023-04-01/" in n for r in body[1:]]
    late = sum(r[6] < "2023-03" for r in march)
    assert 0.02 < late / len(march) < 0.2  # five in a hundred late rows, and corrections of earlier ones


def test_a_later_day_delivers_that_day_of_the_same_residents(deliver: Deliver, tmp_path: Path) -> None:
    whole = deliver(tmp_path / "whole", deliver_every="day", end="2023-01-10")
    first = deliver(tmp_path / "steps", deliver_every="day", end="2023-01-09")
    before = first.files
    day = {"deliver_every": "day", "backload_from": None, "start": "2023-01-10", "end": "2023-01-10"}
    then = deliver(tmp_path / "steps", **day)
    assert then.files == whole.files
    added = set(then.files) - set(before)
    told = {name: json.loads(then.files[f"{name.removesuffix('.manifest.json')}.manifest.json"]) for name in added}
    assert added and all("/2023-01-11/" in name or "withdraws" in told[name] for name in added)
    for table in ("record", "defect", "event", "person", "cause_of_death", "infection", "undelivered"):
        assert then.truth(table).equals(whole.truth(table))


def test_a_killed_run_is_completed_by_running_it_again(deliver: Deliver, tmp_path: Path) -> None:
    made = deliver(tmp_path, end="2023-01-31")
    files, truth = made.files, made.truth("record")
    names = sorted(files)
    for name in names[:7]:  # as if killed: some files missing, one half written under its temporary name
        (made.settings.out / name).unlink()
    half = made.settings.out / names[0]
    half.with_name(f".{half.name}.part").write_bytes(b"half")
    again = deliver(tmp_path, end="2023-01-31")
    assert again.files == files
    assert again.truth("record").equals(truth)


def test_another_province_is_not_added_to_the_same_truth(deliver: Deliver, tmp_path: Path) -> None:
    deliver(tmp_path, residents=500, end="2023-01-01")
    with pytest.raises(Refused, match=r"simulate\.seed \(20250101 there\)"):
        deliver(tmp_path, residents=500, end="2023-01-01", seed=2)
    with pytest.raises(Refused, match=r"simulate\.start must be later"):
        deliver(tmp_path, residents=500, end="2023-01-02")
    with pytest.raises(Refused, match=r"in other deliveries: differs in simulate\.deliver_every \(month there\)"):
        deliver(tmp_path, residents=500, end="2023-01-01", deliver_every="day")
