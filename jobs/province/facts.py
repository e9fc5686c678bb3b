"""What the province is drawn from: places, ages, rates and conditions, read once from small CSV files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from jobs.lakehouse.errors import Refused
from jobs.province.alternatives import Alternatives
from jobs.province.catalogue import Catalogue
from jobs.province.codebook import Codes, Names, read_codes, read_names
from jobs.province.conditions import AGES, Conditions, read_conditions
from jobs.province.datafiles import csv
from jobs.province.draws import Choice, Floats, Ints
from jobs.province.lab_lists import Laboratory, read_laboratory
from jobs.province.population import agree

FIVE = 5  # bands of five years begin at this age
BANDS = 18  # five-year bands, the last 85+
OUTSIDE = ("110000", "120000", "130000", "210000", "220000", "230000", "320000", "340000", "410000")  # hukou elsewhere


@dataclass(frozen=True)
class Places:
    """Cities and counties with their people. Index arrays: ``city`` of each county; weights are census residents."""

    city_code: tuple[str, ...]
    county_code: tuple[str, ...]
    city: Ints
    people: Floats
    city_people: Floats
    cells: Choice  # by city: sex x band
    county: Choice  # by city x band: county
    near: Choice  # by city: county of that city
    near_city: Ints  # by city: the larger one where patients go who do not go to the capital (0: they all do)
    position: Floats  # of each county: kilometres east and north, near enough for distances
    former: Alternatives  # by county: codes that it, or a part of it, had before
    names: tuple[tuple[str, ...], ...]  # of province, city and county: each by county

    @property
    def urban(self) -> np.ndarray:
        """The counties that are districts of a city (市辖区): their codes end in 01 to 20 (GB/T 2260)."""
        return np.array([int(code[4:]) <= 20 for code in self.county_code])


@dataclass(frozen=True)
class Rates:
    """Rates by sex (0 male, 1 female) and whole age 0..110: deaths, fertility, use of care, lung cancer."""

    death: Floats
    fertility: Floats
    visits: Floats
    admissions: Floats
    lung_cancer: Floats


@dataclass(frozen=True, eq=False)
class ProvinceFacts:
    """Everything the simulator draws from."""

    code: str
    places: Places
    rates: Rates
    conditions: Conditions
    codes: Codes
    laboratory: Laboratory
    names: Names
    catalogue: Catalogue

    @staticmethod
    def read(code: str, folder: Path) -> ProvinceFacts:
        """Read the province's folder and the files common to all provinces.

        Raises ``Refused`` if the folder lacks a file or its totals disagree.
        """
        for name in ("places.csv", "population_age_sex.csv", "county_age.csv"):
            if not (folder / name).is_file():
                raise Refused(f"province.facts={folder}: no {name} there")
        codes, places = read_codes(), _places(code, folder)
        rates, people = _rates(places), population_by_age(places)
        catalogue = Catalogue.read(codes.icd10, people)
        conditions = read_conditions(people, np.concatenate([rates.lung_cancer[None], catalogue.cancers.rate[1:]]))
        conditions.table["department_no"] = conditions.table["department"].map(codes.department_code.index)
        return ProvinceFacts(
            code,
            places,
            rates,
            conditions,
            codes,
            read_laboratory(conditions.name, codes.icd10),
            read_names(),
            catalogue,
        )


def _places(code: str, folder: Path) -> Places:
    agree(code, folder)
    places = csv("places.csv", folder)
    cities = places[places["level"] == "city"].sort_values("gb2260_code")
    counties = places[(places["level"] == "county") & (places["official_gb2260"] == 1)].sort_values("gb2260_code")
    city_code = tuple(cities["gb2260_code"])
    city = counties["parent_code"].map({c: i for i, c in enumerate(city_code)}).to_numpy(np.int64)
    people = counties["population_2020"].to_numpy(np.float64)
    city_people = cities["population_2020"].to_numpy(np.float64)
    province = places.loc[places["level"] == "province", "name_zh"].iloc[0]
    people = people * (city_people / np.bincount(city, people))[city]  # zones' residents go to the city's counties
    cells = csv("population_age_sex.csv", folder).set_index("gb2260_code").loc[list(city_code), "population_est"]
    in_city = (city[None, :] == np.arange(len(city_code))[:, None]) * people
    by_band = (in_city[:, None, :] * _band_shares(folder, counties)[None, :, :]).reshape(-1, len(people))
    return Places(
        city_code,
        tuple(counties["gb2260_code"]),
        city,
        people,
        city_people,
        Choice.of(cells.to_numpy().reshape(len(city_code), 2 * BANDS)),
        Choice.of(by_band),
        Choice.of(in_city),
        _near_city(city_code, folder),
        _position(counties),
        Alternatives.read("old_counties.csv", tuple(counties["gb2260_code"]), "gb2260_code", folder),
        ((province,) * len(counties), tuple(counties["city_name_zh"]), tuple(counties["name_zh"])),
    )


def _near_city(city_code: tuple[str, ...], folder: Path) -> Ints:
    """By city, the position of its larger neighbour; where the file has none, that of the capital."""
    found = np.zeros(len(city_code), np.int64)
    if (folder / "near_cities.csv").is_file():
        table = csv("near_cities.csv", folder)
        found[table["gb2260_code"].map(city_code.index)] = table["near_code"].map(city_code.index)
    return found


def _position(counties: pd.DataFrame) -> Floats:
    lon, lat = (np.radians(counties[c].to_numpy(np.float64)) for c in ("lon", "lat"))
    return 6371 * np.column_stack([lon * np.cos(lat.mean()), lat])


def _band_shares(folder: Path, counties: pd.DataFrame) -> Floats:
    """Share of each county's residents in each of the 18 bands: [band, county]."""
    ages = csv("county_age.csv", folder).set_index("gb2260_code").loc[list(counties["gb2260_code"])]
    shares = ages[[c for c in ages.columns if c.startswith("share_") and c[6].isdigit()]].to_numpy(np.float64).T
    return np.vstack([shares[0] + shares[1], shares[2:]])


def _by_age(table: pd.DataFrame, columns: tuple[str, str]) -> Floats:
    """[sex, whole age] by linear interpolation of a table with a column ``age`` and one column a sex."""
    return np.array([np.interp(AGES, table["age"], table[c]) for c in columns])


def _rates(places: Places) -> Rates:
    death = np.array([_death_rates(s) for _, s in csv("mortality_china_wpp2019.csv").groupby("sex_code")])
    death *= _by_age(csv("mortality_by_age.csv"), ("factor", "factor"))
    births = csv("fertility_age_pattern_wpp2019.csv")["percent_of_fertility_2020_2025"].to_numpy() / 100 / 5
    fertility = np.zeros(len(AGES))
    fertility[15:50] = np.repeat(births, 5)
    care = csv("care_by_age.csv")
    return Rates(
        death,
        fertility,
        _by_age(care, ("visits_male", "visits_female")),
        _by_age(care, ("admissions_male", "admissions_female")),
        _lung_cancer(places),
    )


def _death_rates(bands: pd.DataFrame) -> Floats:
    """By whole age: of bands of five years their logarithm is interpolated between their middles."""
    begins, rate = bands["age_from"].to_numpy(np.float64), bands["mx_2020_2025"].to_numpy(np.float64)
    five = begins >= FIVE
    smooth = np.exp(np.interp(AGES + 0.5, begins[five] + 2.5, np.log(rate[five])))
    return np.where(AGES < FIVE, rate[np.searchsorted(begins, AGES, side="right") - 1], smooth)


def _lung_cancer(places: Places) -> Floats:
    """New cases a person-year: the assumed shape by age, scaled to the published crude rates by sex."""
    shape = _by_age(csv("lung_cancer_shape.csv"), ("male", "female"))
    rates = csv("cancer_rates_cn.csv")
    columns = ["new_cases_2022_all", "inc_crude_2011_male", "inc_crude_2011_female"]
    cases, male, female = rates.loc[rates["site_en"] == "Lung", columns].to_numpy(np.float64)[0]
    crude, ratio = cases / 1.412e9, male / female  # China's residents in 2022
    people = population_by_age(places)
    men = people[0].sum() / people.sum()
    wanted = crude / (men * ratio + 1 - men) * np.array([ratio, 1.0])
    return shape * (wanted / ((shape * people).sum(axis=1) / people.sum(axis=1)))[:, None]


def population_by_age(places: Places) -> Floats:
    """Census residents by sex and whole age, bands spread evenly (85+ to 94)."""
    cities = len(places.city_code)
    shares = np.diff(np.concatenate([[0.0], places.cells.cumulative])).reshape(cities, 2, BANDS)
    bands = (shares * places.city_people[:, None, None]).sum(axis=0)
    people = np.zeros((2, len(AGES)))
    for band in range(BANDS):
        width = 5 if band < BANDS - 1 else 10
        people[:, band * 5 : band * 5 + width] = bands[:, band : band + 1] / width
    return people
