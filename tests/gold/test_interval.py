"""Limits against published numbers: literal ones here, whole files of them where ``../shared`` is present."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from jobs.gold import interval
from jobs.gold.standardise import direct, weighted

EXAMPLES = Path(__file__).resolve().parents[3] / "shared" / "worked_examples"
needs_examples = pytest.mark.skipif(not EXAMPLES.exists(), reason="../shared/worked_examples is not here")


def _rows(name: str) -> list[dict[str, str]]:
    with (EXAMPLES / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_exact_poisson_limits_of_ten_events_are_garwoods():
    """Garwood 1936: 10 events give 4.795389 to 18.390356; none give 0 to 3.688879."""
    low, high = interval.exact_poisson([10, 0])
    assert low == pytest.approx([4.795389, 0], abs=5e-7)
    assert high == pytest.approx([18.390356, 3.688879], abs=5e-7)


def test_byar_limits_of_65_events_are_those_of_public_health_england():
    """PHEindicatormethods testdata_Byars_Wilson: 65 events give 50.163187710459454 to 82.84913854593984."""
    low, high = interval.byar(65)
    assert (float(low), float(high)) == pytest.approx((50.163187710459454, 82.84913854593984), rel=1e-12)


def test_wilson_limits_of_65_in_100_are_those_of_public_health_england():
    """PHEindicatormethods testdata_Byars_Wilson: 0.5525444329688797 to 0.7363575175690247."""
    low, high = interval.wilson(65, 100)
    assert (float(low), float(high)) == pytest.approx((0.5525444329688797, 0.7363575175690247), rel=1e-12)


def test_counts_change_from_exact_to_byar_at_the_declared_bound():
    low, _ = interval.poisson([9, 10], exact_below=10)
    assert low[0] == interval.exact_poisson(9)[0]
    assert low[1] == interval.byar(10)[0]


def test_the_crude_rate_of_events_that_do_not_repeat_has_the_plain_limits():
    """With squares equal to counts Dobson's limits of one stratum are Byar's over the person-time."""
    plain = interval.byar(40)
    low, high = interval.dobson(40 / 800, 40 / 800**2, 40, plain)
    assert (float(low), float(high)) == pytest.approx((float(plain[0]) / 800, float(plain[1]) / 800))


def test_repeating_events_widen_the_limits_of_a_standardised_rate():
    """20 visits by 5 persons with 4 each: squares sum to 80, so the standard error doubles."""
    single = direct([[20, 0]], [[20, 0]], [[100, 50]], [1, 1], least_events=10)
    repeated = direct([[20, 0]], [[80, 0]], [[100, 50]], [1, 1], least_events=10)
    assert repeated.rate == single.rate
    assert (repeated.high - repeated.rate) == pytest.approx(2 * (single.high - single.rate))


def test_no_standardised_rate_under_the_least_count_or_with_an_empty_age_band():
    few = direct([[9, 0]], [[9, 0]], [[100, 50]], [1, 1], least_events=10)
    empty = direct([[20, 0]], [[20, 0]], [[100, 0]], [1, 1], least_events=10)
    assert np.isnan([few.rate, few.low, few.high, empty.rate, empty.low, empty.high]).all()


@needs_examples
def test_every_published_interval_is_reproduced():
    checked = 0
    for row in _rows("intervals.csv"):
        x, level, per = float(row["x"]), float(row["confidence"]), float(row["multiplier"])
        n = float(row["n"]) if row["n"] else 1.0
        if row["method"] == "Wilson":
            limits = interval.wilson(x, n, level)
        elif row["method"] in ("Byars", "Exact"):
            limits = tuple(
                v / n for v in (interval.byar if row["method"] == "Byars" else interval.exact_poisson)(x, level)
            )
        else:
            continue  # Clopper-Pearson: no measure is declared with it
        assert [float(v) * per for v in limits] == pytest.approx(
            [float(row["lower"]), float(row["upper"])], rel=1e-7
        ), row
        checked += 1
    assert checked >= 40


@needs_examples
def test_standardised_rates_with_dobson_limits_are_public_health_englands():
    published = json.loads((EXAMPLES / "dsr_phe_dobson.json").read_text())
    rows = _rows("data/phe_dsr_multiarea.csv")
    rows += [{**r, "area": "testdata_1976", "esp2013": r["esp1976"]} for r in _rows("data/phe_dsr_1976.csv")]
    for expected in published["expected"]:
        area = [r for r in rows if r["area"] == expected["area"]]
        count, pop, weight = ([float(r[c] or 0) for r in area] for c in ("count", "pop", "esp2013"))
        assert sum(count) == expected["total_count"]
        for level, name in ((0.95, "95"), (0.998, "998")):
            got = direct([count], [count], [pop], weight, least_events=10, level=level)
            if expected["value"] is None:
                assert np.isnan(got.rate).all()
            elif f"lower{name}" in expected:
                values = [expected["value"], expected[f"lower{name}"], expected[f"upper{name}"]]
                assert [float(v[0]) * 100_000 for v in got] == pytest.approx(values, rel=1e-7)


@needs_examples
def test_repeat_event_variance_is_the_sum_over_frequencies():
    """The file gives the persons with 1, 2, 3, 4 events (f1..f4): the variance sums f * k^2, stratum by stratum.

    Public Health England computes it one frequency at a time and adds the parts; so does this test, by hand.
    """
    rows = _rows("data/phe_dsr_nonindependent.csv")
    weight = [float(r["esp2013"]) for r in _rows("data/phe_dsr_multiarea.csv") if r["area"] == "testdata_big"]
    for area in ("testdata_nonind_big", "testdata_nonind_small"):
        mine = [r for r in rows if r["area"] == area]
        persons = np.array([[float(r[f"f{k}"] or 0) for k in (1, 2, 3, 4)] for r in mine])
        count, pop = np.array([float(r["count"]) for r in mine]), np.array([float(r["pop"]) for r in mine])
        assert (persons @ [1, 2, 3, 4] == count).all()
        w = np.array(weight)
        by_hand = sum(k * k * float(((w / pop) ** 2 * persons[:, k - 1]).sum()) for k in (1, 2, 3, 4)) / w.sum() ** 2
        sums = weighted([count], [persons @ [1, 4, 9, 16]], [pop], w)
        assert float(sums.variance[0]) == pytest.approx(by_hand, rel=1e-12)
        assert float(sums.rate[0]) == pytest.approx(float((w / pop * count).sum() / w.sum()), rel=1e-12)


@needs_examples
def test_gamma_limits_are_those_of_fay_and_feuer():
    published = json.loads((EXAMPLES / "dsr_fay_feuer_down_syndrome.json").read_text())
    for e in published["expected"]:
        count, pop = published["count"][e["birth_order"]], published["population"][e["birth_order"]]
        rate = direct([count], [count], [pop], published["standard_population"], least_events=10, limits="gamma")
        got = [float(v[0]) * published["per"] for v in rate]
        assert got == pytest.approx([e["adj"], e["lower"], e["upper"]], abs=5e-7)
        assert sum(count) / sum(pop) * published["per"] == pytest.approx(e["crude"], abs=5e-7)


@needs_examples
def test_alaska_and_florida_are_those_of_the_dsr_vignette():
    """Rate and lower limit to the printed digits; the upper limit by the greatest weight, 8.3995 for Alaska."""
    published = json.loads((EXAMPLES / "dsr_alaska_florida.json").read_text())
    upper = {"Alaska": published["ci_variants"]["alaska_upper_fay_feuer_max_weight"], "Florida": 7.7726}
    for state, data in published["data"].items():
        deaths = [data["death"]]
        rate = direct(deaths, deaths, [data["fu"]], published["us_pop"], least_events=10, limits="gamma")
        expected = published["expected"][state]
        got = [round(float(v[0]) * 1000, 4) for v in rate]
        assert got == [expected["std"], expected["lcl"], upper[state]]
        crude = [float(v) / expected["py"] * 1000 for v in (expected["n"], *interval.exact_poisson(expected["n"]))]
        assert crude[0] == pytest.approx(expected["crude"], abs=5e-5)


@needs_examples
def test_direct_rates_are_those_of_esda():
    published = json.loads((EXAMPLES / "agestd_esda.json").read_text())
    count, pop = (np.array(published[k], dtype=float).reshape(2, 4) for k in ("e", "b"))
    standard = np.array(published["s_b"], dtype=float).reshape(2, 4)
    for area, expected in enumerate(published["expected"]["direct"]):
        one = count[area : area + 1]
        rate = direct(one, one, pop[area : area + 1], standard[area], least_events=10, limits="gamma")
        assert [float(v[0]) for v in rate] == pytest.approx(expected, abs=5e-9)
