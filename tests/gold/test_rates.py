"""The one function that computes all measures, on atoms written down by hand."""

import numpy as np
import pytest

from jobs.codes.places import Place, read_places
from jobs.gold.areas import areas, dense, periods, rolled_up, whole_years
from jobs.gold.declare import Count, Measure
from jobs.gold.kernel import BANDS
from jobs.gold.measure import standards
from jobs.gold.measures import MEASURES
from jobs.gold.measures.all_cause_mortality import ALL_CAUSE_MORTALITY
from jobs.gold.measures.diagnosed_hypertension import DIAGNOSED_HYPERTENSION
from jobs.gold.measures.lung_cancer_incidence import LUNG_CANCER_INCIDENCE
from jobs.gold.measures.outpatient_visits import OUTPATIENT_VISITS
from jobs.gold.rates import rates
from jobs.tables.gold import STANDARDS


def place(code: str, level: str, parent: str | None) -> Place:
    return Place(code, level, code, code, parent, True, None, None, None)


PLACES = [
    place("370000", "province", None),
    place("370100", "city", "370000"),
    place("379900", "city", "370000"),
    place("370102", "county", "370100"),
    place("370112", "county", "370100"),
    place("371234", "county", "379900"),  # its city can't be told from its code
]
AREAS = areas(PLACES)
YEAR = 36525  # person-days in 100 person-years


def atoms(*rows: tuple) -> dict[str, list]:
    """Rows (atom, year, place, sex, band, n, n_sq, persons)."""
    names = ("atom", "year", "place_code", "sex", "age_band", "n", "n_sq", "persons")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def table(measure: Measure, *rows: tuple, years=(2023, 2024, 2025), pooled: int = 3):
    made = rates(atoms(*rows), measure, AREAS, list(years), pooled, standards())
    return {(r["period"], r["place_code"], r["sex"], r["age_band"]): r for r in made.to_pylist()}


def exposed(year: int, where: str, sex: str, n: int, measure_bands=BANDS, persons: int = 50) -> list[tuple]:
    """The same person-days in every band."""
    return [("denominator", year, where, sex, band, n, n * n, persons) for band in measure_bands]


def test_a_county_without_cases_is_a_zero_and_a_county_without_people_no_row():
    """100 person-years in each of 18 bands, no death: rate 0, upper limit 3.688879 deaths / 1800 years * 100,000."""
    got = table(ALL_CAUSE_MORTALITY, *exposed(2024, "370102", "male", YEAR))
    row = got["2024", "370102", "all", "all"]
    assert (row["numerator"], row["denominator"], row["rate"], row["rate_low"]) == (0, 18 * YEAR, 0, 0)
    assert row["rate_high"] == pytest.approx(3.688879 / 1800 * 100_000, rel=1e-6)
    assert row["interval"] == "exact_poisson"
    assert ("2024", "370112", "all", "all") not in got
    assert ("2023", "370102", "all", "all") not in got


def test_counts_roll_up_by_the_place_table_and_not_by_digits_of_the_code():
    deaths = [("numerator", 2024, where, "male", "50-54", n, n, n) for where, n in (("370102", 3), ("371234", 4))]
    people = [*exposed(2024, "370102", "male", YEAR), *exposed(2024, "371234", "male", YEAR)]
    got = table(ALL_CAUSE_MORTALITY, *deaths, *people)
    counts = {code: got["2024", code, "all", "all"]["numerator"] for code in ("370000", "370100", "379900", "370102")}
    assert counts == {"370000": 7, "370100": 3, "379900": 4, "370102": 3}


def test_people_of_unknown_sex_are_in_all_only():
    got = table(ALL_CAUSE_MORTALITY, *exposed(2024, "370102", "unknown", YEAR), *exposed(2024, "370102", "male", YEAR))
    persons = {sex: got["2024", "370102", sex, "50-54"]["denominator"] for sex in ("all", "male")}
    assert persons == {"all": 2 * YEAR, "male": YEAR}
    assert ("2024", "370102", "female", "50-54") not in got


def test_three_years_are_pooled_and_no_person_is_counted_once_a_year():
    """4 deaths are 4 persons, as nobody dies twice; 50 residents a year are at least 50 persons, not 150."""
    deaths = [("numerator", year, "370102", "male", "70-74", n, n, n) for year, n in ((2023, 1), (2025, 3))]
    people = [row for year in (2023, 2024, 2025) for row in exposed(year, "370102", "male", YEAR)]
    row = table(ALL_CAUSE_MORTALITY, *deaths, *people)["2023-2025", "370102", "male", "70-74"]
    assert (row["numerator"], row["numerator_persons"], row["denominator"], row["persons"]) == (4, 4, 3 * YEAR, 50)
    assert row["rate"] == pytest.approx(4 / 300 * 100_000)


def test_visits_take_their_variance_from_the_squared_counts_of_persons():
    """100 visits by 25 persons with four each: squares add to 400, limits lie twice as far as Byar's."""
    visits = ("numerator", 2024, "370102", "female", "30-34", 100, 400, 25)
    row = table(OUTPATIENT_VISITS, visits, *exposed(2024, "370102", "female", YEAR))[
        "2024", "370102", "female", "30-34"
    ]
    byar_low, byar_high = 81.36, 121.63  # of 100, Breslow and Day
    assert row["rate"] == pytest.approx(1.0)
    assert row["rate_low"] == pytest.approx(1 - 2 * (100 - byar_low) / 100, abs=1e-3)
    assert row["rate_high"] == pytest.approx(1 + 2 * (byar_high - 100) / 100, abs=1e-3)
    assert row["interval"] == "dobson_repeat_events"


def test_visitors_of_three_years_are_not_added_up():
    """Ten persons with three visits each, every year: 90 visits, of ten persons at least."""
    visits = [("numerator", year, "370102", "female", "30-34", 30, 90, 10) for year in (2023, 2024, 2025)]
    people = [row for year in (2023, 2024, 2025) for row in exposed(year, "370102", "female", YEAR)]
    row = table(OUTPATIENT_VISITS, *visits, *people)["2023-2025", "370102", "female", "30-34"]
    assert (row["numerator"], row["numerator_persons"]) == (90, 10)


def test_prevalence_has_wilsons_limits_and_is_not_pooled():
    """65 of 100: 55.254443 % to 73.635752 % (PHEindicatormethods)."""
    cases = ("numerator", 2024, "370102", "male", "60-64", 65, 65, 65)
    people = ("denominator", 2024, "370102", "male", "60-64", 100, 100, 100)
    got = table(DIAGNOSED_HYPERTENSION, cases, people)
    row = got["2024", "370102", "male", "60-64"]
    assert (row["rate"], row["unit"], row["label"], row["person_years"]) == (65, "persons", "diagnosed", None)
    assert (row["rate_low"], row["rate_high"]) == pytest.approx((55.254443, 73.635752), abs=1e-6)
    assert {period for period, *_ in got} == {"2024"}


def test_standardised_rates_are_for_all_ages_and_need_ten_events():
    """The same 10 per 100 person-years in each band: any standard gives the crude rate."""
    deaths = [("numerator", 2024, "370102", "male", band, 10, 10, 10) for band in BANDS]
    got = table(ALL_CAUSE_MORTALITY, *deaths, *exposed(2024, "370102", "male", YEAR))
    row = got["2024", "370102", "male", "all"]
    assert row["rate_china_2020"] == pytest.approx(row["rate"]) == pytest.approx(row["rate_who_2000_2025"])
    assert row["rate_china_2020_low"] < row["rate"] < row["rate_china_2020_high"]
    assert got["2024", "370102", "male", "50-54"]["rate_china_2020"] is None
    few = table(ALL_CAUSE_MORTALITY, (*deaths[0][:5], 9, 9, 9), *exposed(2024, "370102", "male", YEAR))
    assert few["2024", "370102", "male", "all"]["rate_china_2020"] is None


def test_standardising_weighs_bands_by_the_china_2020_census():
    """Deaths at 85+ only, 50 in 100 person-years: 0.5 * the share of those aged 85 and over."""
    deaths = ("numerator", 2024, "370102", "male", "85+", 50, 50, 50)
    row = table(ALL_CAUSE_MORTALITY, deaths, *exposed(2024, "370102", "male", YEAR))["2024", "370102", "male", "all"]
    weights = standards()["china_2020"]
    assert sum(weights) == 1_409_778_724  # the published total
    assert row["rate_china_2020"] == pytest.approx(0.5 * weights[-1] / 1_409_778_724 * 100_000)


def test_a_year_in_which_only_births_can_be_at_risk_is_not_estimable():
    """Observation began in 2023: that year has newborns' days alone; every cell of 2023 says so, with no number."""
    people = [*exposed(2023, "370102", "male", 300, ["00-04"]), *exposed(2024, "370102", "male", YEAR)]
    got = table(LUNG_CANCER_INCIDENCE, *people, years=(2023, 2024))
    row = got["2023", "370102", "all", "all"]
    assert (row["status"], row["numerator"], row["denominator"], row["rate"]) == ("not_estimable", None, None, None)
    assert got["2023", "370000", "female", "50-54"]["status"] == "not_estimable"
    assert got["2024", "370102", "all", "all"]["status"] == "ok"


def test_a_measure_without_prior_observation_is_estimable_with_births_alone():
    got = table(ALL_CAUSE_MORTALITY, *exposed(2023, "370102", "male", 300, ["00-04"]), years=(2023,))
    assert got["2023", "370102", "all", "all"]["status"] == "ok"


def test_a_county_that_the_place_table_lacks_is_named():
    with pytest.raises(ValueError, match="999999"):
        table(ALL_CAUSE_MORTALITY, *exposed(2024, "999999", "male", 1))


def test_only_whole_years_are_computed():
    assert whole_years("2023-01-01", "2025-12-30") == [2023, 2024]
    assert whole_years("2022-01-02", "2023-12-31") == [2023]
    assert periods([2023, 2024, 2025], 3) == {
        "2023": [2023],
        "2024": [2024],
        "2025": [2025],
        "2023-2025": [2023, 2024, 2025],
    }
    assert list(periods([2024], 3)) == ["2024"]


def test_areas_of_the_shipped_places_hold_every_county_once():
    shipped = areas(read_places("shandong"))
    by_level = {level: sum(1 for name, _ in shipped.names if name == level) for level in ("province", "city", "county")}
    assert by_level == {"province": 1, "city": 16, "county": 136}
    cities = [i for i, (level, _) in enumerate(shipped.names) if level == "city"]
    assert (shipped.parts[cities].sum(0)[:-1] == 1).all()


def test_rolling_up_keeps_every_count():
    rows = [*exposed(2024, "370102", "male", 5), *exposed(2024, "unknown", "unknown", 7)]
    counts = rolled_up(dense(atoms(*rows), [2024], AREAS.leaves), AREAS.parts)
    province = counts[1, 0, 0, 0, 0]
    assert province[0] == 18 * 12
    assert np.array_equal(province[1:], np.full(18, 12))


def test_every_declared_standard_has_its_columns():
    assert {s for m in MEASURES for s in m.standard.populations} == set(STANDARDS)


def test_two_declarations_that_differ_have_two_versions():
    changed = Measure(**{**ALL_CAUSE_MORTALITY.__dict__, "numerator": Count("event", of="death", where="false")})
    assert changed.version != ALL_CAUSE_MORTALITY.version
