"""A released number walked back to runs, tables at their versions, and delivered files."""

from __future__ import annotations

from jobs.serving.trace import chain, files_behind, run_that_made
from jobs.tables.delivery import DELIVERY
from jobs.tables.ops import RUN, RUN_IO
from tests.serving.literal_lake import deliveries, delivery, rows_of, runs

DONE, READ = runs()


def test_the_way_back_from_a_number_names_each_table_at_its_version_and_the_run_that_made_it():
    row = {"measure": "outpatient_visits", "rate": 6.8}
    told = chain(
        row, 0, rows_of(RUN, DONE), rows_of(RUN_IO, READ), rows_of(DELIVERY, deliveries()), ("measure", "rate")
    )
    assert told["row"] == row
    assert [(s["table"], s["version"], s["depth"], s["run"] and s["run"]["run_id"]) for s in told["steps"]] == [
        ("release.measure", 0, 0, "run-release-1"),
        ("gold.measure", 4, 1, "run-measure-1"),
        ("gold.measure_state", 3, 2, "run-state-1"),
        ("silver.residence", 1, 3, "run-residence-1"),
        ("silver.visit_occurrence", 2, 3, "run-visit-1"),
        ("bronze.resident_register", 1, 4, "run-receive-1"),
        ("bronze.outpatient_visit", 1, 4, "run-receive-1"),
        ("vault.person_link", 0, 4, None),
    ]
    # 16 cities sent one file of visits and one of the register; laboratory, though received, is no input.
    assert [(f["feed"], f["files"], f["senders"], f["records"]) for f in told["feeds"]] == [
        ("outpatient_visit", 16, 16, 16 * (403_117 // 16)),
        ("resident_register", 16, 16, 16 * (24_310 // 16)),
    ]
    assert (told["files"], told["senders"]) == (32, 32)
    assert all(len(e["file_sha256"]) == 64 for f in told["feeds"] for e in f["examples"])


def test_the_run_before_a_compaction_made_the_table():
    assert run_that_made(rows_of(RUN_IO, READ), "gold.measure", 9) == "run-measure-1"
    assert run_that_made(rows_of(RUN_IO, READ), "gold.measure", 3) is None


def test_files_received_after_the_version_that_was_read_are_not_behind_the_number():
    later = {"run_id": "run-receive-2", "direction": "out", "table": "bronze.outpatient_visit", "version": 2}
    files = [
        delivery(1, "outpatient_visit", "370102H001", 100),
        delivery(2, "outpatient_visit", "370202H001", 100, run="run-receive-2"),
        delivery(2, "outpatient_visit", "370302H001", 100, status="duplicate"),
    ]
    io = rows_of(RUN_IO, [*READ, later])
    ledger = rows_of(DELIVERY, files)
    assert files_behind(io, ledger, "outpatient_visit", 1)["sender"].to_pylist() == ["370102H001"]
    assert files_behind(io, ledger, "outpatient_visit", 2)["sender"].to_pylist() == ["370102H001", "370202H001"]
