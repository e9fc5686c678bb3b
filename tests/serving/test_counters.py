"""Counters of what was received, from the ledger of deliveries."""

from __future__ import annotations

from jobs.serving.counters import counters
from jobs.tables.delivery import DELIVERY
from tests.serving.literal_lake import delivery, rows_of

FEEDS = {"laboratory": ("检验报告明细", "Laboratory result"), "outpatient_visit": ("门诊就诊", "Outpatient visit")}
PLACES = {"370100": ("济南市", "Jinan")}


def test_only_accepted_files_count_and_each_institution_once():
    files = [
        delivery(1, "laboratory", "370102H001", 300),
        delivery(2, "laboratory", "370102H002", 200),
        delivery(3, "outpatient_visit", "370102H001", 100),
        delivery(4, "outpatient_visit", "370102H003", 100, status="duplicate"),
        delivery(5, "outpatient_visit", "370102H004", 100, status="refused"),
    ]
    told = counters(rows_of(DELIVERY, files), FEEDS, PLACES)
    # 300 + 200 + 100 records of two institutions in three files; one row in a hundred quarantined: 3 + 2 + 1.
    assert [told[k] for k in ("records", "institutions", "deliveries", "quarantined", "refused")] == [600, 2, 3, 6, 1]
    assert [(f["feed"], f["zh"], f["records"], f["files"], f["institutions"]) for f in told["feeds"]] == [
        ("laboratory", "检验报告明细", 500, 2, 2),
        ("outpatient_visit", "门诊就诊", 100, 1, 1),
    ]


def test_the_latest_files_come_first_with_the_city_of_their_institution():
    files = [delivery(n, "laboratory", "370102H001" if n % 2 else "synthea", 100 + n) for n in range(1, 9)]
    told = counters(rows_of(DELIVERY, files), FEEDS, PLACES)["recent"]
    assert [(r["records"], r["city"], r["sender"]) for r in told[:2]] == [
        (108, "", "synthea"),
        (107, "济南市", "370102H001"),
    ]
    assert len(told) == 6


def test_a_feed_without_a_contract_is_named_by_itself():
    told = counters(rows_of(DELIVERY, [delivery(1, "new_feed", "370102H001", 5)]), FEEDS, PLACES)
    assert [(f["zh"], f["en"]) for f in told["feeds"]] == [("new_feed", "new_feed")]


def test_nothing_received_is_zero():
    for nothing in (None, rows_of(DELIVERY, [])):
        assert counters(nothing, FEEDS, PLACES)["records"] == 0
        assert counters(nothing, FEEDS, PLACES)["feeds"] == []
