"""Files sent under wrong record numbers and taken back: what is in them, who takes them back, what the truth says."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from jobs.province.facts import ProvinceFacts
from jobs.province.writing import Desk
from tests.province.delivered import delivered, odd_files

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
    in_pieces = by_kind(cut)
    for kind, (name,) in by_kind(whole).items():
        pieces = in_pieces[kind]
        several += len(pieces) > 1
        rows = [row for piece in pieces for row in lines(cut.out / piece)[1:]]
        assert rows == lines(whole.out / name)[1:]
        assert [who for piece in pieces for who in about[piece]] == whole_about[name]
    assert several > 100
    taken_back = [sum(not p.stat().st_size for p in desk.out.rglob("*.csv")) for desk in (whole, cut)]
    assert taken_back[0] < taken_back[1] <= 2 * taken_back[0]  # each of the files is


def by_kind(desk: Desk) -> dict[tuple[str, str], list[str]]:
    """The files with content, in order, of each period and kind: as usual, sent again, or by mistake."""
    odd, found = odd_files(desk.truth), defaultdict(list)
    for path in sorted(p for p in desk.out.rglob("*.csv") if p.stat().st_size):
        name = path.relative_to(desk.out).as_posix()
        found[re.sub(r"(_\d\d)?\.csv$", "", name), odd.get(name, "")].append(name)
    return found


def lines(path: Path) -> list[list[str]]:
    return list(csv.reader(path.open(encoding=json.loads(Path(f"{path}.manifest.json").read_text())["encoding"])))


def test_a_file_taken_back_holds_the_right_rows_under_wrong_numbers(tmp_path: Path, facts: ProvinceFacts) -> None:
    desk = delivered(tmp_path, facts, **SHORT, **MUCH)
    files = by_kind(desk)
    pairs = {
        desk.out / n: desk.out / files[of, ""][0] for (of, kind), (n,) in files.items() if kind == "file_withdrawn"
    }
    wrong = list(pairs)
    assert len({p.parents[1].name for p in wrong}) > 8  # of most feeds
    for path in wrong:
        right = lines(pairs[path])
        assert lines(path) == [right[0], *([f"X{row[0]}", *row[1:]] for row in right[1:])]
    back = {}
    for path in (p for p in desk.out.rglob("*.csv") if not p.stat().st_size):
        manifest = json.loads(Path(f"{path}.manifest.json").read_text())
        assert manifest["rows"] == 0
        back[manifest["sender"], manifest["feed"], manifest["withdraws"]] = date.fromisoformat(path.parent.name)
    sent = {
        (p.parents[2].name, p.parents[1].name, hashlib.sha256(p.read_bytes()).hexdigest()): p.parent.name for p in wrong
    }
    assert back.keys() == sent.keys()
    assert all(1 <= (back[k] - date.fromisoformat(day)).days <= 20 for k, day in sent.items())
    defects = pq.read_table(tmp_path / "truth" / "defect").to_pandas()
    planted = defects[defects["kind"] == "file_withdrawn"].groupby("file", observed=True).size().to_dict()
    assert planted == {p.relative_to(desk.out).as_posix(): len(lines(p)) - 1 for p in wrong}
