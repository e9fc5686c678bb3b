"""The panels of the big screen, each a declaration: which measure, at which level, of which period, drawn how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["province", "city", "county"]
Period = Literal["latest", "each", "pooled"]
Axis = Literal["place", "period", "age_band", "sex"]
Chart = Literal["map", "line", "age", "interval", "number"]


@dataclass(frozen=True)
class View:
    """How fine a panel looks: a geographic level, and the latest year, each year, or the years pooled."""

    level: Level
    period: Period


@dataclass(frozen=True)
class Panel:
    """One panel: cells of ``release.measure`` along one axis.

    ``views`` run from fine to coarse: the first with at most a third of its cells suppressed is drawn.
    ``value`` is the column shown, with its interval in ``<value>_low`` and ``<value>_high``. ``sexes`` are the
    series, each a value of the column ``sex``.
    """

    name: str
    measure: str
    chart: Chart
    axis: Axis
    title_zh: str
    title_en: str
    views: tuple[View, ...]
    value: str = "rate"
    sexes: tuple[str, ...] = ("all",)

    def __post_init__(self) -> None:
        if not self.views:
            raise ValueError(f"panel {self.name} has no view")


BY_CITY = (View("city", "latest"), View("city", "pooled"), View("province", "pooled"))
BY_AGE = (View("province", "latest"), View("province", "pooled"))
BY_YEAR = (View("province", "each"), View("province", "pooled"))
LATEST = (View("province", "latest"), View("province", "pooled"))
POOLED = (View("province", "pooled"),)
BOTH_SEXES = ("male", "female")

PANELS = (
    Panel("map_visits", "outpatient_visits", "map", "place", "各市门诊就诊率", "Outpatient visits by city", BY_CITY),
    Panel(
        "map_hypertension",
        "diagnosed_hypertension",
        "map",
        "place",
        "各市已诊断高血压患病率",
        "Diagnosed hypertension by city",
        BY_CITY,
    ),
    Panel("visits", "outpatient_visits", "number", "sex", "门诊就诊", "Outpatient visits", LATEST),
    Panel("hypertension", "diagnosed_hypertension", "number", "sex", "已诊断高血压", "Diagnosed hypertension", LATEST),
    Panel("mortality", "all_cause_mortality", "number", "sex", "全死因死亡率", "All-cause mortality", POOLED),
    Panel("lung_cancer", "lung_cancer_incidence", "number", "sex", "肺癌发病率", "Lung cancer incidence", POOLED),
    Panel("trend_visits", "outpatient_visits", "line", "period", "门诊就诊", "Outpatient visits", BY_YEAR),
    Panel(
        "trend_hypertension",
        "diagnosed_hypertension",
        "line",
        "period",
        "已诊断高血压",
        "Diagnosed hypertension",
        BY_YEAR,
    ),
    Panel(
        "age_visits", "outpatient_visits", "age", "age_band", "门诊就诊", "Outpatient visits", BY_AGE, sexes=BOTH_SEXES
    ),
    Panel(
        "age_hypertension",
        "diagnosed_hypertension",
        "age",
        "age_band",
        "已诊断高血压",
        "Diagnosed hypertension",
        BY_AGE,
        sexes=BOTH_SEXES,
    ),
    Panel(
        "pooled_mortality",
        "all_cause_mortality",
        "interval",
        "sex",
        "全死因死亡率",
        "All-cause mortality",
        POOLED,
        sexes=("all", "male", "female"),
    ),
    Panel(
        "pooled_lung_cancer",
        "lung_cancer_incidence",
        "interval",
        "sex",
        "肺癌发病率",
        "Lung cancer incidence",
        POOLED,
        sexes=("all", "male", "female"),
    ),
)
BY_NAME = {panel.name: panel for panel in PANELS}

SEX_TITLES = {"all": ("合计", "Both sexes"), "male": ("男", "Male"), "female": ("女", "Female")}
LEVEL_TITLES = {"province": ("全省", "whole province"), "city": ("各市", "by city"), "county": ("各县区", "by county")}

UNIT_TITLES = {
    (1, "person-years"): ("人次/人年", "per person-year"),
    (100, "persons"): ("%", "per 100 persons"),
    (1_000, "person-years"): ("/千人年", "per 1,000 person-years"),
    (100_000, "person-years"): ("/10万人年", "per 100,000 person-years"),
}


def unit_title(per: int, unit: str) -> tuple[str, str]:
    """What a rate counts, in Chinese and English, from the columns ``per`` and ``unit``; plain for unusual pairs."""
    return UNIT_TITLES.get((per, unit), (f"每{per:,} {unit}", f"per {per:,} {unit}"))
