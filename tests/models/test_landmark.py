"""Who is an index discharge, and who came back: a published hand-worked case and each rule on its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.models.landmark import episodes, landmarks, stays
from tests.models import people

WAYS = {"home": "1", "transfer": "2", "died": "5"}


def index(spark: SparkSession, visits: list[tuple[Any, ...]], **other: list[Any]) -> dict[int, bool | None]:
    """Index discharges by the id of their last stay, with what was observed; person 1 is 60 and in view all year."""
    conditions = people.conditions(spark, *other.get("conditions", []))
    found = landmarks(
        episodes(stays(people.visits(spark, *visits), conditions)),
        people.persons(spark, *other.get("persons", [(1, "m", "1964-01-01")])),
        people.periods(spark, *other.get("periods", [(1, "2024-01-01", "2024-12-31")])),
        people.deaths(spark, *other.get("deaths", [])),
    )
    return {r.visit_occurrence_id: r.observed for r in found.collect()}


def test_the_hand_worked_case_gives_three_readmissions_in_five_episodes(spark: SparkSession, shared: Path) -> None:
    case = json.loads((shared / "worked_examples/handworked_readmission.json").read_text())
    number = {s["id"]: int(s["id"][1:]) for s in case["stays"]}
    person, hospital = {"A": 1, "B": 2}, {"H1": 1, "H2": 2, "H3": 3}
    observed = index(
        spark,
        [
            (number[s["id"]], person[s["p"]], s["adm"], s["dis"], hospital[s["hosp"]], WAYS[s["disp"]])
            for s in case["stays"]
        ],
        conditions=[(number[s["id"]], person[s["p"]], s["adm"], "Z51.1") for s in case["stays"] if s["planned"]],
        persons=[(1, "f", "1950-01-01"), (2, "m", "1960-01-01")],
        periods=[(p, "2020-01-01", case["today"]) for p in (1, 2)],
        deaths=[(1, "2024-03-20")],
    )
    last = {e: number[e.split("+")[-1]] for e in case["expected"]["index_episodes"]}
    answers = {last[e]: "yes" in text for e, text in case["expected"]["readmitted"].items()}
    assert observed == answers
    assert (sum(observed.values()), len(observed)) == (case["expected"]["numerator"], case["expected"]["denominator"])


@pytest.mark.parametrize(
    ("days", "hospital", "expected"),
    [
        (0, 7, {2: False}),  # back on the day itself: one episode
        (1, 7, {1: True, 2: False}),  # next day, same hospital: a readmission
        (1, 8, {2: False}),  # next day, another hospital: one episode
        (2, 8, {1: True, 2: False}),
        (30, 7, {1: True, 2: False}),
        (31, 7, {1: False, 2: False}),
    ],
)
def test_the_second_stay_by_how_many_days_later_it_begins(
    spark: SparkSession, days: int, hospital: int, expected: dict[int, bool]
) -> None:
    again = people.after("2024-03-10", days)
    assert index(spark, [(1, 1, "2024-03-01", "2024-03-10", 7, "1"), (2, 1, again, again, hospital, "1")]) == expected


@pytest.mark.parametrize(("way", "counts"), [("1", True), ("2", False), ("4", False), ("5", False), (None, True)])
def test_those_sent_on_leaving_against_advice_or_dead_are_no_index(
    spark: SparkSession, way: str | None, counts: bool
) -> None:
    assert index(spark, [(1, 1, "2024-03-01", "2024-03-10", 7, way)]) == ({1: False} if counts else {})


def test_nobody_below_18_on_the_day_of_discharge(spark: SparkSession) -> None:
    visits = [(v, v, "2024-03-01", "2024-03-10", 7, "1") for v in (1, 2)]
    born = [(1, "f", "2006-03-10"), (2, "f", "2006-03-11")]  # 18 that day, and one day short of it
    assert index(spark, visits, persons=born, periods=[(p, "2024-01-01", "2024-12-31") for p in (1, 2)]) == {1: False}


@pytest.mark.parametrize(
    ("end", "deaths", "expected"),
    [
        ("2024-04-09", [], False),  # exactly 30 days followed
        ("2024-04-08", [], None),  # 29: unknown
        ("2024-03-19", [(1, "2024-03-20")], False),  # died on day 10 without coming back
        ("2024-03-18", [(1, "2024-03-20")], None),  # moved away a day before that
    ],
)
def test_no_readmission_is_known_only_after_30_days_or_death(
    spark: SparkSession, end: str, deaths: list[tuple[int, str]], expected: bool | None
) -> None:
    visits = [(1, 1, "2024-03-01", "2024-03-10", 7, "1")]
    assert index(spark, visits, periods=[(1, "2024-01-01", end)], deaths=deaths) == {1: expected}
