"""Results in other units than the usual, and under an institution's own names."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from jobs.province.datafiles import quoted
from jobs.province.defects import Defect
from jobs.province.draws import Floats, Ints
from jobs.province.recording import Rows, Scene, joined, numbers, replaced, texts

ANALYSERS = 3  # of an institution (assumed): one may report in another unit than the others
MMHG_PER_KPA = 7.50062


def item_columns(scene: Scene, feed: str, rows: Rows, item: Ints) -> list[pa.Array]:
    """Code and name of each result's item: some institutions have their own."""
    draws, items, local = scene.draws, scene.facts.laboratory.items, scene.facts.laboratory.local_names
    own = draws.happens(scene.settings.dirt.lab_local_name, "lab name", rows.sender, item) & (local.count[item] > 0)
    at = np.flatnonzero(own)
    which = local.pick(item[at], draws.uniform("which lab name", rows.sender[at], item[at]))
    rows.mark(Defect.LAB_LOCAL_NAME, at)
    return [
        replaced(texts(tuple(quoted(n) for n in items[usual]), item), at, texts(tuple(local.table[other]), which))
        for usual, other in (("item", "local_code"), ("name_zh", "local_name"))
    ]


def in_units(
    scene: Scene, feed: str, rows: Rows, item: Ints, value: Floats, low: Floats, high: Floats
) -> list[pa.Array]:
    """Value, unit and the limits of its reference interval as text: some analysers report in another unit."""
    draws, units = scene.draws, scene.facts.laboratory.other_units
    share = scene.settings.dirt.lab_other_unit * scene.institutions.dirt[rows.sender]
    other = draws.happens(share, "lab unit", rows.sender * ANALYSERS + rows.clerk % ANALYSERS, item)
    at = np.flatnonzero(other & (units.count[item] > 0))
    which = units.pick(item[at], draws.uniform("which lab unit", rows.sender[at], item[at]))
    factor, offset, decimals = (units.table[c].to_numpy(np.float64)[which] for c in ("factor", "offset", "decimals"))
    rows.mark(Defect.LAB_OTHER_UNIT, at)
    usual = tuple(scene.facts.laboratory.items["unit"].fillna(""))
    shown = [numbers(value, 3), *(_limit_text(x) for x in (low, high))]
    ten = 10.0**decimals
    for n, x in enumerate((value, low, high)):
        converted = np.round((x[at] * factor + offset) * ten) / ten
        shown[n] = replaced(shown[n], at, _limit_text(converted))
    return [shown[0], replaced(texts(usual, item), at, texts(tuple(units.table["unit"]), which)), shown[1], shown[2]]


def _limit_text(limit: Floats) -> pa.Array:
    return pa.compute.fill_null(pa.compute.cast(pa.array(limit, from_pandas=True), pa.string()), "")


def weight_text(scene: Scene, feed: str, rows: Rows, weight: Floats) -> pa.Array:
    """Weights in kg; some in jin of 500 g, without saying so."""
    jin = rows.happens(scene.draws, scene.settings.dirt.weight_in_jin, f"{feed} jin", everywhere=True)
    rows.mark(Defect.WEIGHT_IN_JIN, jin)
    return numbers(weight * np.where(jin, 2, 1), 1)


def pressure_texts(scene: Scene, feed: str, rows: Rows, systolic: Ints, diastolic: Ints) -> list[pa.Array]:
    """Blood pressures in mmHg; some in kPa, with a decimal and without saying so."""
    share = scene.settings.dirt.pressure_in_kpa
    at = np.flatnonzero(rows.happens(scene.draws, share, f"{feed} kPa", everywhere=True))
    rows.mark(Defect.PRESSURE_IN_KPA, at)
    tenths = (np.rint(x[at] / MMHG_PER_KPA * 10).astype(np.int64) for x in (systolic, diastolic))
    kpa = (joined(numbers(t // 10), ".", numbers(t % 10)) for t in tenths)
    return [replaced(numbers(x), at, k) for x, k in zip((systolic, diastolic), kpa, strict=True)]
