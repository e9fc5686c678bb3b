"""Places of a province: its county codes as of one date, and the codes that counties had before."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OUTSIDE = "outside"
"""The place of everybody and everything outside the province."""


@dataclass(frozen=True)
class Place:
    """A province, city, county or statistical zone: GB/T 2260 code, names, the code it lies in, a point inside it."""

    code: str
    level: str
    name_zh: str
    name_en: str
    parent: str | None
    official: bool
    population_2020: int | None
    lon: float | None
    lat: float | None


@cache
def read_places(province: str) -> tuple[Place, ...]:
    """The places of ``place_<province>.csv``, in file order. Raises ``FileNotFoundError`` naming the file."""
    return tuple(
        Place(
            code=r["code"],
            level=r["level"],
            name_zh=r["name_zh"],
            name_en=r["name_en"],
            parent=r["parent_code"] or None,
            official=r["official"] == "1",
            population_2020=int(r["population_2020"]) if r["population_2020"] else None,
            lon=float(r["lon"]) if r["lon"] else None,
            lat=float(r["lat"]) if r["lat"] else None,
        )
        for r in _rows(f"place_{province}.csv")
    )


def counties(province: str) -> tuple[Place, ...]:
    """Where people live: counties, and the zones that the census counts beside them."""
    return tuple(p for p in read_places(province) if p.level in ("county", "zone"))


@cache
def current_codes(province: str) -> dict[str, str]:
    """County code as delivered -> code on the date of the place file: present codes, and those they replaced."""
    present = {p.code: p.code for p in counties(province)}
    before = {r["old_code"]: r["code"] for r in _rows(f"place_change_{province}.csv")}
    unknown = sorted(set(before.values()) - set(present))
    if unknown:
        raise ValueError(f"place_change_{province}.csv leads to codes that are in no place file: {', '.join(unknown)}")
    return {**before, **present}


def _rows(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
