"""Onset follows from hazards and factors, excess deaths are part of all deaths, and the truth tells the risks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from jobs.province.datafiles import csv
from jobs.province.draws import Draws, Floats
from jobs.province.facts import ProvinceFacts, population_by_age
from jobs.province.hazards import survival
from jobs.province.illness import Health, _in_season, course, episodes, excess_now, onsets
from jobs.province.life import new_year
from jobs.province.people import NEVER, YEAR, People, residents
from jobs.province.risks import SMOKES, body_mass, is_lifelong, smoking
from jobs.province.scale import LEAST, Scale, excess_deaths, scales
from jobs.province.settings import SimulateSettings
from tests.province.conftest import node

DRAWS = Draws(5)
Sample = tuple[People, Health, Scale]


@pytest.fixture(scope="module")
def sample(facts: ProvinceFacts, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Thirty thousand residents of day 0 and their health."""
    settings = SimulateSettings.of(node(tmp_path_factory.mktemp("unused")))
    scale = scales(facts, settings.rate)
    people, _ = residents(DRAWS, facts.places, np.arange(60), 0)
    return people, onsets(DRAWS, facts, people, scale.onset), scale


@pytest.fixture(scope="module")
def foreseen(live: Callable[..., Any]) -> dict[str, pd.DataFrame]:
    """The truth about eight thousand residents of 2021 to 2025."""
    years = {
        "population_on": "2021-01-01",
        "backload_from": "2021-01-01",
        "end": "2025-12-31",
        "feeds": ["cancer_card"],
    }
    _, _, truth = live(list(range(16)), **years)
    return {name: table.to_pandas() for name, table in truth.items()}


def auroc(score: Floats, happened: np.ndarray) -> float:
    """The chance that one to whom it happened has the higher score than one to whom it did not."""
    ranks, n = rankdata(score), int(happened.sum())
    return float((ranks[happened].sum() - n * (n + 1) / 2) / (n * (len(score) - n)))


def test_there_are_25_conditions_and_cancers_by_site(facts: ProvinceFacts) -> None:
    conditions = facts.conditions
    assert (conditions.site < 0).sum() == 25
    assert len(conditions.cancers) == len(csv("cancers.csv")) == 22
    assert {"type1_diabetes", "kidney_replacement", "hepatitis_c", "parkinson", "gout"} <= set(conditions.name)


@pytest.mark.parametrize("name", ["hypertension", "diabetes", "copd", "asthma", "dementia", "depression", "ckd"])
def test_as_many_have_a_condition_as_published(sample: Sample, facts: ProvinceFacts, name: str) -> None:
    people, health, _ = sample
    c = facts.conditions.index(name)
    share = facts.conditions.prevalence[c][people.sex, people.age(0).astype(int)]
    have = health.onset[:, c] <= 0
    error = np.sqrt((share * (1 - share)).sum())  # of the count
    assert abs(have.sum() - share.sum()) < 3 * error + 0.03 * share.sum()


def test_type_1_diabetes_is_hardly_ever_followed_by_type_2(sample: Sample, facts: ProvinceFacts) -> None:
    """By ten years later; without the ratio of hazard_ratios.csv one in five has both."""
    _, health, _ = sample
    first, second = (health.onset[:, facts.conditions.index(n)] for n in ("type1_diabetes", "diabetes"))
    has = first < 10 * YEAR
    assert has.sum() > 15
    assert (has & (first < second) & (second < 10 * YEAR)).sum() <= 1


def test_2_6_per_cent_of_those_of_40_and_more_have_had_a_stroke(sample: Sample, facts: ProvinceFacts) -> None:
    """Not asked for, but what the published incidence and the share who outlive a stroke lead to."""
    people, health, _ = sample
    had = health.onset[:, facts.conditions.index("stroke")] <= 0
    assert had[people.age(0) >= 40].mean() * 100 == pytest.approx(2.6, rel=0.15)


@pytest.mark.parametrize("name", ["lung_cancer", "infarction", "stroke"])
def test_hazards_come_to_the_published_incidence(sample: Sample, facts: ProvinceFacts, name: str) -> None:
    people, health, _ = sample
    c, n = facts.conditions.index(name), ["lung_cancer", "infarction", "stroke", "diabetes"].index(name)
    age = people.age(0).astype(int)
    hazard = health.hazard[np.arange(len(people)), n, age] * (health.onset[:, c] > 0)
    wanted = facts.conditions.incidence[c][people.sex, age]
    assert hazard.mean() == pytest.approx(wanted.mean(), rel=0.06)


def test_smokers_get_lung_cancer_and_the_obese_diabetes(sample: Sample, facts: ProvinceFacts) -> None:
    people, health, _ = sample
    age = people.age(0)
    old_men = np.flatnonzero((people.sex == 0) & (age >= 50))
    smokes = smoking(DRAWS, facts, people.no[old_men], people.sex[old_men], age[old_men]) == SMOKES
    lung = health.onset[old_men, facts.conditions.lung] < NEVER
    assert lung[smokes].mean() > 2 * lung[~smokes].mean()
    adult = np.flatnonzero((age >= 30) & (age < 60))
    mass = body_mass(DRAWS, facts, people.no[adult], age[adult])
    ill = health.onset[adult, facts.conditions.index("diabetes")] <= 0
    assert ill[mass >= 28].mean() > 1.7 * ill[mass < 24].mean()


def test_smoking_and_body_mass_are_as_published(facts: ProvinceFacts, sample: Sample) -> None:
    people, age = sample[0], sample[0].age(0)
    grown = age >= 15
    now = smoking(DRAWS, facts, people.no, people.sex, age) == SMOKES
    assert now[grown & (people.sex == 0)].mean() == pytest.approx(0.505, rel=0.04)
    assert now[grown & (people.sex == 1)].mean() == pytest.approx(0.021, rel=0.2)
    mass = body_mass(DRAWS, facts, people.no, age)[age >= 18]
    assert ((mass >= 24) & (mass < 28)).mean() == pytest.approx(0.343, rel=0.05)
    assert (mass >= 28).mean() == pytest.approx(0.164, rel=0.07)


def test_factors_act_together_otherwise_than_one_by_one(facts: ProvinceFacts) -> None:
    """A logistic form has no products of factors; the hazards of most conditions do."""
    products = [f for fs in facts.conditions.factors for f in fs if len(f.names) > 1]
    assert len(products) >= 15
    unrecorded = {f.names[0] for fs in facts.conditions.factors for f in fs if is_lifelong(f)}
    assert len(unrecorded) >= 7


def test_excess_deaths_leave_room_for_all_others(facts: ProvinceFacts) -> None:
    """Deaths by excess hazards are taken out of those of all causes, at every age."""
    total, excess = facts.rates.death * 0.79, excess_deaths(facts)
    assert (excess <= (1 - LEAST) * total).all()
    people = population_by_age(facts.places)
    cancers = sum(
        (facts.conditions.incidence[c] * (1 - survival(facts.conditions, c)[:, 40]) * people).sum()
        for c in facts.conditions.cancers
    )
    assert cancers / people.sum() * 1e5 == pytest.approx(182.34, rel=0.05)  # published for 2022


def test_those_ill_on_the_first_day_die_as_in_any_other_year(sample: Sample, facts: ProvinceFacts) -> None:
    """Cases of the years before are those who outlived them: less often in late stages."""
    people, health, _ = sample
    found = episodes(DRAWS, facts, people, health, facts.conditions.deadly)
    found = found.at(np.flatnonzero(found.day <= 0))
    expected = excess_deaths(facts)[people.sex, people.age(0).astype(int)].sum()
    assert excess_now(found, 0).sum() == pytest.approx(expected, rel=0.15)


def test_screening_finds_cancers_early_and_leaves_the_shares_of_stages(facts: ProvinceFacts) -> None:
    """Forty thousand women who fall ill with breast cancer at 55: stage 1 in three of ten, as without screening."""
    no = np.arange(40_000)
    zero, nobody = np.zeros(len(no), np.int64), np.full(len(no), -1)
    people = People(no, zero - int(50 * YEAR), zero + 1, no, nobody, nobody, nobody, zero, zero)
    c = facts.conditions.index("breast_cancer")
    onset = np.full((len(no), len(facts.conditions.name)), NEVER)
    onset[:, c] = int(5 * YEAR)
    health = course(DRAWS, facts, people, onset, np.zeros((len(no), 0, 111), np.float32))
    stage = health.grade[:, c]
    shares = np.bincount(stage, minlength=4) / len(no)
    assert shares == pytest.approx([0.3, 0.42, 0.2, 0.08], abs=0.012)
    early = (health.diagnosis[:, c] - onset[:, c]) < 10
    assert (stage == 0)[early].mean() > 0.33 > 0.31 > (stage == 0)[~early].mean()


def test_strokes_come_again_and_are_of_the_published_types(foreseen: dict[str, pd.DataFrame]) -> None:
    kinds = foreseen["event"]["kind"].astype(str)
    strokes = kinds[kinds.str.startswith("stroke_") & ~kinds.isin(["stroke_onset", "stroke_diagnosis"])].value_counts()
    assert strokes["stroke_ischaemic"] / strokes.sum() == pytest.approx(0.696, abs=0.09)
    first = foreseen["event"][kinds == "stroke_onset"]
    new = (pd.to_datetime(first["date"]) >= "2021-01-01").sum()
    assert strokes.sum() > 1.1 * new


def test_hazards_of_death_rank_those_who_die_and_add_up_to_them(foreseen: dict[str, pd.DataFrame]) -> None:
    hazard, events = foreseen["hazard"], foreseen["event"]
    year = pd.to_datetime(hazard["date"]).dt.year
    death = pd.to_datetime(events.loc[events["kind"] == "death"].set_index("person")["date"]).dt.year
    dies = (hazard["person"].map(death) == year).to_numpy()
    assert hazard["death_risk"].between(0, 1).all()
    assert dies.sum() == pytest.approx(hazard["death_risk"].sum(), rel=0.15)
    assert 0.85 < auroc(hazard["death_risk"].to_numpy(), dies) < 0.98


@pytest.mark.parametrize(("name", "least"), [("stroke", 0.75), ("diabetes", 0.65)])
def test_risks_of_onset_add_up_to_the_onsets(foreseen: dict[str, pd.DataFrame], name: str, least: float) -> None:
    hazard, events = foreseen["hazard"], foreseen["event"]
    well = hazard[hazard[f"{name}_risk"].notna()]
    onset = pd.to_datetime(events[events["kind"] == f"{name}_onset"].set_index("person")["date"]).dt.year
    falls = (well["person"].map(onset) == pd.to_datetime(well["date"]).dt.year).to_numpy()
    assert falls.sum() == pytest.approx(well[f"{name}_risk"].sum(), rel=0.2)
    assert least < auroc(well[f"{name}_risk"].to_numpy(), falls) < 0.97


def test_risks_of_readmission_rank_those_who_come_back(foreseen: dict[str, pd.DataFrame]) -> None:
    stays = foreseen["readmission"]
    stays = stays[~stays["planned"]]
    assert stays["back"].mean() == pytest.approx(stays["risk"].mean(), rel=0.1)
    assert 0.6 < auroc(stays["risk"].to_numpy(), stays["back"].to_numpy()) < 0.85


def test_mothers_are_seen_before_birth(live: Callable[..., Any]) -> None:
    clean = {"profile": "clean", "recording__outpatient__sensitivity": 1.0}
    scene, batches, truth = live(list(range(8)), end="2023-12-31", **clean)
    events = truth["event"].to_pandas()
    births = events.loc[events["kind"] == "delivery"]
    visits = next(b for b in batches if b.feed == "outpatient_visit")
    antenatal = pd.Series(visits.person)[[c.startswith("Z34.9") for c in visits.columns[11].to_pylist()]]
    late = births[pd.to_datetime(births["date"]) >= "2022-10-01"]["person"]
    assert len(late) >= 8
    assert late.isin(antenatal).mean() > 0.9
    assert 4 < antenatal[antenatal.isin(late)].value_counts().mean() < 10
    assert scene.facts.codes.icd10.index("Z34.9") not in scene.facts.codes.outpatient["diagnosis"].tolist()


def test_tuberculosis_is_found_in_its_season_and_never_before_its_onset(facts: ProvinceFacts) -> None:
    days = np.arange(new_year(2021), new_year(2025))
    c = np.full(len(days), facts.conditions.index("tuberculosis"))
    season = facts.catalogue.infections.season[list(facts.catalogue.infections.endemic.index).index("tuberculosis")]
    found = _in_season(facts, c, days - 400, days)
    month, year = (found.astype("M8[D]").astype(f"M8[{unit}]").astype(int) for unit in "MY")
    assert np.bincount(month % 12) / len(days) == pytest.approx(season, abs=0.004)
    assert (year == days.astype("M8[D]").astype("M8[Y]").astype(int)).all()
    assert (_in_season(facts, c, days, days) >= days).all()
    other = np.full(len(days), facts.conditions.index("gout"))
    assert (_in_season(facts, other, days - 400, days) == days).all()
