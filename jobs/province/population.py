"""Whether the population files of a province agree with one another, before anybody is simulated from them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from jobs.lakehouse.errors import Refused
from jobs.province.datafiles import csv

ROUNDING = 36  # residents of a city by which its cells of age and sex may miss its total, as each is rounded
SHARES_OFF = 0.005  # by which the age shares of a county may miss 1


def agree(code: str, folder: Path) -> None:
    """Raise ``Refused`` unless cities sum to the province, counties and zones to cities, and ages to both."""
    places = csv("places.csv", folder)
    people = places.set_index("gb2260_code")["population_2020"]
    if code not in people.index:
        raise _refused(folder, f"no province {code} in places.csv; there is: {_provinces(places)}")
    if (people < 0).any():
        raise _refused(folder, f"places.csv has {people[people < 0].index[0]} with fewer than 0 residents")
    cities = places.loc[places["level"] == "city", "gb2260_code"]
    if people[cities].sum() != people[code]:
        raise _refused(folder, f"cities sum to {people[cities].sum()}, the province to {people[code]}")
    below = places[places["level"].isin(("county", "zone"))].groupby("parent_code")["population_2020"].sum()
    cells = csv("population_age_sex.csv", folder).groupby("gb2260_code")["population_est"].sum()
    for parts, named, most in ((below, "counties and zones", 0), (cells, "ages and sexes", ROUNDING)):
        off = (parts.reindex(cities, fill_value=0) - people[cities]).abs()
        if off.max() > most:
            city = off.idxmax()
            raise _refused(folder, f"{named} of {city} sum to {parts.get(city, 0)}, the city to {people[city]}")
    _counties_agree(folder, people)


def _counties_agree(folder: Path, people: pd.Series) -> None:
    ages = csv("county_age.csv", folder).set_index("gb2260_code")
    off = ages["population_2020"] != people.reindex(ages.index)
    if off.any():
        county = off.idxmax()
        raise _refused(
            folder,
            f"county_age.csv has {ages.loc[county, 'population_2020']} residents of {county}, places.csv "
            f"{people.get(county, 'none')}",
        )
    shares = ages[[c for c in ages.columns if c.startswith("share_")]]
    wrong = ((shares.sum(axis=1) - 1).abs() > SHARES_OFF) | (shares < 0).any(axis=1)
    if wrong.any():
        county = wrong.idxmax()
        raise _refused(folder, f"age shares of {county} sum to {shares.loc[county].sum():.4f}; they must sum to 1")


def _provinces(places: pd.DataFrame) -> str:
    return ", ".join(places.loc[places["level"] == "province", "gb2260_code"])


def _refused(folder: Path, what: str) -> Refused:
    return Refused(f"province.facts={folder}: {what}")
