"""Disclosure control on literal tables, on published cases, and against a reader who solves the whole table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from jobs.codes.places import Place
from jobs.gold.areas import areas
from jobs.gold.interval import byar, exact_poisson
from jobs.gold.kernel import BANDS
from jobs.gold.measure import standards
from jobs.gold.measures.all_cause_mortality import ALL_CAUSE_MORTALITY
from jobs.gold.measures.lung_cancer_incidence import LUNG_CANCER_INCIDENCE
from jobs.gold.measures.outpatient_visits import OUTPATIENT_VISITS
from jobs.gold.rates import rates
from jobs.governance.differencing import families
from jobs.governance.disclosure import Rule, released, rounded, shown_count, significant

EXAMPLES = Path(__file__).resolve().parents[3] / "shared" / "worked_examples"
RULE = Rule()
PLACES = [
    Place("370000", "province", "", "", None, True, None, None, None),
    Place("370100", "city", "", "", "370000", True, None, None, None),
    Place("370102", "county", "", "", "370100", True, None, None, None),
    Place("370112", "county", "", "", "370100", True, None, None, None),
]
AREAS = areas(PLACES)
PARENT = {p.code: p.parent for p in PLACES}
DAYS = 73_050  # person-days in 200 person-years


def gold(cells: dict[tuple, int | tuple[int, int, int]], measure=ALL_CAUSE_MORTALITY, days: int = DAYS, years=(2024,)):
    """Rows of gold.measure from counts by (year, county, sex, band); a count may be (n, n_sq, persons)."""
    atoms: dict[str, list] = {c: [] for c in ("atom", "year", "place_code", "sex", "age_band", "n", "n_sq", "persons")}
    for key, n in cells.items():
        counts = n if isinstance(n, tuple) else (n, n, n)
        for atom, values in (("numerator", counts), ("denominator", (days, days, 250))):
            for name, value in zip(atoms, (atom, *key, *values), strict=True):
                atoms[name].append(value)
    table = rates(atoms, measure, AREAS, list(years), 3, standards()).to_pandas(integer_object_nulls=True)
    counted = ["numerator", "numerator_sq", "numerator_persons", "denominator", "persons"]
    return table.assign(parent_code=table["place_code"].map(PARENT)).astype(dict.fromkeys(counted, "Int64"))


def one(table: pd.DataFrame, **key: str) -> dict:
    """The one row with this key, nulls as None."""
    rows = table
    for name, value in key.items():
        rows = rows[rows[name] == value]
    (row,) = rows.to_dict("records")
    return {name: None if pd.isna(value) else value for name, value in row.items()}


def cell(n, measure=ALL_CAUSE_MORTALITY, days: int = DAYS) -> dict:
    """One cell's release: men of 50 to 54 in one county."""
    made = released(gold({(2024, "370102", "male", "50-54"): n}, measure, days), RULE)
    return one(made, place_code="370102", sex="male", age_band="50-54")


@pytest.mark.skipif(not EXAMPLES.exists(), reason="../shared/worked_examples is not here")
def test_counts_are_rounded_as_opensafely_publishes():
    """ehrQL's cases: counts up to a threshold of 7 become 0 there and nothing here, the rest multiples of five."""
    cases = json.loads((EXAMPLES / "disclosure_rounding.json").read_text())["cases"]
    for count, published in cases:
        shown = shown_count(count, Rule(smallest_shown=8))
        assert (0 if np.isnan(shown) else shown) == published, count


@pytest.mark.parametrize("count", range(1, 13))
def test_a_small_count_is_withheld_with_everything_that_rests_on_it(count: int):
    row = cell(count)
    assert row["status"] == "suppressed"
    assert {row[c] for c in ("numerator", "denominator", "rate", "rate_low", "rate_high", "unstable")} == {None}
    assert row["rate_china_2020"] is None


def test_no_count_is_shown_as_no_count():
    row = cell(0)
    assert (row["status"], row["numerator"], row["rate"], row["rate_low"]) == ("shown", 0, 0, 0)


def test_a_rate_comes_from_rounded_counts_and_its_limits_from_the_worst_of_them():
    """22 deaths in 200 person-years are shown as 20: limits of 17.5 over 202.5 and of 22.5 over 197.5."""
    row = cell(22)
    assert (row["numerator"], row["denominator"], row["rate"]) == (20, 200, 10_000)
    assert row["rate_low"] == pytest.approx(float(byar(17.5)[0]) / 202.5 * 100_000)
    assert row["rate_high"] == pytest.approx(float(byar(22.5)[1]) / 197.5 * 100_000)


def test_the_limit_over_no_events_is_exact_over_the_shortest_person_time():
    assert cell(0)["rate_high"] == pytest.approx(float(exact_poisson(0)[1]) / 197.5 * 100_000)


def test_few_persons_are_withheld_however_many_events_they_have():
    """40 visits by 4 persons are withheld; 40 by 20 are shown."""
    assert cell((40, 400, 4), OUTPATIENT_VISITS)["status"] == "suppressed"
    assert cell((40, 100, 20), OUTPATIENT_VISITS)["status"] == "shown"


def test_a_short_denominator_is_withheld():
    """Three person-years."""
    assert cell(0, days=1096)["status"] == "suppressed"


def test_what_may_be_under_thirty_is_marked_unstable():
    """30 is shown for 28 to 32, so it may be under thirty; 35 can't."""
    assert [cell(n)["unstable"] for n in (13, 29, 32, 33)] == [True, True, True, False]


def test_a_standardised_rate_needs_a_count_that_can_only_be_twenty_or_more():
    """Every band has people. 25 is shown for 23 to 27; 20 for 18 to 22, which might be fewer than twenty."""

    def whole(n: int) -> dict:
        cells = {(2024, "370102", "male", band): 0 for band in BANDS} | {(2024, "370102", "male", "50-54"): n}
        return one(released(gold(cells), RULE), place_code="370102", sex="all", age_band="all")

    exact = one(
        gold({(2024, "370102", "male", b): 25 if b == "50-54" else 0 for b in BANDS}),
        place_code="370102",
        sex="all",
        age_band="all",
    )
    assert whole(22)["rate_china_2020"] is None
    assert whole(25)["rate_china_2020"] == float(f"{exact['rate_china_2020']:.3g}")


def test_three_significant_figures():
    assert significant([1234.5, 0.00123456, 99.96, np.nan], 3)[:3].tolist() == [1230, 0.00123, 100]


def test_a_year_without_estimate_says_so():
    made = released(gold({(2024, "370102", "male", "00-04"): 0}, LUNG_CANCER_INCIDENCE), RULE)
    assert set(made["status"]) == {"not_estimable"}
    assert made["rate"].isna().all() and made["numerator"].isna().all()


def test_a_total_and_one_part_do_not_give_the_other_part_away():
    """17 bands with one death each add to 17, shown as 15: each could only be one. So the sum is withheld as well."""
    table = gold({(2024, "370102", "male", band): 1 if band != "00-04" else 0 for band in BANDS})
    made = released(table, RULE)
    assert attack(table, made) == []
    assert one(made, place_code="370102", sex="male", age_band="all")["status"] == "suppressed"


def test_hiding_what_can_not_help_takes_no_total_along():
    """Eleven deaths, one in each of eleven ages: none of the eleven can be 3, whatever else is hidden."""
    bands = [f"{a}-{a + 4}" for a in range(30, 85, 5)]
    cells = {(2024, place, "male", b): n for place, n in (("370102", 1), ("370112", 40)) for b in bands}
    made = released(gold(cells), RULE)
    assert one(made, place_code="370102", sex="male", age_band="all")["status"] == "suppressed"
    for place in ("370112", "370100", "370000"):
        assert one(made, place_code=place, sex="all", age_band="all")["status"] == "shown", place


def attack(table: pd.DataFrame, made: pd.DataFrame) -> list[int]:
    """Withheld counts of 1 to 10 that a reader can work out: integer programmes over every sum in the table.

    The reader knows how counts are rounded and from where they are shown, and that all counts here are of one event a
    person in cells with many people, so that a count is withheld because it is small or to protect another.
    """
    truth = table["numerator"].to_numpy(dtype=float)
    known = made["numerator"].to_numpy(dtype=float, na_value=np.nan)
    off = np.where(known == 0, 0, 2)
    withheld = np.isnan(known)
    largest = np.where((truth > 12) | (truth == 0), 1e6, 12)
    limits = Bounds(
        np.where(withheld, np.where(truth == 0, 0, 1), known - off), np.where(withheld, largest, known + off)
    )
    rows = []
    for part, whole in families(table):
        for total in np.unique(whole):
            row = np.zeros(len(table))
            row[part[whole == total]], row[total] = 1, -1
            rows.append(row)
    sums = LinearConstraint(np.array(rows), 0, 0)
    found = []
    for cell_at in np.flatnonzero(withheld & (truth >= 1) & (truth <= 10)):
        goal = np.zeros(len(table))
        goal[cell_at] = 1
        ends = [
            sign * milp(sign * goal, constraints=sums, bounds=limits, integrality=np.ones(len(table))).fun
            for sign in (1, -1)
        ]
        if round(ends[0]) == round(ends[1]):
            found.append(int(cell_at))
    return found


COUNTS = st.one_of(st.just(0), st.integers(1, 3), st.integers(0, 14), st.integers(8, 40))


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(COUNTS, min_size=12, max_size=12))
def test_no_withheld_count_can_be_worked_out_from_all_that_is_shown(counts: list[int]):
    keys = [
        (2024, c, s, b) for c in ("370102", "370112") for s in ("male", "female") for b in ("50-54", "60-64", "85+")
    ]
    table = gold(dict(zip(keys, counts, strict=True)))
    made = released(table, RULE)
    truth, known = (t["numerator"].to_numpy(dtype=float, na_value=np.nan) for t in (table, made))
    assert not (np.isfinite(known) & (truth >= 1) & (truth <= 10)).any()
    assert (known[np.isfinite(known)] == rounded(truth, 5)[np.isfinite(known)]).all()
    assert attack(table, made) == []
