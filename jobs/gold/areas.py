"""Areas and periods that counts are rolled up to, as matrices of zeros and ones over counties, sexes and years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.codes.places import Place
from jobs.gold.kernel import BANDS, UNKNOWN_PLACE

Counts = NDArray[np.int64]

SEXES: tuple[str, ...] = ("all", "male", "female")
COUNTED_SEXES: tuple[str, ...] = ("male", "female", "unknown")
SEX_PARTS: Counts = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 0]], dtype=np.int64)
AGES: tuple[str, ...] = ("all", *BANDS)


@dataclass(frozen=True)
class Areas:
    """The areas of a province and the counties (``leaves``) that each is made of.

    ``parts`` is (areas, leaves) of 0 and 1. The last leaf is ``unknown``: people without a residence here, who are in
    the province's row only.
    """

    names: tuple[tuple[str, str], ...]
    leaves: tuple[str, ...]
    parts: Counts


def areas(places: Sequence[Place]) -> Areas:
    """Areas from a place table, each leaf within its parent and its parent's parent."""
    by_code = {p.code: p for p in places}
    leaves = tuple(p.code for p in places if p.level in ("county", "zone"))
    parts = np.zeros((len(places), len(leaves) + 1), dtype=np.int64)
    row = {p.code: i for i, p in enumerate(places)}
    for column, leaf in enumerate(leaves):
        code: str | None = leaf
        while code:
            parts[row[code], column] = 1
            code = by_code[code].parent
    for place in places:
        if place.parent is None:
            parts[row[place.code], -1] = 1
    return Areas(tuple((p.level, p.code) for p in places), (*leaves, UNKNOWN_PLACE), parts)


def whole_years(start: str, end: str) -> list[int]:
    """Calendar years that lie wholly within the days ``start`` to ``end`` (ISO, both included)."""
    first, last = date.fromisoformat(str(start)), date.fromisoformat(str(end))
    return [y for y in range(first.year, last.year + 1) if first <= date(y, 1, 1) and date(y, 12, 31) <= last]


def periods(years: Sequence[int], pooled: int) -> dict[str, list[int]]:
    """Each year by itself, and the last ``pooled`` years together where there are as many."""
    found = {str(y): [y] for y in years}
    if 1 < pooled <= len(years):
        found[f"{years[-pooled]}-{years[-1]}"] = list(years[-pooled:])
    return found


def dense(atoms: Mapping[str, Sequence[object]], years: Sequence[int], leaves: Sequence[str]) -> Counts:
    """Atoms of one measure as an array [numerator|denominator, n|n_sq|persons, year, leaf, sex, band].

    Raises ``ValueError`` naming a county that the place table does not have.
    """
    shape = (2, 3, len(years), len(leaves), len(COUNTED_SEXES), len(BANDS))
    counts: Counts = np.zeros(shape, dtype=np.int64)
    strange = sorted({str(p) for p in atoms["place_code"]} - set(leaves))
    if strange:
        raise ValueError(f"counties that are not in the place table: {', '.join(strange[:5])}")
    keep = np.isin(np.asarray(atoms["year"]), years)
    axes = {
        "atom": ("numerator", "denominator"),
        "year": years,
        "place_code": leaves,
        "sex": COUNTED_SEXES,
        "age_band": BANDS,
    }
    side, *at = (_positions(axis, np.asarray(atoms[name])[keep]) for name, axis in axes.items())
    for value, name in enumerate(("n", "n_sq", "persons")):
        where: Any = (side, value, *at)
        np.add.at(counts, where, np.asarray(atoms[name], dtype=np.int64)[keep])
    return counts


def _positions(axis: Sequence[object], values: NDArray[Any]) -> NDArray[np.intp]:
    """Where on the axis each value lies."""
    index = {v: i for i, v in enumerate(axis)}
    return np.array([index[v] for v in values.tolist()], dtype=np.intp)


def rolled_up(counts: Counts, parts: Counts) -> Counts:
    """Sums over areas, sexes and ages: [atom, value, year, area, sex (``SEXES``), age (``AGES``)]."""
    by_area = np.einsum("al,svylxb->svyaxb", parts, counts)
    by_sex = np.einsum("zx,svyaxb->svyazb", SEX_PARTS, by_area)
    return np.concatenate([by_sex.sum(-1, keepdims=True), by_sex], axis=-1)
