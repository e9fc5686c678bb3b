"""Impossible settings are refused with the setting's name and what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from jobs.lakehouse.errors import Refused
from jobs.lakehouse.settings import CONF, choices, load, parse
from jobs.province.facts import ProvinceFacts
from jobs.province.schedule import Schedule
from jobs.province.settings import SimulateSettings
from tests.province.conftest import FACTS, node


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"feeds": ["outpatient_visit", "teleport"]},
            r"simulate\.feeds=.*teleport.*: must be a list of some",
        ),
        ({"feeds": []}, r"simulate\.feeds=\[\]: must be a list of some of"),
        ({"residents": -1}, r"simulate\.residents=-1: must be a whole number from 1"),
        ({"residents": 2_000_000_000}, r"simulate\.residents=.*from 1 to 110000000"),
        ({"rate__move_out": 1.5}, r"simulate\.rate\.move_out=1\.5: must be a number from 0 to 1"),
        ({"dirt__id_missing": -0.1}, r"simulate\.dirt\.id_missing=-0\.1: must be a number from 0 to 1"),
        ({"dirt__id_borrowed": 1.5}, r"simulate\.dirt\.id_borrowed=1\.5: must be a number from 0 to 1"),
        ({"dirt__registry_multiple": -0.1}, r"simulate\.dirt\.registry_multiple=-0\.1: must be a number from 0"),
        (
            {"dirt__permit_hong_kong": 0.7, "dirt__permit_macao": 0.4},
            r"simulate\.dirt\.permit_hong_kong and simulate\.dirt\.permit_macao: must not come to more than 1 together",
        ),
        ({"recording__death__sensitivity": -1}, r"simulate\.recording\.death\.sensitivity=-1: must be a number from 0"),
        (
            {"recording__outpatient__predictive_value": 0},
            r"simulate\.recording\.outpatient\.predictive_value=0",
        ),
        ({"recording__insurance_edition": 0.5}, r"simulate\.recording\.insurance_edition=0\.5: must be at most 0\.4"),
        ({"end": "2022-12-31"}, r"simulate\.end=2022-12-31: must be on or after"),
        ({"start": "2023-02-30"}, r"simulate\.start=2023-02-30: must be a date"),
        ({"deliver_every": "week"}, r"simulate\.deliver_every=week: must be one of month, day"),
        ({"backload_from": "2021-12-31"}, r"simulate\.backload_from=2021-12-31: must lie between"),
        ({"population_on": "2022-02-01"}, r"simulate\.population_on=2022-02-01: must be a 1 January"),
        (
            {"population_on": "1990-01-01"},
            r"simulate\.population_on=1990-01-01: must lie from 2000-01-01 to 2050-01-01",
        ),
        ({"rate__move_in": 0.5}, r"simulate\.rate\.move_in=0\.5: must be a number from 0 to 0\.08"),
        ({"out": "s3a://bucket/inbox"}, r"simulate\.out=s3a://bucket/inbox: must be a folder"),
        ({"out": None}, r"simulate\.out=None: must be a folder .*, not empty"),
        ({"truth": " "}, r"simulate\.truth= : must be a folder .*, not empty"),
        ({"rate__visits": -6.8}, r"simulate\.rate\.visits=-6\.8: must be a number from 0 to 40"),
        ({"rate__visits": 400}, r"simulate\.rate\.visits=400: must be a number from 0 to 40"),
        ({"rate__admissions": 100}, r"simulate\.rate\.admissions=100: must be a number from 0 to 1$"),
        ({"rate__births_per_1000": 100}, r"simulate\.rate\.births_per_1000=100: must be a number from 0 to 25"),
        ({"dirt__spread": 50}, r"simulate\.dirt\.spread=50: must be a number from 0 to 3"),
        ({"dirt__clerk_spread": 50}, r"simulate\.dirt\.clerk_spread=50: must be a number from 0 to 3"),
        (
            {"population_on": "2050-01-01", "backload_from": None, "start": "2099-01-01", "end": "2099-01-31"},
            r"simulate\.end=2099-01-31: must be on or before 2098-12-31",
        ),
        ({"rate__mortality_scale": float("nan")}, r"simulate\.rate\.mortality_scale=nan: must be a number from 0"),
        ({"gb18030_share": -0.1}, r"simulate\.gb18030_share=-0\.1: must be a number from 0 to 1"),
        (
            {"rate__move_out": 0.6, "rate__move_within": 0.5},
            r"simulate\.rate\.move_out, .*move_within and .*move_address: must not come to more than 1 .* 1\.13",
        ),
        ({"rate__move_address": 0.99}, r"simulate\.rate\.move_out, .*move_address: must not .* 1\.016"),
        ({"hospitals_per_city": 0}, r"simulate\.hospitals_per_city=0: must be"),
    ],
)
def test_impossible_settings_are_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        SimulateSettings.of(node(tmp_path, **changed))


def test_truth_inside_the_inbox_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"simulate\.truth=.*apart"):
        SimulateSettings.of(node(tmp_path, truth=str(tmp_path / "inbox/truth")))


@pytest.mark.parametrize("setting", ["out", "truth"])
def test_a_folder_under_a_file_is_refused(tmp_path: Path, setting: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match=rf"simulate\.{setting}=.*: must be a folder one can write to, .*/file is not"):
        SimulateSettings.of(node(tmp_path, **{setting: str(tmp_path / "file/below/it")}))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("changed", "feed", "least", "most"),
    [  # rows a resident and year, of which one to three in a hundred are never delivered
        ({"rate__visits": 40}, "outpatient_visit", 38, 41),
        ({"rate__visits": 0}, "outpatient_visit", 0.5, 1.5),  # those of the ill and the pregnant
        ({"rate__admissions": 1}, "inpatient_home_page", 0.88, 1),
        ({"rate__admissions": 0}, "inpatient_home_page", 0.05, 0.1),  # those of the ill, and births
        ({"rate__births_per_1000": 25}, "birth_certificate", 0.020, 0.027),
        ({"rate__births_per_1000": 0}, "birth_certificate", 0, 0),
        ({"dirt__spread": 3, "dirt__clerk_spread": 3}, "outpatient_visit", 6.4, 7.2),
    ],
)
def test_the_outermost_settings_come_out_as_they_are_set(
    live: Callable[..., Any], changed: dict[str, Any], feed: str, least: float, most: float
) -> None:
    clean = {"feeds": [feed], "end": "2023-12-31"}
    _, (batch,), _ = live(range(8), **clean | changed)
    assert least <= len(batch.sender) / (8 * 500 * 2) <= most


@pytest.mark.filterwarnings("error")
def test_the_last_year_can_be_simulated(live: Callable[..., Any]) -> None:
    last = {"population_on": "2048-01-01", "backload_from": None, "start": "2098-01-01", "end": "2098-12-31"}
    _, batches, _ = live(range(4), **last)
    assert all(len(b.sender) for b in batches)


@pytest.mark.parametrize(
    ("file", "there", "changed", "message"),
    [
        ("places.csv", "9202432,4612763", "9202433,4612763", "cities sum to 101527454, the province to 101527453"),
        ("places.csv", ",819139,", ",819138,", "counties and zones of 370100 sum to 9202431, the city to 9202432"),
        ("population_age_sex.csv", "1,0-4,299884", "1,0-4,399884", r"ages and sexes of 370100 sum to 93\d+, the city"),
        ("county_age.csv", "历下区,819139,", "历下区,819140,", "has 819140 residents of 370102, places.csv 819139"),
        (
            "county_age.csv",
            "97.35,0.0084,0.0537",
            "97.35,0.0084,0.5537",
            "age shares of 370102 sum to 1.5.*must sum to 1",
        ),
    ],
)
def test_a_population_whose_totals_disagree_is_refused(
    tmp_path: Path, file: str, there: str, changed: str, message: str
) -> None:
    for name in ("places.csv", "population_age_sex.csv", "county_age.csv"):
        (tmp_path / name).write_bytes((FACTS / name).read_bytes())
    text = (FACTS / file).read_text(encoding="utf-8")
    assert there in text
    (tmp_path / file).write_text(text.replace(there, changed, 1), encoding="utf-8")
    with pytest.raises(Refused, match=rf"province\.facts={tmp_path}: .*{message}"):
        ProvinceFacts.read("370000", tmp_path)


def test_a_province_that_the_files_do_not_hold_is_refused() -> None:
    with pytest.raises(Refused, match=r"province\.facts=.*: no province 110000 in places.csv; there is: 370000"):
        ProvinceFacts.read("110000", FACTS)


def test_deliveries_cover_every_day_once(tmp_path: Path) -> None:
    months = Schedule.of(SimulateSettings.of(node(tmp_path, start="2023-01-15", end="2023-03-10")))
    shown = [(str(p.start), str(p.end), str(p.delivered)) for p in months.periods]
    assert shown == [
        ("2022-01-01", "2023-01-14", "2023-01-15"),
        ("2023-01-15", "2023-01-31", "2023-02-01"),
        ("2023-02-01", "2023-02-28", "2023-03-01"),
        ("2023-03-01", "2023-03-10", "2023-03-11"),
    ]
    day = {"backload_from": None, "start": "2026-01-01", "end": "2026-01-01", "deliver_every": "day"}
    one = Schedule.of(SimulateSettings.of(node(tmp_path, **day)))
    assert [(str(p.start), str(p.delivered)) for p in one.periods] == [("2026-01-01", "2026-01-02")]


@pytest.mark.parametrize("profile", choices("dirt"))
def test_every_profile_of_dirt_can_be_picked_and_each_share_set(profile: str) -> None:
    overrides = parse([f"simulate.dirt={profile}", "simulate.dirt.row_late=0.25"])
    made = SimulateSettings.of(OmegaConf.to_container(load("simulate", overrides).simulate))  # type: ignore[arg-type]
    expected = yaml.safe_load((CONF / f"dirt/{profile}.yaml").read_text(encoding="utf-8")) | {"row_late": 0.25}
    assert asdict(made.dirt) == expected


def test_an_unknown_profile_or_kind_of_dirt_is_refused() -> None:
    with pytest.raises(Refused, match=r"simulate\.dirt=filthy: no such dirt; there are: clean, heavy, unseen, usual"):
        load("simulate", parse(["simulate.dirt=filthy"]))
    with pytest.raises(Refused, match=r"no setting simulate\.dirt\.id_borowed .*simulate\.dirt\.id_borrowed"):
        load("simulate", parse(["simulate.dirt.id_borowed=0.1"]))
