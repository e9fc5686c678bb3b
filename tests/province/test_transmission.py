"""Contagion, as it comes out of a process: seasons, neighbours, immunity, holidays; and outbreaks that are planted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.province.draws import Draws, Floats
from jobs.province.facts import ProvinceFacts
from jobs.province.intensity import GROUP, infected_yearly, intensity
from jobs.province.life import new_year
from jobs.province.outbreaks import profile
from jobs.province.people import YEAR, residents
from jobs.province.settings import SimulateSettings
from jobs.province.transmission import MONDAY, Course, in_term, people_by_group, spread
from jobs.province.vaccinees import HEPATITIS_B, refused, relative_to_cohort
from jobs.province.visits import month_starts
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS, node

HFMD, INFLUENZA = 0, 1  # rows of epidemics.csv
YEARS = range(2021, 2027)
FIVE = {"population_on": "2021-01-01", "backload_from": "2021-01-01", "end": "2025-12-31"}


def process(facts: ProvinceFacts, disease: int, seed: int = 1, last: int = 2027, **changed: float) -> Course:
    """One disease from 2021 to the end of the year before ``last``, with changed parameters."""
    row = facts.catalogue.infections.epidemics.iloc[disease].copy()
    for name, value in changed.items():
        row[name] = value
    return spread(Draws(seed), facts.places, row, disease, new_year(2021), new_year(last) - 1)


def by_month(facts: ProvinceFacts, course: Course) -> Floats:
    """Share of the province's infections by month of the year."""
    people = people_by_group(facts.places)
    total = (course.new * people[:, :, None]).sum(axis=(0, 1))
    day = (course.first + np.arange(len(total))) * 7 + MONDAY + 3
    month = day.astype("M8[D]").astype("M8[M]").astype(np.int64) % 12
    return np.bincount(month, total, minlength=12) / total.sum()


def test_the_groups_of_the_process_are_the_census_residents(facts: ProvinceFacts) -> None:
    people = people_by_group(facts.places)
    assert people.sum() == pytest.approx(101_527_453, rel=1e-6)
    assert people[:, :2].sum() / people.sum() == pytest.approx(0.218, abs=0.01)  # under 18
    assert (people > 0).all()


def test_influenza_comes_in_winter_and_hand_foot_and_mouth_disease_in_summer(facts: ProvinceFacts) -> None:
    winter, summer = (by_month(facts, process(facts, d)) for d in (INFLUENZA, HFMD))
    assert winter[[11, 0, 1, 2, 3]].sum() > 0.65
    assert summer[[4, 5, 6, 7]].sum() > 0.5
    assert winter[[5, 6, 7, 8]].sum() < 0.15 and summer[[11, 0, 1]].sum() < 0.2


def test_going_on_leaves_the_epidemic_as_it_was_and_another_seed_has_another(facts: ProvinceFacts) -> None:
    short, long_, other = (
        process(facts, INFLUENZA, last=2023),
        process(facts, INFLUENZA),
        process(facts, INFLUENZA, 2),
    )
    assert np.array_equal(long_.new[:, :, : short.new.shape[2]], short.new)
    assert not np.allclose(long_.new, other.new, rtol=0.2)


def test_counties_of_a_city_have_their_epidemics_together_more_than_others(facts: ProvinceFacts) -> None:
    same = facts.places.city[:, None] == facts.places.city[None, :]
    off = ~np.eye(len(same), dtype=bool)

    def alike(**changed: float) -> tuple[float, float]:
        """Mean correlation inside cities and across them of what differs from the province's mean week."""
        new = np.log(process(facts, INFLUENZA, **changed).new.sum(axis=1) + 1e-6)
        own = np.corrcoef(new - new.mean(axis=0))
        return float(own[same & off].mean()), float(own[~same].mean())

    inside, across = alike()
    assert inside > across + 0.1
    alone = alike(in_city=0.0, across=0.0)
    assert abs(alone[0] - alone[1]) < 0.1


def test_who_was_infected_is_immune_for_a_while(facts: ProvinceFacts) -> None:
    """Without waning, only the young are left to infect after the ten years before."""
    usual, lasting = process(facts, INFLUENZA), process(facts, INFLUENZA, immune_years=1e6)
    people = people_by_group(facts.places)
    yearly = [(c.new.sum(axis=2) * people).sum(axis=0) / people.sum(axis=0) / len(YEARS) for c in (usual, lasting)]
    assert (yearly[1] < 0.6 * yearly[0]).all()
    assert yearly[1][2] < 0.05 < yearly[0][2]
    assert usual.new.sum(axis=2).max() < len(YEARS)  # nobody more than once a year


def test_children_infect_each_other_less_in_the_holidays(facts: ProvinceFacts) -> None:
    usual, open_all_year = process(facts, HFMD, drift=0.0), process(facts, HFMD, drift=0.0, holiday=1.0)
    weeks = usual.first + np.arange(usual.new.shape[2])
    away = ~in_term(weeks)
    shares = [c.new[:, 1][:, away].sum() / c.new[:, 1].sum() for c in (usual, open_all_year)]
    assert shares[0] < shares[1] - 0.01
    assert 0.2 < away.mean() < 0.3


def settings(**changed: Any) -> SimulateSettings:
    return SimulateSettings.of(node(Path("unused"), **FIVE, **changed))


def test_over_five_years_notified_cases_come_to_the_published_rates(facts: ProvinceFacts) -> None:
    asked = settings(outbreaks__a_year=0.0)
    course = intensity(facts, asked, new_year(2026))
    infected = course.between(month_starts(range((2021 - 1970) * 12, (2026 - 1970) * 12))).sum(axis=-1) / 5
    people = people_by_group(facts.places)
    of_group = np.array(
        [(infected[:, :, g] * people[:, GROUP[g]]).sum(axis=1) / people[:, GROUP[g]].sum() for g in range(5)]
    )
    told = facts.catalogue.infections.notified / infected_yearly(facts, asked)
    notified = of_group.T * told
    assert notified == pytest.approx(facts.catalogue.infections.notified, rel=0.01)
    assert (told < 1).all() and told[INFLUENZA].max() < 0.3


@pytest.fixture(scope="module")
def planted(live: Callable[..., Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Outbreaks and infections of four thousand residents with many large outbreaks."""
    truth = live(range(8), **FIVE, feeds=["infectious_card"], outbreaks__a_year=1.0, outbreaks__size_multiple=40.0)[2]
    return truth["outbreak"].to_pandas(), truth["infection"].to_pandas()


def test_an_outbreak_infects_as_many_more_as_expected(planted: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    outbreaks, infected = planted
    assert len(outbreaks) > 500 and (outbreaks["size_multiple"] > 0).all()
    expected, found = outbreaks["expected_extra"].sum(), outbreaks["infected"].sum()
    assert expected > 100
    assert abs(found - expected) < 4 * expected**0.5 + 0.15 * expected  # some are infected otherwise that month
    counted = infected.dropna(subset="outbreak").groupby("outbreak").size()
    assert counted.to_dict() == outbreaks.loc[outbreaks["infected"] > 0].set_index("outbreak")["infected"].to_dict()


def test_its_cases_lie_in_its_weeks_and_place(planted: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    outbreaks, infected = planted
    of = infected.dropna(subset="outbreak").merge(outbreaks, on="outbreak", suffixes=("", "_of"))
    assert len(of) > 100
    assert (of["disease"] == of["disease_of"]).all()
    assert ((of["onset"] >= of["start"]) & (of["onset"] <= of["end"])).all()
    assert (of["county"] == of["county_of"]).mean() > 0.97  # the others moved between infection's month and onset
    monday = pd.to_datetime(outbreaks["start"])
    assert set(monday.dt.dayofweek) == {0}
    assert not ((monday.dt.month == 8) & (monday.dt.day < 25)).any()  # schools are closed
    assert 3 < ((pd.to_datetime(outbreaks["end"]) - monday).dt.days + 1).mean() / 7 < 5


def test_outbreaks_follow_from_the_seed_alone_and_there_are_none_where_none_are_asked_for(
    live: Callable[..., Any],
) -> None:
    where = ["outbreak", "disease", "county", "start", "end"]
    short = {"feeds": ["infectious_card"]}
    one, two = (live(b, **short)[2]["outbreak"].to_pandas()[where] for b in ([0], [5, 6]))
    assert len(one) > 3 and one.equals(two)
    assert not one.equals(live([0], seed=3, **short)[2]["outbreak"].to_pandas()[where])
    none = live([0], outbreaks__a_year=0.0, **short)[2]
    assert none["outbreak"].num_rows == 0
    assert none["infection"]["outbreak"].null_count == none["infection"].num_rows > 10


def test_an_outbreak_rises_and_falls_and_its_weeks_come_to_its_size(facts: ProvinceFacts) -> None:
    found = intensity(facts, settings(outbreaks__weeks=8.0), new_year(2026)).outbreaks
    shape = profile(Draws(1), found)
    assert shape.sum(axis=1) == pytest.approx(found.length)
    long_ = shape[found.length >= 10]
    peak = long_.argmax(axis=1)
    assert len(long_) > 5 and (peak > 0).all() and (peak < 8).all()


def test_outbreaks_leave_the_rest_of_the_process_as_it_was(facts: ProvinceFacts) -> None:
    with_, without = (intensity(facts, settings(outbreaks__a_year=a), new_year(2026)) for a in (1.0, 0.0))
    assert np.allclose(with_.total - with_.extra, without.total)
    assert (with_.extra > 0).sum() > 1000 and not without.extra.any()


def test_vaccination_against_influenza_lowers_ones_own_risk_and_not_the_mean(facts: ProvinceFacts, live: Any) -> None:
    """With a vaccine that always protects and that half of all take, nobody protected is infected."""
    share = dict(facts.catalogue.share) | {"vaccination.effect_influenza": 1.0}
    share |= {f"vaccination.influenza_{g}": 0.5 for g in ("0_5", "6_17", "18_44", "45_64", "65")}
    other = replace(facts, catalogue=replace(facts.catalogue, share=share))
    feeds = ["immunisation", "infectious_card"]
    truth, usual = (live(range(4), feeds=feeds, facts=f, **FIVE)[2] for f in (other, facts))
    event, infected = truth["event"].to_pandas(), truth["infection"].to_pandas()
    people = truth["person"].to_pandas()
    grown_up = people.loc[pd.to_datetime(people["birth_date"]) < "2000-01-01", "person"]  # no dose of the programme
    event = event[event["person"].isin(grown_up)]
    flu = infected[infected["disease"] == "influenza"]
    doses = event[(event["kind"] == "vaccination") & (pd.to_datetime(event["date"]).dt.month >= 9)]
    both = flu.merge(doses, on="person")
    since = (pd.to_datetime(both["onset"]) - pd.to_datetime(both["date"])).dt.days
    assert len(both) > 100
    assert not since.between(45, 180).any()  # two weeks to protection, counted from the start of a month
    before = usual["infection"].to_pandas()
    assert len(flu) == pytest.approx((before["disease"] == "influenza").sum(), rel=0.25)


def test_a_case_of_hepatitis_b_or_tuberculosis_is_a_condition_that_was_found(live: Any) -> None:
    truth = live(range(12), feeds=["infectious_card"], **FIVE)[2]
    infected = truth["infection"].to_pandas()
    events = truth["event"].to_pandas()
    for disease in ("hepatitis_b", "tuberculosis"):
        cases = infected[infected["disease"] == disease]
        onset, found = (
            events[events["kind"] == f"{disease}_{what}"].set_index("person")["date"] for what in ("onset", "diagnosis")
        )
        assert len(cases) > 10 and not cases["person"].duplicated().any()
        assert (cases["onset"].to_numpy() == onset.loc[cases["person"]].to_numpy()).all()
        in_time = (found >= pd.Timestamp("2021-01-01").date()) & (found <= pd.Timestamp("2025-12-31").date())
        assert set(cases["person"]) <= set(found[in_time].index)


def test_a_card_of_an_endemic_disease_tells_when_the_patient_felt_ill_and_the_age_at_diagnosis(live: Any) -> None:
    scene, batches, _ = live(range(12), profile="clean", feeds=["infectious_card"], **FIVE)
    names = load_contracts(CONTRACTS)["infectious_card"].names
    cards = pd.DataFrame(dict(zip(names, (c.to_pylist() for c in batches[0].columns), strict=True)))
    people = scene.lives.people
    born = pd.Series(people.birth.astype("M8[D]"), people.no).loc[batches[0].person].to_numpy("M8[s]")
    found, onset = (pd.to_datetime(cards[c]) for c in ("diagnosed_on", "onset_date"))
    ill = (found - onset).dt.days[cards["disease_code"].isin(["B18.1", "A16.2"])]
    assert len(ill) > 30 and 5 < ill.mean() < 25 and ill.min() >= 0 and ill.max() <= 90
    assert (cards["age"].astype(int) - ((found - born).dt.days / YEAR).astype(int) == 0).all()
    assert (found[cards["population_code"] == "3"] - born[cards["population_code"] == "3"]).dt.days.max() < 18 * YEAR


def test_hepatitis_b_strikes_mostly_the_unvaccinated(facts: ProvinceFacts) -> None:
    """Where half refuse all vaccines: of those born since there is one, ten times as many; the mean stays."""
    share = dict(facts.catalogue.share) | {"vaccination.refused": 0.5, "vaccination.dose_missed": 0.0}
    other = replace(facts, catalogue=replace(facts.catalogue, share=share))
    people, _ = residents(Draws(1), facts.places, np.arange(20), new_year(2021))
    risk = relative_to_cohort(Draws(1), other, people, HEPATITIS_B, 10.0)
    young = people.birth >= new_year(1992)
    refuses = refused(Draws(1), other, people.no)
    assert (risk[~young] == 1).all() and young.sum() > 2000
    with_, without = np.unique(risk[young & ~refuses]), np.unique(risk[young & refuses])
    assert len(with_) == len(without) == 1 and without / with_ == pytest.approx(10)
    assert risk[young].mean() == pytest.approx(1, rel=0.05)
