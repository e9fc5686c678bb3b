"""The published figures that a simulation is held against: one row a figure, with its place, year and source."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from jobs.province.datafiles import csv
from jobs.province.facts import ProvinceFacts

BOTH, MALE, FEMALE = "B", "M", "F"
OLDEST = 120
CHINA, CHINA_RESIDENTS = "China", 1.412e9  # residents in 2022
AGE_SHARES = "age_share"


@dataclass(frozen=True)
class Published:
    """One figure. ``code`` is a range of ICD-10 or the code of a city; ages are whole years, both included."""

    indicator: str
    sex: str
    age_from: int
    age_to: int
    value: float
    unit: str
    year: str
    place: str
    status: str  # opened, derived or memory: how far the source has been looked at
    source: str
    code: str = ""
    name_zh: str = ""
    name_en: str = ""
    extent: str = ""  # the nation, the province, a city, or the place itself

    @property
    def middle(self) -> float:
        """The middle of the years that the figure is about."""
        years = [int(y) for y in re.findall(r"\d{4}", self.year)]
        return sum(years) / len(years) if years else math.nan

    @property
    def about(self) -> tuple[str, str, str, int, int]:
        """What the figure tells; of several that tell the same, one is the target."""
        return self.indicator, self.code if self.name_en else "", self.sex, self.age_from, self.age_to


def published(facts: ProvinceFacts, folder: Path, province: str) -> list[Published]:
    """Every figure at hand; ``folder`` holds the province's places and ages, ``province`` is its English name."""
    rows = [
        *_indicators("calibration.csv"),
        *_indicators("calibration_more.csv"),
        *_cancer_sites(),
        *_cities(folder),
        *_ages(facts, folder, province),
        *_conditions(facts),
    ]
    wide = {CHINA: "national 全国", province: "province 全省"}
    return [
        replace(r, extent=wide.get(r.place, "city 市" if r.indicator == "city_population" else r.place)) for r in rows
    ]


def _indicators(name: str) -> Iterator[Published]:
    for row in csv(name).itertuples():
        ages = [None if pd.isna(a) else int(a) for a in (row.age_from, row.age_to)]
        status = next(s for s in ("memory", "derived", "opened") if s in row.source_status)
        yield Published(
            str(row.indicator),
            str(row.sex),
            ages[0] or 0,
            OLDEST if ages[1] is None else ages[1],
            float(row.value),
            str(row.unit),
            str(row.year),
            str(row.geography),
            status,
            str(row.source),
            "" if pd.isna(row.icd10) else str(row.icd10),
        )


def _cancer_sites() -> Iterator[Published]:
    """Crude rates by site; the total of all sites is among the indicators already."""
    sites = csv("cancer_rates_cn.csv")
    sites = sites[sites["site_en"] != "All sites"]
    columns = (
        ("cancer_mortality_of_site", BOTH, "mort_crude_2022_all", "2022", 1.0, "PMC12780754 table 2"),
        ("cancer_mortality_of_site", MALE, "mort_crude_2022_male", "2022", 1.0, "PMC12780754 table 2"),
        ("cancer_mortality_of_site", FEMALE, "mort_crude_2022_female", "2022", 1.0, "PMC12780754 table 2"),
        ("cancer_incidence_of_site", BOTH, "new_cases_2022_all", "2022", 1e5 / CHINA_RESIDENTS, "Han 2024 JNCC"),
        ("cancer_incidence_of_site", MALE, "inc_crude_2011_male", "2011", 1.0, "PMC4329176 table 6"),
        ("cancer_incidence_of_site", FEMALE, "inc_crude_2011_female", "2011", 1.0, "PMC4329176 table 6"),
    )
    of_one_sex = sites[["mort_crude_2022_male", "mort_crude_2022_female"]].isna().sum(axis=1) == 1
    for indicator, sex, column, year, factor, source in columns:
        # Of a site in one sex the rate of "all" is that sex's over again.
        given = sites[column].notna() & ~(of_one_sex & (sex == BOTH))
        for row in sites[given].to_dict("records"):
            yield Published(
                indicator,
                sex,
                0,
                OLDEST,
                float(row[column]) * factor,
                "per 100000",
                year,
                CHINA,
                "opened" if factor == 1.0 else "derived",
                source,
                str(row["icd10"]),
                str(row["site_zh"]),
                str(row["site_en"]),
            )


def _cities(folder: Path) -> Iterator[Published]:
    places = csv("places.csv", folder)
    for row in places[places["level"] == "city"].itertuples():
        yield Published(
            "city_population",
            BOTH,
            0,
            OLDEST,
            float(row.population_2020),
            "persons",
            "2020",
            str(row.name_en),
            "opened",
            "2020 census",
            str(row.gb2260_code),
            str(row.name_zh),
            str(row.name_en),
        )


def _ages(facts: ProvinceFacts, folder: Path, province: str) -> Iterator[Published]:
    """Each sex's share of all residents by age band."""
    cells = csv("population_age_sex.csv", folder)
    cells = cells[cells["gb2260_code"].isin(facts.places.city_code)]
    total = cells["population_est"].sum()
    for (sex, band), people in cells.groupby(["sex_code", "age_group"], sort=False)["population_est"].sum().items():
        first, last = str(band).split("-") if "-" in str(band) else (str(band).rstrip("+"), OLDEST)
        yield Published(
            AGE_SHARES,
            (MALE, FEMALE)[int(sex) - 1],
            int(first),
            int(last),
            float(people) / total * 100,
            "% of all residents",
            "2020",
            province,
            "derived",
            "2020 census margins fitted to the national pattern (estimate)",
        )


def _conditions(facts: ProvinceFacts) -> Iterator[Published]:
    """Every chronic condition, whether or not anybody has published how common it is."""
    for row in facts.conditions.table.itertuples():
        yield Published(
            "condition_prevalence",
            BOTH,
            18,
            OLDEST,
            math.nan,
            "%",
            "",
            "",
            "",
            "",
            str(row.condition),
            str(row.label_zh),
            str(row.condition).replace("_", " "),
        )
