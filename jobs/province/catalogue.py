"""Lists that the wider feeds are written with: shares, drugs, studies, vaccines, diseases; read once from CSV files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from jobs.province.codebook import AGE_GROUPS, age_group
from jobs.province.datafiles import by_prefix, csv, longest_prefix
from jobs.province.draws import Choice, Floats, Ints
from jobs.province.drugs import Drugs

LATER = "/later"  # behind the prefix of what is written of a diagnosis once it has been treated


@dataclass(frozen=True)
class Treated:
    """By diagnosis (position in Codes): the share of visits with a treatment, and its mean fee in yuan."""

    share: Floats
    fee: Floats

    @staticmethod
    def read(icd10: tuple[str, ...]) -> Treated:
        """From ``visit_fees.csv``; ``icd10``: diagnoses in use."""
        rows = by_prefix(csv("visit_fees.csv").set_index("icd10_prefix"), icd10)
        return Treated(rows["treated"].to_numpy(np.float64), rows["fee"].to_numpy(np.float64))


@dataclass(frozen=True)
class Imaging:
    """Kinds of studies. By diagnosis (position in Codes): the share with a study, and which row of ``uses``."""

    items: pd.DataFrame
    uses: pd.DataFrame
    at_visit: Floats
    at_stay: Floats
    choice: Choice
    item_of_use: Ints
    abnormal: Floats  # share of studies with the findings of their use, by row of ``uses``


@dataclass(frozen=True)
class Vaccines:
    """The national programme, one row a dose; days from which and until which a dose that falls due is given.

    Who is older when a dose begins, but was born from ``born_from`` on, is due then. Doses outside the programme have
    no age (NaN). Doses of a series (``series``: its number) follow each other, each ``least_days`` or more after the
    one before.
    """

    table: pd.DataFrame
    name: Ints  # number of the vaccine, the same for its doses
    series: Ints
    least_days: Ints
    age_months: Floats
    begins: Ints
    ends: Ints
    born_from: Ints
    sex: Ints  # -1: both


@dataclass(frozen=True)
class Diseases:
    """Notifiable infections: those that spread in epidemics, then those that are always there, which are conditions.

    ``notified``: cases a resident and year that are reported, by epidemic disease and age group. ``epidemics``: what
    each of these spreads by; ``endemic``: the others, by name (both in the order of ``table``). ``season``: by endemic
    disease, the share of a year's cases that are found in each month.
    """

    table: pd.DataFrame
    notified: Floats
    epidemics: pd.DataFrame
    endemic: pd.DataFrame
    season: Floats


@dataclass(frozen=True)
class CancerSites:
    """Cancers by site, lung cancer first. ``rate``: new cases a person-year by site, sex and whole age."""

    table: pd.DataFrame
    rate: Floats


@dataclass(frozen=True)
class Catalogue:
    """Everything that the wider feeds draw from. ``share``: shares and amounts by name (``shares.csv``)."""

    share: Mapping[str, float]
    drugs: Drugs
    treated: Treated
    imaging: Imaging
    vaccines: Vaccines
    infections: Diseases
    cancers: CancerSites
    symptoms: pd.DataFrame
    symptom_of: Ints  # row of ``symptoms`` by diagnosis (position in Codes)
    symptom_later: Ints  # the same once it has been treated

    @staticmethod
    def read(icd10: tuple[str, ...], people: Floats) -> Catalogue:
        """From the files beside the simulator; ``icd10``: diagnoses in use, ``people``: residents by sex and age."""
        shares, symptoms = csv("shares.csv"), csv("symptoms.csv")
        rows = {prefix: n for n, prefix in enumerate(symptoms["icd10_prefix"])}
        at_first = [longest_prefix(code, set(rows)) for code in icd10]
        treated = {prefix.removesuffix(LATER) for prefix in rows if prefix.endswith(LATER)}
        later = [longest_prefix(code, treated) + LATER for code in icd10]
        return Catalogue(
            dict(zip(shares["name"], shares["value"].astype(float), strict=True)),
            Drugs.read(icd10),
            Treated.read(icd10),
            _imaging(icd10),
            _vaccines(),
            _diseases(people),
            _cancers(people),
            symptoms,
            np.array([rows[p] for p in at_first]),
            np.array([rows.get(after, rows[p]) for p, after in zip(at_first, later, strict=True)]),
        )


def _imaging(icd10: tuple[str, ...]) -> Imaging:
    items, uses = csv("imaging_items.csv"), csv("imaging_uses.csv")
    shares = csv("imaging_shares.csv").set_index("icd10_prefix")
    at = by_prefix(shares, icd10)
    prefix, weight = uses["icd10_prefix"].to_numpy(), uses["weight"].to_numpy(np.float64)
    prefixes = set(prefix)
    weights = np.array([weight * (prefix == longest_prefix(c, prefixes)) for c in icd10])
    number = {item: n for n, item in enumerate(items["item"])}
    return Imaging(
        items,
        uses,
        at["at_visit"].to_numpy(np.float64),
        at["at_stay"].to_numpy(np.float64),
        Choice.of(weights),
        uses["item"].map(number).to_numpy(np.int64),
        uses["abnormal"].to_numpy(np.float64),
    )


def _vaccines() -> Vaccines:
    table = csv("vaccines.csv")

    def days(column: str, missing: str) -> Ints:
        return table[column].fillna(missing).to_numpy("M8[D]").astype(np.int64)

    def number(column: str) -> Ints:
        return table[column].astype("category").cat.codes.to_numpy(np.int64)

    return Vaccines(
        table,
        number("vaccine"),
        number("series"),
        table["least_days"].to_numpy(np.int64),
        table["age_months"].to_numpy(np.float64),
        days("from", "1900-01-01"),
        days("until", "2200-01-01"),
        days("born_from", "1900-01-01"),
        table["sex_code"].to_numpy(np.int64) - 1,
    )


def _diseases(people: Floats) -> Diseases:
    table = csv("infections.csv")
    epidemics, endemic = (
        csv(file).set_index("disease").loc[table.loc[table["course"] == course, "disease"]]
        for file, course in (("epidemics.csv", "epidemic"), ("endemic.csv", "endemic"))
    )
    size = np.bincount(age_group(np.arange(people.shape[1], dtype=np.float64)), people.sum(axis=0))
    by_age = epidemics[list(AGE_GROUPS)].to_numpy(np.float64)
    by_age = by_age / (by_age @ size / size.sum())[:, None]
    yearly = epidemics["per_100000"].to_numpy(np.float64) / 1e5
    season = endemic[[f"m{n}" for n in range(1, 13)]].to_numpy(np.float64)
    return Diseases(table, yearly[:, None] * by_age, epidemics, endemic, season / season.sum(axis=1, keepdims=True))


def _cancers(people: Floats) -> CancerSites:
    table, shapes = csv("cancers.csv"), csv("cancer_shapes.csv")
    rate = np.zeros((len(table), *people.shape))
    for n, site in table.iloc[1:].iterrows():
        shape = np.interp(np.arange(people.shape[1]), shapes["age"], shapes[site["shape"]])
        cases = site["per_100000"] / 1e5 * people.sum() * np.array([site["male_share"], 1 - site["male_share"]])
        rate[n] = shape * (cases / (shape * people).sum(axis=1))[:, None]
    return CancerSites(table, rate)
