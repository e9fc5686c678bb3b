"""The Synthea export, which nobody here made, lands whole."""

from __future__ import annotations

import csv
from datetime import date

from jobs.lakehouse.read import read_table
from jobs.landing.ledger import unrecorded_receipts
from jobs.landing.receive import Settings, receive
from jobs.landing.record import results


def test_every_row_of_the_eighteen_files_is_in_bronze_as_sent(spark, lake, shared):
    folder = shared / "data/synthea"
    settings = Settings(str(folder), format="synthea")
    report, receipts = receive(lambda: spark, lake, settings)
    assert (len(report.entries), report.refused, report.resumed) == (18, [], False)
    for entry in report.entries:
        with (folder / entry.file).open(encoding="utf-8", newline="") as text:
            sent = list(csv.DictReader(text))
        columns = list(sent[0])
        landed = read_table(lake.root, f"bronze.{entry.feed}", ["_row_id", *columns]).sort_by("_row_id").to_pylist()
        assert [{c: row[c] or "" for c in columns} for row in landed] == sent
        assert [row["_row_id"] for row in landed] == list(range(entry.first_row_id, entry.first_row_id + len(sent)))
    # 27 patients, 604 encounters, 438 conditions, 990 observations, 663 medications, 249 procedures, 29 immunisations
    read = {e.feed.removeprefix("synthea_"): e.rows_accepted for e in report.entries}
    asked = ("patients", "encounters", "conditions", "observations", "medications", "procedures", "immunizations")
    assert [read[f] for f in asked] == [27, 604, 438, 990, 663, 249, 29]
    # without a date folder the day of delivery is the newest that the export tells of: a cover that began on that day
    assert {e.delivered_on for e in report.entries} == {date(2024, 2, 7)}
    # the one doubtful value: a payer without members has 'NaN' for its mean quality of life
    payers = read_table(lake.root, "bronze.synthea_payers", ["QOLS_AVG", "_flags"]).to_pylist()
    assert {p["_flags"] for p in payers if p["QOLS_AVG"] == "NaN"} == {"QOLS_AVG: decimal"}
    assert {p["_flags"] for p in payers if p["QOLS_AVG"] != "NaN"} == {None}

    (run,) = results(spark, lake, unrecorded_receipts(lake), receipts, settings)
    assert {o.table: o.rows for o in run.outputs} == {f"bronze.{e.feed}": e.rows_read for e in report.entries}
    again, none = receive(lambda: spark, lake, settings)
    assert (again.unchanged, none) == (18, [])
