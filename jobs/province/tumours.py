"""What a registry card says of a tumour: how it was diagnosed, its morphology and grade, spread and treatment.

By the registries' rules (IARC): a tumour has a grade, and a morphology of its own, only where tissue or cells were seen
under the microscope; one known from the death certificate alone has basis 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from jobs.province.datafiles import csv
from jobs.province.draws import Choice, Draws, Floats, Ints
from jobs.province.entries import Entries

BASES = tuple("76542190")  # of diagnosis: histology of the primary, of a metastasis, cytology ...
MICROSCOPIC, HISTOLOGICAL, CERTIFICATE_ONLY = 3, 2, 7  # the first of BASES; the position of the last
GRADES, GRADE_SHARES = ("1", "2", "3", "4", "9"), (0.16, 0.45, 0.32, 0.05, 0.02)  # where histology tells (assumed)
UNGRADED = GRADES.index("9")
NO_TREATMENT, SURGERY, CHEMOTHERAPY, RADIOTHERAPY = range(4)
RADICAL, PALLIATIVE, EXPLORED = range(3)  # kinds of first operation
EXTENT = ((0.98, 0.01, 0.01), (0.93, 0.05, 0.02), (0.75, 0.2, 0.05), (0.15, 0.7, 0.15))  # these by stage (assumed)


@dataclass(frozen=True)
class Findings(Entries):
    """One entry a card: positions in BASES, in the rows of morphologies.csv, in GRADES."""

    basis: Ints
    morphology: Ints
    grade: Ints


@cache
def _known() -> pd.DataFrame:
    return csv("morphologies.csv")


def morphologies() -> tuple[str, ...]:
    """ICD-O-3 codes of morphology and behaviour, by row of morphologies.csv."""
    return tuple(_known()["morphology"])


def findings(
    draws: Draws, sites: tuple[str, ...], site: Ints, at_death: np.ndarray, certificate_only: float, key: Ints
) -> Findings:
    """Basis, morphology and grade; ``certificate_only``: the share with basis 0 of those found ``at_death``."""
    basis = _bases(sites).pick(draws.uniform("basis", key), site)
    unseen = at_death & draws.happens(certificate_only, "death certificate only", key)
    basis = np.where(unseen, CERTIFICATE_ONLY, basis)
    seen = basis < MICROSCOPIC
    morphology = morphology_of(draws, sites, site, seen, key)
    own = _known()["grade"].map(lambda g: UNGRADED if g == 9 else g - 1).to_numpy(np.float64)
    drawn = Choice.of(GRADE_SHARES).pick(draws.uniform("grade", key))
    grade = np.where(np.isnan(own[morphology]), drawn, own[morphology]).astype(np.int64)
    return Findings(basis, morphology, np.where(basis < HISTOLOGICAL, grade, UNGRADED))


def morphology_of(draws: Draws, sites: tuple[str, ...], site: Ints, seen: np.ndarray, key: Ints) -> Ints:
    """The row of morphologies.csv of each tumour (``key``: that of Cancers), by whether tissue or cells were seen."""
    return _morphology(sites).pick(draws.uniform("morphology", key), site * 2 + seen)


def treatment(operated: np.ndarray, chemotherapy: np.ndarray, radiotherapy: np.ndarray) -> Ints:
    """The first treatment of a course: an operation comes before chemotherapy, and that before radiotherapy."""
    return np.select([operated, chemotherapy, radiotherapy], [SURGERY, CHEMOTHERAPY, RADIOTHERAPY], NO_TREATMENT)


def first_operation(draws: Draws, stage: Ints, operated: np.ndarray, key: Ints) -> Ints:
    """RADICAL, PALLIATIVE or EXPLORED, by stage (0 to 3); -1 without an operation."""
    return np.where(operated, Choice.of(EXTENT).pick(draws.uniform("first operation", key), stage), -1)


@cache
def _bases(sites: tuple[str, ...]) -> Choice:
    table = csv("cancer_bases.csv").set_index("site")
    own = [s if s in table.index else "any" for s in sites]
    return Choice.of(table.loc[own, [f"basis_{b}" for b in BASES[:CERTIFICATE_ONLY]]])


@cache
def _morphology(sites: tuple[str, ...]) -> Choice:
    """By site, without and with microscopy; where a site has no row for the former, malignant and no more."""
    table = _known()
    weights: list[Floats] = []
    for site in sites:
        for column in ("without", "microscopy"):
            mine = table[column].to_numpy(np.float64) * (table["site"] == site).to_numpy()
            weights.append(mine if mine.any() else table[column].to_numpy(np.float64) * (table["site"] == "any"))
    return Choice.of(np.array(weights))
