"""Files sent under wrong record numbers and taken back: what is in them, who takes them back, what the truth says."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from jobs.province.facts import ProvinceFacts
from tests.province.delivered import delivered

SHORT = {"population_on": "2023-01-01", "backload_from": None, "start": "2023-01-01", "end": "2023-02-28"}
MUCH = {"dirt__file_withdrawn": 0.2, "dirt__text_line_end": 0.3}


def test_a_delivery_of_many_rows_comes_in_several_files(tmp_path: Path, facts: ProvinceFacts) -> None:
    """A file ends with the share of blocks that fills it; the rows, and whom they are about, are those of one file."""
    whole, cut = (
        delivered(tmp_path / str(most), facts, blocks=(0, 1), rows_per_file=most, **SHORT, **MUCH)
        for most in (200_000, 1)
    )
    about, whole_about = (
        pq.read_table(desk.truth / "record").to_pandas().groupby("file", observed=True)["person"].agg(list)
        for desk in (cut, whole)
    )
    several = 0
    for path in whole.out.rglob("*.csv"):
        name = path.relative_to(whole.out)
        ending = next((e for e in ("_wrong", "_resent") if path.stem.endswith(e)), "")
        second = name.with_name(f"{path.stem.removesuffix(ending)}_2{ending}.csv")
        pieces = [name, second] if (cut.out / second).exists() else [name]
        if not path.stem.endswith("_withdrawn"):
            several += len(pieces) > 1
            rows = [row for piece in pieces for row in lines(cut.out / piece)[1:]]
            assert rows == lines(path)[1:]
            assert [who for piece in pieces for who in about[piece.as_posix()]] == whole_about[name.as_posix()]
    assert several > 100
    taken_back = [sum(1 for _ in desk.out.rglob("*_withdrawn.csv")) for desk in (whole, cut)]
    assert taken_back[0] < taken_back[1] <= 2 * taken_back[0]  # each of the files is


def lines(path: Path) -> list[list[str]]:
    return list(csv.reader(path.open(encoding=json.loads(Path(f"{path}.manifest.json").read_text())["encoding"])))


def test_a_file_taken_back_holds_the_right_rows_under_wrong_numbers(tmp_path: Path, facts: ProvinceFacts) -> None:
    desk = delivered(tmp_path, facts, **SHORT, **MUCH)
    wrong = sorted(desk.out.rglob("*_wrong.csv"))
    assert len({p.parents[1].name for p in wrong}) > 8  # of most feeds
    for path in wrong:
        right = lines(path.with_name(path.name.replace("_wrong", "")))
        assert lines(path) == [right[0], *([f"X{row[0]}", *row[1:]] for row in right[1:])]
    back = {}
    for path in desk.out.rglob("*_withdrawn.csv"):
        manifest = json.loads(Path(f"{path}.manifest.json").read_text())
        assert (path.stat().st_size, manifest["rows"]) == (0, 0)
        back[manifest["sender"], manifest["feed"], manifest["withdraws"]] = date.fromisoformat(path.parent.name)
    sent = {
        (p.parents[2].name, p.parents[1].name, hashlib.sha256(p.read_bytes()).hexdigest()): p.parent.name for p in wrong
    }
    assert back.keys() == sent.keys()
    assert all(1 <= (back[k] - date.fromisoformat(day)).days <= 20 for k, day in sent.items())
    defects = pq.read_table(tmp_path / "truth" / "defect").to_pandas()
    planted = defects[defects["kind"] == "file_withdrawn"].groupby("file", observed=True).size().to_dict()
    assert planted == {p.relative_to(desk.out).as_posix(): len(lines(p)) - 1 for p in wrong}
