"""Features hold what was known before the index date, and nothing dated on it or later can move them."""

from __future__ import annotations

import math

import pytest
from pyspark.sql import SparkSession

from jobs.models.features import FEATURES, features
from jobs.models.landmark import episodes, landmarks, stays
from tests.models import people

LIMITS = (57.0, 100.0)
PLAIN, PAST, BEFORE = 1, 2, 3
LATER = {4: "2024-03-11", 5: "2024-03-12", 6: "2024-04-01"}

Known = dict[int, dict[str, float]]


@pytest.fixture(scope="module")
def known(spark: SparkSession) -> Known:
    """Features by person at a discharge on 11 March 2024, 60th birthday of each of six men, after a stay for heart
    failure. They differ in what else is recorded: nothing, a past, rows of the day before, rows of a later day."""
    everyone = (PLAIN, PAST, BEFORE, *LATER)
    visits = [(p, p, "2024-03-01", "2024-03-11", 7, "1") for p in everyone]
    conditions = [(p, p, "2024-03-01", "I50.900") for p in everyone]
    results = [(p, "2023-09-01", "CREA", 80.0, *LIMITS) for p in everyone]
    visits += [
        (21, PAST, "2023-04-01", "2023-04-10", 7, "1"),  # a stay that ended within the year
        (22, PAST, "2023-02-01", "2023-02-10", 7, "1"),  # one that did not
        (23, PAST, "2024-01-05", "2024-01-05"),
        (24, PAST, "2024-02-05", "2024-02-05"),
        (25, PAST, "2023-03-11", "2023-03-11"),  # 366 days before (2024 is a leap year)
        (60, 6, "2024-04-20", "2024-04-28", 7, "1"),
    ]
    conditions += [(23, PAST, "2024-01-05", "e11.900")]
    results += [(PAST, "2024-03-02", "crea", 150.0, *LIMITS), (PAST, "2022-01-01", "CRP", 40.0, 0.0, 10.0)]
    for person, day in {BEFORE: "2024-03-10", **LATER}.items():
        visits += [(person * 100, person, day, day)]
        conditions += [(person, person, day, "N18.500"), (person * 100, person, day, "C34.900")]
        results += [(person, day, "CREA", 900.0, *LIMITS), (person, day, "CRP", 200.0, 0.0, 10.0)]
    silver = people.visits(spark, *visits), people.conditions(spark, *conditions), people.measurements(spark, *results)
    found = landmarks(
        episodes(stays(silver[0], silver[1])),
        people.persons(spark, *((p, "m", "1964-03-11") for p in everyone)),
        people.periods(spark, *((p, "2020-01-01", "2025-12-31") for p in everyone)),
        people.deaths(spark),
    ).where("index_date = '2024-03-11'")
    found.persist()
    rows = features(found, *silver).collect()
    assert sorted(r.person_id for r in rows) == list(everyone)
    return {r.person_id: {name: r[name] for name in FEATURES} for r in rows}


def test_a_stay_for_heart_failure_with_a_past(known: Known) -> None:
    found = known[PAST]
    assert (found["age"], found["male"], found["stays_in_year"]) == (60, 1, 1)
    assert found["log_days"] == pytest.approx(math.log(11))
    assert found["log_visits_in_year"] == pytest.approx(math.log(3))
    assert {n for n in FEATURES if n.startswith(("had_", "stay_for_")) and found[n]} == {
        "had_heart_failure",
        "stay_for_heart_failure",
        "had_diabetes",
    }
    assert (found["creatinine"], found["creatinine_known"]) == (1.5, 1)  # the last one, over the upper limit
    assert (found["crp"], found["crp_known"]) == (1.0, 0)  # more than a year old


@pytest.mark.parametrize("person", LATER, ids=LATER.values())
def test_nothing_dated_on_the_index_date_or_later_moves_a_feature(known: Known, person: int) -> None:
    assert known[person] == known[PLAIN]


def test_the_same_rows_dated_the_day_before_do_move_features(known: Known) -> None:
    assert {n: known[BEFORE][n] for n in FEATURES if known[BEFORE][n] != known[PLAIN][n]} == {
        "log_visits_in_year": pytest.approx(math.log(2)),
        "had_kidney_failure": 1,
        "stay_for_kidney_failure": 1,
        "had_cancer": 1,
        "creatinine": 9,
        "crp": 10,  # 20 times the limit counts as ten
        "crp_known": 1,
    }
