"""Lists that the wider feeds are written with: shares, drugs, studies, vaccines, diseases; read once from CSV files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from jobs.province.datafiles import csv
from jobs.province.draws import Choice, Floats, Ints


@dataclass(frozen=True)
class Drugs:
    """Drugs in use; ``choice`` picks one by diagnosis (position in Codes)."""

    table: pd.DataFrame
    choice: Choice


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
class Catalogue:
    """Everything that the wider feeds draw from. ``share``: shares and amounts by name (``shares.csv``)."""

    share: Mapping[str, float]
    drugs: Drugs
    imaging: Imaging

    @staticmethod
    def read(icd10: tuple[str, ...]) -> Catalogue:
        """From the files beside the simulator; ``icd10`` are the diagnoses in use."""
        shares = csv("shares.csv")
        return Catalogue(
            dict(zip(shares["name"], shares["value"].astype(float), strict=True)),
            _drugs(icd10),
            _imaging(icd10),
        )


def longest_prefix(code: str, prefixes: set[str]) -> str:
    """The longest of these prefixes that a code begins with, else ``any``."""
    return next((code[:n] for n in range(len(code), 0, -1) if code[:n] in prefixes), "any")


def _drugs(icd10: tuple[str, ...]) -> Drugs:
    table = pd.DataFrame(csv("drugs.csv")).astype({"route": str})
    uses = csv("drug_use.csv").pivot_table(index="icd10_prefix", columns="atc", values="weight", fill_value=0.0)
    weights = uses.reindex(columns=table["atc"], fill_value=0.0)
    prefixes = set(weights.index)
    return Drugs(table, Choice.of(np.array([weights.loc[longest_prefix(c, prefixes)] for c in icd10])))


def _imaging(icd10: tuple[str, ...]) -> Imaging:
    items, uses = csv("imaging_items.csv"), csv("imaging_uses.csv")
    shares = csv("imaging_shares.csv").set_index("icd10_prefix")
    at = shares.loc[[longest_prefix(c, set(shares.index)) for c in icd10]]
    prefix, weight = uses["icd10_prefix"].to_numpy(), uses["weight"].to_numpy(np.float64)
    weights = np.array([weight * (prefix == longest_prefix(c, set(prefix))) for c in icd10])
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
