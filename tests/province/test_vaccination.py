"""The dated national programme: what is due when, and what happens to children between two programmes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jobs.province.datafiles import csv

YEARS = {"population_on": "2021-01-01", "backload_from": "2021-01-01", "end": "2027-06-30"}
PUNCTUAL = {"feeds": ["immunisation"]} | {f"dirt__{n}": 0.0 for n in ("row_repeated", "row_corrected", "row_late")}


@pytest.fixture(scope="module")
def given(live: Callable[..., Any]) -> pd.DataFrame:
    """Every dose delivered for four thousand residents until the middle of 2027, with the true birth date."""
    scene, batches, _ = live(range(8), **YEARS, **PUNCTUAL)
    (doses,) = batches
    people = scene.lives.people
    birth = pd.Series(people.birth.astype("M8[D]"), people.no)
    columns = {
        n: doses.columns[c].to_pylist()
        for n, c in (("vaccine", 8), ("ordinal", 10), ("day", 11), ("reacted", 16), ("reaction", 17))
    }
    frame = pd.DataFrame(columns).assign(person=doses.person)
    frame["day"] = pd.to_datetime(frame["day"], errors="coerce")  # a few dates are impossible
    frame["birth"] = frame["person"].map(birth).astype("M8[ns]")
    return frame.dropna().assign(months=(frame["day"] - frame["birth"]).dt.days / 30.437)


def test_the_programme_is_the_published_one(shared: Path) -> None:
    published = pd.read_csv(shared / "reference/immunization_schedule.csv")
    assumed_for_all = ["JE-I", "HepA-I"]  # inactivated vaccines that a parent may choose instead
    published = published[~published["vaccine_abbr"].isin(assumed_for_all)]
    ours = csv("vaccines.csv").dropna(subset="age_months")
    told = {(v, float(m), r) for v, m, r in published[["vaccine_abbr", "age_months", "route_zh"]].to_numpy().tolist()}
    assert {(v, float(m), r) for v, m, r in ours[["vaccine", "age_months", "route"]].to_numpy().tolist()} == told
    for version, column, day in (
        ("2021 (until 2024-12-31)", "until", "2024-12-31"),
        ("2025 (from 2025-01-01)", "from", "2025-01-01"),
    ):
        theirs = published[published["schedule_version"] == version]
        mine = ours[ours[column] == day]
        assert sorted(theirs["age_months"]) == sorted(mine["age_months"])
        assert set(mine["vaccine"]) <= set(theirs["vaccine_abbr"])


def test_between_two_programmes_nobody_lacks_a_dose_against_whooping_cough_and_few_have_one_too_many(
    given: pd.DataFrame,
) -> None:
    dtap = given[(given["vaccine"] == "DTaP") & (given["months"] < 12)]
    born = dtap[dtap["birth"].between("2024-03-01", "2025-06-30")]
    doses = born.groupby("person").size()
    assert len(doses) > 20
    assert (doses >= 3).mean() > 0.85  # the others missed one (2% of doses) or moved away
    assert doses.max() == 3


def test_girls_born_from_november_2011_on_are_caught_up_with_hpv(given: pd.DataFrame) -> None:
    hpv = given[given["vaccine"] == "HPV2"].sort_values("day")
    assert len(hpv) > 20
    assert hpv["day"].min() >= pd.Timestamp("2025-11-10")
    assert hpv["birth"].min() > pd.Timestamp("2011-11-10")
    assert (hpv.loc[hpv["birth"] < "2012-11-10", "ordinal"] == "1").any()  # 13 before the vaccine came
    gap = hpv.groupby("person")["day"].diff().dt.days.dropna()
    assert len(gap) > 5 and gap.min() >= 28


def test_doses_of_a_vaccine_lie_four_weeks_apart(given: pd.DataFrame) -> None:
    children = given[given["vaccine"] != "InfV"].sort_values(["person", "vaccine", "day"])
    gap = children.groupby(["person", "vaccine"])["day"].diff().dt.days.dropna()
    assert len(gap) > 1000
    assert gap.min() >= 28


def test_doses_of_a_series_come_in_order_and_as_far_apart_as_the_programme_says(given: pd.DataFrame) -> None:
    """Live vaccine against polio four weeks after the inactivated one; meningococcal A twice, three months apart."""
    polio = given[given["vaccine"].isin(["IPV", "bOPV"])].sort_values(["person", "day"])
    same, gap = polio["person"].diff() == 0, polio["day"].diff().dt.days
    switched = same & (polio["vaccine"] == "bOPV") & (polio["vaccine"].shift() == "IPV")
    assert switched.sum() > 100
    assert gap[same].min() >= 28
    assert not (same & (polio["vaccine"] == "IPV") & (polio["vaccine"].shift() == "bOPV")).any()
    meningococcal = given[given["vaccine"] == "MPSV-A"].sort_values(["person", "day"])
    gap = meningococcal.groupby("person")["day"].diff().dt.days.dropna()
    assert len(gap) > 100 and gap.min() >= 90


def test_influenza_vaccine_is_given_in_autumn_mostly_to_the_young_and_old(given: pd.DataFrame) -> None:
    doses = given[given["vaccine"] == "InfV"]
    assert 0.01 < len(doses) / (4000 * 6) < 0.06
    assert set(doses["day"].dt.month) <= {9, 10, 11, 12}
    assert not doses.duplicated(["person", "ordinal"]).any()
    years = doses["months"] / 12
    assert ((years < 18) | (years >= 65)).mean() > 0.5


def test_a_suspected_reaction_follows_few_doses_by_the_next_day(given: pd.DataFrame) -> None:
    has = given[given["reaction"] != ""]
    assert ((given["reacted"] != "") == (given["reaction"] != "")).all()
    assert 0 < len(has) < 0.002 * len(given)
    assert (pd.to_datetime(has["reacted"]) - has["day"]).dt.days.isin([0, 1]).all()
