"""The kernel on people whose answer is worked out by hand, without Spark."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from jobs.codes.lists import MAIN_OF_STAY, PRELIMINARY
from jobs.gold.declare import Count, Measure
from jobs.gold.kernel import ATOMS, atoms
from jobs.gold.measures import COUNTED
from tests.gold.people import LICHENG, LIXIA, REGISTER, People, cells

EXAMPLES = Path(__file__).resolve().parents[3] / "shared" / "worked_examples"
YEARS = [2023, 2024, 2025]


def count(people: People, measure: str, atom: str):
    return cells(atoms(people.tables(), COUNTED, YEARS, [REGISTER]), measure, atom)


def resident(
    sex: str = "male", born: str = "1960-06-15", first: str = "2021-01-01", last: str = "2025-12-31"
) -> People:
    """Person 1, in Lixia all the time."""
    return People().person(1, sex, born).observed(1, first, last).lives(1, LIXIA, "2021-01-01", None)


def test_person_days_are_split_at_the_birthday_and_at_the_years_end():
    """Born 15 June 1960, so 65 on 15 June 2025: 31+28+31+30+31+14 = 165 days of 2025 before it, 200 from it on."""
    assert count(resident(), "all_cause_mortality", "denominator") == {
        (2023, LIXIA, "male", "60-64"): 365,
        (2024, LIXIA, "male", "60-64"): 366,
        (2025, LIXIA, "male", "60-64"): 165,
        (2025, LIXIA, "male", "65-69"): 200,
    }


def test_someone_born_on_29_february_turns_on_1_march_in_common_years():
    """Born 29 February 1960, 65 in 2025: January and February are 59 days, then 306."""
    days = count(resident(born="1960-02-29"), "all_cause_mortality", "denominator")
    assert (days[2025, LIXIA, "male", "60-64"], days[2025, LIXIA, "male", "65-69"]) == (59, 306)


def test_the_day_of_a_move_counts_once_at_the_destination():
    """In Lixia until 30 April 2024 (121 days of a leap year), in Licheng from 1 May: 245 days; together 366."""
    people = People().person(1, "female", "1990-01-01").observed(1, "2021-01-01", "2024-12-31")
    people.lives(1, LIXIA, "2021-01-01", "2024-05-01").lives(1, LICHENG, "2024-05-01", None)
    days = count(people.visits(1, "2024-05-01"), "outpatient_visits", "denominator")
    assert (days[2024, LIXIA, "female", "30-34"], days[2024, LICHENG, "female", "30-34"]) == (121, 245)
    assert count(people, "outpatient_visits", "numerator") == {(2024, LICHENG, "female", "30-34"): 1}


def test_the_day_of_death_is_observed_and_its_death_counted():
    """Dies on 10 January 2024: ten days of 2024, one death."""
    people = resident(last="2024-01-10").dies(1, "2024-01-10")
    assert count(people, "all_cause_mortality", "denominator")[2024, LIXIA, "male", "60-64"] == 10
    assert count(people, "all_cause_mortality", "numerator") == {(2024, LIXIA, "male", "60-64"): 1}


def test_an_event_outside_observation_or_residence_is_in_no_numerator():
    """One visit before the register knows the person, one while living outside, one by somebody not in the register."""
    people = People().person(1, "male", "1960-01-01").observed(1, "2023-03-01", "2025-12-31")
    people.lives(1, LIXIA, "2021-01-01", "2024-01-01").lives(1, "outside", "2024-01-01", None)
    people.person(2, "male", "1970-01-01").observed(2, "2023-05-01", "2023-05-01", kind=32817)
    people.visits(1, "2023-02-28", "2024-02-01").visits(2, "2023-05-01")
    assert count(people, "outpatient_visits", "numerator") == {}
    assert count(people, "outpatient_visits", "denominator") == {(2023, LIXIA, "male", "60-64"): 306}


def test_the_registered_household_gives_no_person_time():
    people = resident().lives(1, LICHENG, "2000-01-01", None, kind="registered")
    assert {place for _, place, _, _ in count(people, "all_cause_mortality", "denominator")} == {LIXIA}


def test_visits_of_one_person_are_squared_together():
    """Person 1 has three visits in a stratum, person 2 one: n 4, squares 9 + 1, two persons."""
    people = resident().person(2, "male", "1961-01-01").observed(2, "2021-01-01", "2025-12-31")
    people.lives(2, LIXIA, "2021-01-01", None)
    people.visits(1, "2024-01-01", "2024-02-01", "2024-02-01").visits(2, "2024-12-31").visits(
        2, "2024-03-01", concept=9201
    )
    table = atoms(people.tables(), COUNTED, [2024], [REGISTER]).to_pylist()
    (row,) = [r for r in table if (r["measure"], r["atom"]) == ("outpatient_visits", "numerator")]
    assert (row["n"], row["n_sq"], row["persons"]) == (4, 10, 2)


def test_persons_add_up_over_age_bands():
    """Turns 65 in 2025 with a visit on either side: two events, one person, counted in the later band."""
    people = resident().visits(1, "2025-06-14", "2025-06-15")
    table = atoms(people.tables(), COUNTED, [2025], [REGISTER]).to_pylist()
    rows = [r for r in table if (r["measure"], r["atom"]) == ("outpatient_visits", "numerator")]
    assert {(r["age_band"], r["n"], r["persons"]) for r in rows} == {("60-64", 1, 0), ("65-69", 1, 1)}


def test_hypertension_counts_a_diagnosis_up_to_1_july_among_that_days_residents():
    """Diagnosed on 2 July 2023: not yet a case in 2023, one in 2024; gone from the province by July 2025."""
    people = People().person(1, "female", "1950-01-01").observed(1, "2021-01-01", "2025-03-01")
    people.lives(1, LIXIA, "2021-01-01", None).diagnosed(1, "I10", "2023-07-02").diagnosed(1, "I11", "2024-01-01")
    assert count(people, "diagnosed_hypertension", "denominator") == {
        (2023, LIXIA, "female", "70-74"): 1,
        (2024, LIXIA, "female", "70-74"): 1,
    }
    assert count(people, "diagnosed_hypertension", "numerator") == {(2024, LIXIA, "female", "70-74"): 1}


def test_a_diagnosis_recorded_before_observation_began_still_makes_a_prevalent_case():
    people = resident().diagnosed(1, "I15", "2015-01-01").diagnosed(1, "I16", "2015-01-01")
    assert set(count(people, "diagnosed_hypertension", "numerator").values()) == {1}
    assert count(resident().diagnosed(1, "I16", "2015-01-01"), "diagnosed_hypertension", "numerator") == {}


def test_incidence_needs_365_days_of_observation():
    """Observed from 1 March 2023: at risk from 29 February 2024 (365 days later), 307 days of 2024; the case counts."""
    people = resident(first="2023-03-01").diagnosed(1, "C34", "2025-02-01", status=MAIN_OF_STAY)
    assert count(people, "lung_cancer_incidence", "denominator") == {
        (2024, LIXIA, "male", "60-64"): 307,
        (2025, LIXIA, "male", "60-64"): 32,  # January and the day of diagnosis
    }
    assert count(people, "lung_cancer_incidence", "numerator") == {(2025, LIXIA, "male", "60-64"): 1}


def test_a_first_diagnosis_within_the_washout_is_no_new_case_and_ends_the_time_at_risk():
    people = resident(first="2023-03-01").diagnosed(1, "C34", "2023-09-01", "2025-02-01", status=MAIN_OF_STAY)
    assert count(people, "lung_cancer_incidence", "numerator") == {}
    assert count(people, "lung_cancer_incidence", "denominator") == {}


def test_a_single_code_at_a_clinic_makes_no_case_and_two_within_a_year_make_one_on_the_first_day():
    """A slip in 2021; a suspicion that says so; then 10 March and 20 June 2024: a case of 10 March."""
    people = resident(first="2020-01-01").diagnosed(1, "C34", "2021-05-01", "2024-03-10", "2024-06-20")
    people.diagnosed(1, "C34", "2024-03-01", status=PRELIMINARY)
    assert count(people, "lung_cancer_incidence", "numerator") == {(2024, LIXIA, "male", "60-64"): 1}
    days = count(people, "lung_cancer_incidence", "denominator")
    assert sum(n for (year, *_), n in days.items() if year == 2024) == 31 + 29 + 10
    apart = resident(first="2020-01-01").diagnosed(1, "C34", "2023-05-01", "2024-05-01")  # 366 days
    assert count(apart, "lung_cancer_incidence", "numerator") == {}
    twice_a_day = resident(first="2020-01-01").diagnosed(1, "C34", "2024-05-01", "2024-05-01")
    assert count(twice_a_day, "lung_cancer_incidence", "numerator") == {}


def test_a_suspicion_of_hypertension_is_no_prevalent_case():
    people = resident().diagnosed(1, "I10", "2022-01-01", status=PRELIMINARY)
    assert count(people, "diagnosed_hypertension", "numerator") == {}


def test_a_birth_is_at_risk_from_its_first_day():
    people = resident("female", born="2024-12-01", first="2024-12-01")
    assert count(people, "lung_cancer_incidence", "denominator")[2024, LIXIA, "female", "00-04"] == 31


def test_people_seen_include_those_who_are_not_residents():
    """Person 1 lives in Lixia, person 2 is in no register; both were seen within three years of 1 July 2024."""
    people = resident().visits(1, "2021-07-02").person(2, "female", "1980-01-01").visits(2, "2024-07-01", concept=9201)
    people.visits(1, "2021-07-01")
    seen = count(people, "population", "numerator")
    assert seen == {
        (2023, LIXIA, "male", "60-64"): 1,
        (2024, LIXIA, "male", "60-64"): 1,
        (2024, "unknown", "female", "40-44"): 1,
        (2025, "unknown", "female", "45-49"): 1,
    }


def test_nobody_gives_no_atoms():
    table = atoms(People().tables(), COUNTED, YEARS, [REGISTER])
    assert (table.num_rows, table.schema) == (0, ATOMS)


def incidence(prior_days: int = 0) -> Measure:
    side = {"of": "diagnosis", "where": "icd10 = 'X'", "prior_days": prior_days}
    events, days = Count("first_event", **side), Count("person_day_at_risk", **side)
    return Measure("example", "", "", "", "", events, days, per=1, label="")


@pytest.mark.skipif(not EXAMPLES.exists(), reason="../shared/worked_examples is not here")
def test_the_first_of_three_outcomes_is_the_only_incident_one():
    """incidence_washout.json: observed 2010-01-01 to 2012-06-01, three outcomes; not repeated: one event."""
    example = json.loads((EXAMPLES / "incidence_washout.json").read_text())
    expected = [e["events"] for e in example["expected"] if not e["repeated"]]
    first, last = example["observation_period"]
    people = resident(born="1980-01-01", first=first, last=last)
    people.rows["residence"].clear()
    people.lives(1, LIXIA, "2000-01-01", None)
    for start, _ in example["outcomes"]:
        people.diagnosed(1, "X", start)
    table = atoms(people.tables(), [incidence()], [2010, 2011, 2012], [REGISTER])
    assert sum(cells(table, "example", "numerator").values()) == expected[0]


# In the third time at risk of singleOutcome the person is at risk again after 30 days: no measure here is so declared.
COHORT_CASES = [
    ("singleOutcome", 1),
    ("singleOutcome", 2),
    ("invalidTar", 1),
    *(("tarSettings", n) for n in (1, 2, 3, 4)),
]


@pytest.mark.skipif(not EXAMPLES.exists(), reason="../shared/worked_examples is not here")
@pytest.mark.parametrize(("case", "tar_id"), COHORT_CASES)
def test_time_at_risk_is_that_of_ohdsi_cohort_incidence(case: str, tar_id: int):
    """cohort_incidence.json: each time at risk, taken as the observation, gives the published days and outcomes."""
    example = next(
        c for c in json.loads((EXAMPLES / "cohort_incidence.json").read_text())["cases"] if c["name"] == case
    )
    prep = next(rows for name, rows in example["prep"].items() if name.endswith(".cohort"))
    tar = next(t for t in example["design"]["timeAtRiskDefs"] if t["id"] == tar_id)
    last = date.fromisoformat(example["prep"]["cdm.observation_period"][0]["observation_period_end_date"])
    people = People()
    for row in prep:
        who = row["subject_id"]
        if row["cohort_definition_id"] == 200:
            people.diagnosed(who, "X", row["cohort_start_date"])
            continue
        dates = {end: date.fromisoformat(row[f"cohort_{end}_date"]) for end in ("start", "end")}
        start, stop = (dates[tar[e]["dateField"]] + timedelta(tar[e]["offset"]) for e in ("start", "end"))
        people.person(who, "unknown", "1980-01-01").lives(who, LIXIA, "1990-01-01", None)
        if start <= min(stop, last):
            people.observed(who, start.isoformat(), min(stop, last).isoformat())
    table = atoms(people.tables(), [incidence()], [2000, 2001], [REGISTER])
    (summaries,) = example["verify"].values()
    (expected,) = [row for row in summaries if row["tar_id"] == tar_id]
    assert sum(cells(table, "example", "denominator").values()) == expected["person_days"]
    assert sum(cells(table, "example", "numerator").values()) == expected["outcomes"]
