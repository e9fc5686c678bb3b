"""The simulation against published figures: which of them are targets, how they are counted, what holds."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.lakehouse.errors import Refused
from jobs.lakehouse.main import main
from jobs.province.calibrate import (
    AWAY,
    HOLDS,
    NOT_SIMULATED,
    OFF,
    Compared,
    compared,
    counter,
    judged,
    life_expectancy,
    target_rows,
    whole_years,
    why_missed,
)
from jobs.province.calibrate_command import cells, summary
from jobs.province.calibrate_counts import prefixes
from jobs.province.calibrate_indicators import INDICATORS, LIFE_AGES
from jobs.province.calibrate_published import Published, published
from jobs.province.calibrate_sample import DAY_OF
from jobs.province.facts import ProvinceFacts
from jobs.province.settings import SimulateSettings
from tests.province.conftest import CONTRACTS, FACTS, node

STROKE = Published("stroke_incidence", "B", 40, 120, 505.2, "per 100000 py", "2020", "China", "opened", "a survey")


@pytest.fixture(scope="module")
def against(facts: ProvinceFacts) -> Callable[..., list[Compared]]:
    """Eight blocks of 2022 to 2023 against every published figure, with changed settings."""

    def run(rows: list[Published] | None = None, **changed: Any) -> list[Compared]:
        settings = SimulateSettings.of(node(Path("unused"), end="2023-12-31", **changed))
        settings = replace(settings, feeds=tuple(DAY_OF))
        figures = published(facts, FACTS, "Shandong") if rows is None else rows
        sums: dict[tuple[int, int], np.ndarray] = {}
        count = counter(settings, CONTRACTS, facts, figures, whole_years(settings))
        for blocks in (np.arange(4), np.arange(4, 8)):
            for row, part, *values in zip(*(c.to_pylist() for c in count(blocks).columns), strict=True):
                sums[row, part] = sums.get((row, part), 0) + np.array(values)
        return compared(figures, sums, facts, 8, 2022.5)

    return run


@pytest.fixture(scope="module")
def found(against: Callable[..., list[Compared]]) -> list[Compared]:
    return against()


def figure(found: list[Compared], indicator: str, **about: Any) -> Compared:
    mine = [c for c in found if c.row.indicator == indicator and about.items() <= vars(c.row).items()]
    assert len(mine) == 1, mine
    return mine[0]


def test_the_nearest_year_is_the_target_and_old_figures_are_listed() -> None:
    years = ("2019", "2020", "2012-2014", "2026")
    assert target_rows([replace(STROKE, year=y) for y in years], 2023) == [
        "another year is nearer",
        "",
        "another year is nearer",
        "",  # as near as 2020
    ]
    assert target_rows([replace(STROKE, year="2010-2012")], 2023) == ["more than 10 years from the simulated ones"]
    by_sex = [replace(STROKE, sex=s, year=y) for s, y in (("M", "2013"), ("F", "2020"))]
    assert target_rows(by_sex, 2023) == ["", ""]  # other people, so another figure


@pytest.mark.parametrize(
    ("simulated", "error", "verdict"),
    [(109, 1, HOLDS), (111, 1, OFF), (111, 12, HOLDS), (126, 1, AWAY), (126, 13, OFF), (140, 19, AWAY), (0, 1, AWAY)],
)
def test_a_figure_holds_within_a_tenth_or_its_sampling_error(simulated: float, error: float, verdict: str) -> None:
    assert judged(INDICATORS["stroke_incidence"], 100, simulated, error) == verdict


def test_life_expectancy_holds_within_half_a_year() -> None:
    verdicts = [judged(INDICATORS["life_expectancy"], 78.6, years, 0.3) for years in (78.2, 79.0, 79.2)]
    assert verdicts == [HOLDS, HOLDS, AWAY]


def test_life_expectancy_of_a_constant_hazard_is_its_inverse() -> None:
    # Who dies at 2% a year at all ages lives 50 years; 1,000 deaths at each age give a rate an error of 3.2%.
    rate = np.full(len(LIFE_AGES), 0.02)
    years, variance = life_expectancy(rate, rate**2 / 1000)
    assert years == pytest.approx(50, rel=0.01)
    # All rates together off by a share would move it by that share; apart from each other by a good deal less.
    assert 0.2 < math.sqrt(variance) < 50 * 0.032


def test_ranges_of_codes() -> None:
    assert prefixes("C64-C66,C68") == ("C64", "C65", "C66", "C68")
    assert prefixes("P07.3") == ("P07.3",)
    assert "C00" in prefixes("C00-C96") and len(prefixes("C00-C96")) == 97


def test_rates_of_life_and_care_are_counted_as_they_are_set(found: list[Compared]) -> None:
    for indicator, year, value, share in (
        ("visits_per_person", "2023", 6.8, 0.05),
        ("admission_rate", "2023", 21.4, 0.10),
        ("crude_death_rate", "2022", 7.64, 0.35),  # about 60 deaths
        ("crude_birth_rate", "2022", 6.71, 0.35),
    ):
        assert figure(found, indicator, year=year).simulated == pytest.approx(value, rel=share)
    cities = [c for c in found if c.row.indicator == "city_population"]
    assert len(cities) == 16
    assert sum(c.simulated or 0 for c in cities) == pytest.approx(101_527_453)


def test_half_the_visits_are_seen_to_be_outside(against: Callable[..., list[Compared]], found: list[Compared]) -> None:
    rows = [c.row for c in found if c.row.indicator == "visits_per_person" and c.row.year == "2023"]
    (halved,) = against(rows, rate__visits=3.4)
    assert halved.verdict == AWAY and halved.ratio == pytest.approx(0.5, rel=0.15)
    assert summary([halved])[-1].endswith("not calibrated")


def test_rows_sent_twice_are_counted_once(against: Callable[..., list[Compared]], found: list[Compared]) -> None:
    rows = [c.row for c in found if c.row.indicator == "visits_per_person" and c.row.year == "2023"]
    (repeated,) = against(rows, dirt__row_repeated=0.3, dirt__row_corrected=0.3)
    usual = figure(found, "visits_per_person", year="2023").simulated
    assert repeated.simulated == pytest.approx(usual, rel=0.02)


def test_every_condition_is_listed_by_its_name(found: list[Compared], facts: ProvinceFacts) -> None:
    listed = {c.row.code for c in found if c.row.indicator == "condition_prevalence"}
    assert set(facts.conditions.table["condition"]) <= listed
    assert all(not c.target for c in found if c.row.indicator == "condition_prevalence")


def test_every_figure_is_compared_or_says_why_not(found: list[Compared]) -> None:
    assert all(c.note for c in found if c.verdict == NOT_SIMULATED)
    assert sum(c.target for c in found) > 100


def test_a_target_that_does_not_hold_says_why(against: Callable[..., list[Compared]], found: list[Compared]) -> None:
    # With half the births nothing is said in off_because.csv; the figures themselves tell whether it is chance.
    rows = [c.row for c in found if c.row.indicator == "crude_birth_rate"]
    halved = against(rows, rate__births_per_1000=3.35)
    assert any(c.target and c.verdict != HOLDS for c in halved)
    assert all(c.note for c in (*found, *halved) if c.target and c.verdict != HOLDS)
    # A 95% interval of half width 9.8 is 1.96 standard errors of 5: 14 are 2.8 of them, or 5.6 at half the error.
    assert why_missed("", 100, 114, 9.8) == "may be chance (2.8 standard errors)"
    assert why_missed("", 100, 86, 4.9) == "no chance, what is assumed is off by 14 (5.6 standard errors)"
    assert why_missed("two surveys differ", 100, 86, 4.9) == "two surveys differ (5.6 standard errors)"


def test_treatment_blood_and_habits_are_counted_as_they_are_published(found: list[Compared]) -> None:
    for indicator, sex, value, share in (
        ("hypertension_treated_share_of_diagnosed", "B", 82.9, 0.10),
        ("hypertension_control_overall", "B", 9.7, 0.30),  # about 90 people
        ("diabetes_treated", "B", 32.9, 0.25),
        ("diabetes_control_among_treated", "B", 50.1, 0.25),  # of about 130
        ("high_cholesterol_prevalence", "B", 8.2, 0.20),
        ("ckd_prevalence", "B", 8.2, 0.20),
        ("drinking_30d", "M", 46.2, 0.10),
        ("drinking_30d", "F", 10.2, 0.20),
        ("ethnic_minority_share", "B", 0.89, 0.60),  # some families
    ):
        counted = figure(found, indicator, sex=sex)
        assert counted.target and counted.simulated == pytest.approx(value, rel=share), indicator
    assert figure(found, "multiple_births").verdict != NOT_SIMULATED


def test_lines_tell_memory_nation_and_what_no_one_dies_of(found: list[Compared]) -> None:
    memory = cells(figure(found, "insurance_employee_share"))
    assert memory["label"].startswith("target") and "memory" in memory["label"] and "national" in memory["label"]
    deaths = cells(figure(found, "crude_death_rate", year="2022"))
    assert "COVID-19" in deaths["label"] and "province" in deaths["label"] and "truth" in deaths["label"]
    assert "province" not in cells(figure(found, "multiple_births"))["label"]  # of Huai'an, Jiangsu
    assert "delivered" in cells(figure(found, "visits_per_person", year="2023"))["label"]


def test_only_the_provinces_own_figures_are_labelled_so(facts: ProvinceFacts) -> None:
    extent = {r.place: r.extent for r in published(facts, FACTS, "Shandong") if r.indicator != "city_population"}
    assert extent.pop("China") == "national 全国" and extent.pop("Shandong") == "province 全省"
    assert {"Qingdao", "Huai'an, Jiangsu"} <= set(extent)
    assert all(told == place for place, told in extent.items())


def test_a_year_that_is_not_whole_is_refused() -> None:
    part = SimulateSettings.of(node(Path("unused"), start="2022-02-01", backload_from=None, end="2022-12-31"))
    with pytest.raises(Refused, match=r"simulate\.start=2022-02-01, .*must hold a whole calendar year"):
        whole_years(part)


def test_impossible_requests_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["job=calibrate", "calibrate.residents=0"]) == 2
    assert "calibrate.residents=0: must be a whole number from 1" in capsys.readouterr().err
    assert main(["job=calibrate", "calibrate.out=table.xls"]) == 2
    assert "calibrate.out=table.xls: must be a file" in capsys.readouterr().err


def test_the_job_prints_its_table_and_writes_it(spark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "table.csv"
    settings = ["simulate.population_on=2022-01-01", "simulate.backload_from=2022-01-01", "simulate.end=2023-12-31"]
    assert main(["job=calibrate", "calibrate.residents=2000", f"calibrate.out={out}", *settings]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "targets hold" in printed[-1]
    lines = list(csv.DictReader(out.open(encoding="utf-8")))
    assert {line["verdict"] for line in lines} >= {HOLDS, NOT_SIMULATED}
    city = next(line for line in lines if line["name"].endswith("济南市"))
    assert city["published"] == "9,202,432" and city["place"] == "Jinan City"
