"""The inbox is walked without opening, following or changing anything."""

from __future__ import annotations

import os
from pathlib import Path

from jobs.landing.inbox import deliveries, flat_folder


def put(inbox: Path, *names: str) -> None:
    for name in names:
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def problems(inbox: Path) -> dict[str, str]:
    return {f.file: f.problem for f in deliveries(inbox)}


def test_files_come_by_day_then_sender_then_feed_then_name(tmp_path):
    places = ["B/lab/2023-01-02", "B/lab/2023-01-01", "A/visit/2023-01-02", "A/lab/2023-01-02"]
    for place in places:
        put(
            tmp_path, f"{place}/2.csv", f"{place}/2.csv.manifest.json", f"{place}/1.csv", f"{place}/1.csv.manifest.json"
        )
    found = deliveries(tmp_path)
    order = ["B/lab/2023-01-01", "A/lab/2023-01-02", "A/visit/2023-01-02", "B/lab/2023-01-02"]
    assert [f.file for f in found] == [f"{place}/{n}.csv" for place in order for n in (1, 2)]
    first = found[0]
    assert (first.sender, first.feed, str(first.delivered_on), first.bytes) == ("B", "lab", "2023-01-01", 1)
    assert not any(f.problem for f in found)


def test_what_is_out_of_place_or_incomplete_is_named(tmp_path):
    day = "A/lab/2023-01-02"
    put(tmp_path, "readme.txt", "A/lab/x.csv", f"{day}/deep/x.csv", "A/lab/2023-02-30/x.csv", "A/lab/20230102/x.csv")
    put(tmp_path, f"{day}/alone.csv", f"{day}/gone.csv.manifest.json")
    put(tmp_path, f"{day}/y.csv.part", f"{day}/y.csv.part.manifest.json", f"{day}/.hidden")
    found = problems(tmp_path)
    assert "not in its place" in found["readme.txt"]
    assert "not in its place" in found["A/lab/x.csv"]
    assert "not in its place" in found[f"{day}/deep/x.csv"]
    assert "'2023-02-30' is no date" in found["A/lab/2023-02-30/x.csv"]
    assert "'20230102' is no date" in found["A/lab/20230102/x.csv"]
    assert found[f"{day}/alone.csv"] == "no manifest (alone.csv.manifest.json)"
    assert "its file is not" in found[f"{day}/gone.csv.manifest.json"]
    assert "half copied" in found[f"{day}/y.csv.part"]
    assert len(found) == 8


def test_links_never_lead_out_of_the_inbox(tmp_path):
    outside, inbox = tmp_path / "secret", tmp_path / "inbox"
    day = inbox / "A/lab/2023-01-02"
    put(outside, "x.csv", "m.json")
    put(day, "real.csv", "real.csv.manifest.json", "b.csv", "c.csv.manifest.json")
    (day / "out.csv").symlink_to(outside / "x.csv")
    (day / "out.csv.manifest.json").write_text("{}")
    (day / "b.csv.manifest.json").symlink_to(outside / "m.json")
    (day / "c.csv").symlink_to(day / "real.csv")
    (day / "broken.csv").symlink_to(day / "nothing.csv")
    (inbox / "A/lab/2023-01-03").symlink_to(outside)
    (inbox / "loop").symlink_to(inbox)
    found = problems(inbox)
    assert "climbs out of the inbox" in found["A/lab/2023-01-02/out.csv"]
    assert "climbs out of the inbox" in found["A/lab/2023-01-02/b.csv"]
    assert "climbs out of the inbox" in found["A/lab/2023-01-03"]
    assert "linked folder" in found["loop"]
    assert "not a regular file" in found["A/lab/2023-01-02/broken.csv"]
    assert found["A/lab/2023-01-02/c.csv"] == found["A/lab/2023-01-02/real.csv"] == ""


def test_a_name_with_a_line_end_is_refused_on_one_line(tmp_path):
    put(tmp_path, "A/lab/2023-01-02/a\nb.csv", "A/lab/2023-01-02/a\nb.csv.manifest.json")
    (found,) = deliveries(tmp_path)
    assert found.file == "A/lab/2023-01-02/a\\nb.csv"
    assert "rename it" in found.problem


def test_a_name_that_is_no_text_is_refused(tmp_path):
    folder = tmp_path / "A/lab/2023-01-02"
    folder.mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xd6\xd0.csv")).write_text("x")
    (found,) = deliveries(tmp_path)
    found.file.encode("utf-8")
    assert "rename it" in found.problem


def test_a_flat_folder_holds_a_feed_a_file(tmp_path):
    put(tmp_path, "patients.csv", "encounters.csv", "notes.txt")
    found = flat_folder(tmp_path, "synthea", "synthea_", None)
    assert [(f.feed, f.sender, f.problem) for f in found] == [
        ("synthea_encounters", "synthea", ""),
        ("synthea_patients", "synthea", ""),
    ]
