"""From released rows to panels: what is hidden stays hidden, and a panel that hides too much grows coarser."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.serving.cells import cell, choose_view, drawn, one_in, people
from jobs.serving.panels import BY_NAME, PANELS, View
from tests.serving.literal_lake import CITIES, MEASURE, PROVINCE, RATES, release_rows, released, rows_of

MAP_VISITS = BY_NAME["map_visits"]
PLACES = {PROVINCE: ("山东省", "Shandong"), CITIES[0]: ("济南市", "Jinan")}


def cities(hidden: int) -> list[dict]:
    """16 cities' visits of 2025, the first ``hidden`` of them suppressed; the pooled years and the province shown."""
    rows = []
    for i, code in enumerate(CITIES):
        for period, people_there in (("2025", 1 if i < hidden else 1_000), ("2023-2025", 3_000)):
            rows.append(released("outpatient_visits", period, "city", code, "all", "all", 6.0, people_there))
    rows.append(released("outpatient_visits", "2023-2025", "province", PROVINCE, "all", "all", 6.0, 60_000))
    return rows


def test_five_of_16_cities_hidden_is_less_than_a_third_and_stays():
    view, rows, passed = choose_view(rows_of(MEASURE, cities(hidden=5)), MAP_VISITS)
    assert (view, len(rows), passed) == (View("city", "latest"), 16, [])


def test_six_of_16_cities_hidden_is_more_than_a_third_and_years_are_pooled():
    view, rows, passed = choose_view(rows_of(MEASURE, cities(hidden=6)), MAP_VISITS)
    assert view == View("city", "pooled")
    assert passed == [(View("city", "latest"), 6, 16)]
    assert {r["period"] for r in rows} == {"2023-2025"}


def test_a_panel_that_switched_says_so_in_both_languages():
    told = drawn(rows_of(MEASURE, cities(hidden=6)), replace(MAP_VISITS, views=MAP_VISITS.views[::2]), PLACES)
    assert told["level"] == "province"
    assert told["switched"] == {
        "zh": "各市有 6/16 个单元格已隐去,改用全省多年合并",
        "en": "6 of 16 cells suppressed; whole province, years pooled instead",
    }


def test_the_coarsest_view_is_taken_even_where_it_is_hidden():
    rows = [released("lung_cancer_incidence", "2023-2025", "province", PROVINCE, "all", "all", 60.0, 5_000)]  # 3 events
    view, found, _ = choose_view(rows_of(MEASURE, rows), BY_NAME["lung_cancer"])
    assert view == View("province", "pooled")
    assert [r["status"] for r in found] == ["suppressed"]


def test_a_suppressed_cell_carries_no_number_even_if_its_row_does():
    row = {**released("outpatient_visits", "2025", "city", CITIES[0], "all", "all", 6.0, 1_000), "status": "suppressed"}
    told = cell(row, "rate", PLACES)
    assert row["rate"] == 6.0
    assert [told[k] for k in ("value", "low", "high", "standardised", "numerator", "denominator")] == [None] * 6
    assert told["place_zh"] == "济南市"


def test_not_estimable_is_not_suppressed():
    rows = [{**r, "status": "not_estimable"} for r in cities(hidden=0)]
    told = drawn(rows_of(MEASURE, rows), MAP_VISITS, PLACES)
    assert (told["level"], told["suppressed"], told["switched"]) == ("city", 0, None)
    assert {c["value"] for c in told["cells"]} == {None}


def test_every_panel_finds_its_cells_in_a_full_release():
    release = rows_of(MEASURE, list(release_rows()))
    told = {p.name: drawn(release, p, PLACES) for p in PANELS}
    assert {p.measure for p in PANELS} == set(RATES)
    wanted = {"map": 16, "number": 1, "line": 3, "age": 36, "interval": 3}
    assert {name: len(t["cells"]) for name, t in told.items()} == {p.name: wanted[p.chart] for p in PANELS}


def test_every_panel_says_what_its_measure_leaves_out():
    release = rows_of(MEASURE, list(release_rows()))
    told = {p.measure: drawn(release, p, PLACES)["caveat"] for p in PANELS}
    assert all(t["zh"] and t["en"] for t in told.values())
    assert "COVID-19" in told["all_cause_mortality"]["en"] and "新冠" in told["all_cause_mortality"]["zh"]


def test_rare_outcomes_are_pooled_over_three_years():
    release = rows_of(MEASURE, list(release_rows()))
    assert drawn(release, BY_NAME["lung_cancer"], PLACES)["periods"] == ["2023-2025"]
    assert drawn(release, BY_NAME["mortality"], PLACES)["level"] == "province"


@pytest.mark.parametrize(
    ("official", "observed", "ratio"),
    [
        (101_527_453, 20_000, 5_000),  # 5076.4
        (101_527_453, 20_900, 5_000),  # 4857.8
        (101_527_453, 200_000, 500),  # 507.6
        (101_527_453, 101_000_000, None),  # everybody: no sample
        (None, 20_000, None),
        (101_527_453, None, None),
    ],
)
def test_one_person_stands_for_so_many_residents(official, observed, ratio):
    assert one_in(official, observed) == ratio


def test_persons_come_from_the_latest_year_of_a_measure_counted_in_persons():
    rows = [
        released("diagnosed_hypertension", "2024", "province", PROVINCE, "all", "all", 17.0, 19_000),
        released("diagnosed_hypertension", "2025", "province", PROVINCE, "all", "all", 17.0, 20_000),
        released("diagnosed_hypertension", "2023-2025", "province", PROVINCE, "all", "all", 17.0, 58_000),
        released("outpatient_visits", "2025", "province", PROVINCE, "all", "all", 6.0, 7_000_000),  # a count of days
    ]
    assert people(rows_of(MEASURE, rows)) == 20_000
    assert people(rows_of(MEASURE, rows[3:])) is None
