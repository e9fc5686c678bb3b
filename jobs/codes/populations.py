"""Official residents of a province and standard populations, from the CSV files beside this module."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Official(NamedTuple):
    """One official count: place, sex (all, male, female), age band or all, people, ISO day, census or estimate."""

    place_code: str
    sex: str
    age_band: str
    persons: int
    as_of: str
    status: str


def standard_population(name: str, bands: tuple[str, ...]) -> tuple[float, ...]:
    """Weights of a standard population for these age bands. Raises ``ValueError`` naming the standards there are."""
    weights = _standards().get(name)
    if weights is None:
        raise ValueError(
            f"no standard population {name}; standard_population.csv has {', '.join(sorted(_standards()))}"
        )
    return tuple(weights[band] for band in bands)


@cache
def _standards() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in _rows("standard_population.csv"):
        found.setdefault(row["standard"], {})[row["age_band"]] = float(row["weight"])
    return found


@cache
def official_population(province: str) -> tuple[Official, ...]:
    """Official counts of ``official_population_<province>.csv``; none where a province has no such file."""
    if not (HERE / f"official_population_{province}.csv").exists():
        return ()
    return tuple(
        Official(r["place_code"], r["sex"], r["age_band"], int(r["persons"]), r["as_of"], r["status"])
        for r in _rows(f"official_population_{province}.csv")
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
