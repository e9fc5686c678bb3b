"""From rows of ``release.measure`` to what a panel draws. Pure functions over Arrow tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.gold.measures import MEASURES
from jobs.serving.panels import LEVEL_TITLES, SEX_TITLES, Panel, View, unit_title

Row = dict[str, Any]

SHOWN = "shown"
SUPPRESSED = "suppressed"
MOST_HIDDEN = 1 / 3
STANDARDISED = {"rate_china_2020": "china_2020", "rate_who_2000_2025": "who_2000_2025"}


def is_pooled(period: str) -> bool:
    """Whether a period spans years: '2023-2025' does, '2024' does not."""
    return "-" in period


def periods(release: pa.Table, measure: str) -> tuple[list[str], list[str]]:
    """Single years and pooled periods of one measure, each in order."""
    found = sorted(set(release.filter(pc.field("measure") == measure)["period"].to_pylist()))
    return [p for p in found if not is_pooled(p)], [p for p in found if is_pooled(p)]


def rows_of(release: pa.Table, panel: Panel, view: View) -> list[Row]:
    """The released rows that one view of a panel is made of, in the order of its axis."""
    years, pooled = periods(release, panel.measure)
    wanted = {"latest": years[-1:], "each": years, "pooled": pooled[-1:]}[view.period]
    by_age = pc.field("age_band") != "all" if panel.axis == "age_band" else pc.field("age_band") == "all"
    chosen = release.filter(
        (pc.field("measure") == panel.measure)
        & (pc.field("level") == view.level)
        & pc.field("period").isin(wanted)
        & pc.field("sex").isin(list(panel.sexes))
        & by_age
    ).to_pylist()
    return sorted(chosen, key=lambda r: (panel.sexes.index(r["sex"]), r["period"], r["place_code"], r["age_band"]))


def hidden_share(rows: Sequence[Row]) -> float:
    """The share of cells that disclosure control suppressed; 1 where there is no cell at all."""
    return sum(r["status"] == SUPPRESSED for r in rows) / len(rows) if rows else 1.0


def choose_view(release: pa.Table, panel: Panel) -> tuple[View, list[Row], list[tuple[View, int, int]]]:
    """The finest view with at most a third of its cells suppressed, its rows, and what was passed over.

    What was passed over: (view, suppressed cells, cells) for each finer view. The last view is taken as it is.
    """
    passed: list[tuple[View, int, int]] = []
    for view in panel.views[:-1]:
        rows = rows_of(release, panel, view)
        if hidden_share(rows) <= MOST_HIDDEN:
            return view, rows, passed
        if rows:
            passed.append((view, sum(r["status"] == SUPPRESSED for r in rows), len(rows)))
    return panel.views[-1], rows_of(release, panel, panel.views[-1]), passed


def cell(row: Row, value: str, places: Mapping[str, tuple[str, str]]) -> Row:
    """One drawn cell: its keys, the value with its interval, counts and status; null wherever it is not shown."""
    shown = row["status"] == SHOWN
    name_zh, name_en = places.get(row["place_code"], (row["place_code"], row["place_code"]))

    def number(column: str) -> float | int | None:
        found = row.get(column) if shown else None
        return None if found is None or (isinstance(found, float) and not math.isfinite(found)) else found

    return {
        "place": row["place_code"],
        "place_zh": name_zh,
        "place_en": name_en,
        "period": row["period"],
        "level": row["level"],
        "sex": row["sex"],
        "age_band": row["age_band"],
        "value": number(value),
        "low": number(f"{value}_low"),
        "high": number(f"{value}_high"),
        "standardised": number("rate_china_2020"),
        "numerator": number("numerator"),
        "denominator": number("denominator"),
        "status": row["status"],
        "unstable": bool(row["unstable"]) and shown,
    }


def switched_note(passed: Sequence[tuple[View, int, int]], view: View) -> dict[str, str] | None:
    """In words, why a coarser view is drawn; null where the finest one is."""
    if not passed:
        return None
    finest, hidden, total = passed[0]
    zh, en = LEVEL_TITLES[view.level] if view.level != finest.level else ("", "")
    if view.period != finest.period:
        zh, en = f"{zh}多年合并", ", ".join(filter(None, [en, "years pooled"]))
    return {
        "zh": f"{LEVEL_TITLES[finest.level][0]}有 {hidden}/{total} 个单元格已隐去,改用{zh}",
        "en": f"{hidden} of {total} cells suppressed; {en} instead",
    }


def caveat(measure: str) -> dict[str, str] | None:
    """What a measure's declaration says must be known of its numbers; null where it says nothing."""
    told = next((m for m in MEASURES if m.name == measure and m.caveat), None)
    return {"zh": told.caveat_zh, "en": told.caveat} if told else None


def drawn(release: pa.Table, panel: Panel, places: Mapping[str, tuple[str, str]]) -> Row:
    """All that a panel needs to be drawn: titles, unit, level and period drawn, the notes on it, and the cells."""
    view, rows, passed = choose_view(release, panel)
    unit_zh, unit_en = unit_title(rows[0]["per"], rows[0]["unit"]) if rows else ("", "")
    return {
        "name": panel.name,
        "measure": panel.measure,
        "chart": panel.chart,
        "axis": panel.axis,
        "title_zh": panel.title_zh,
        "title_en": panel.title_en,
        "unit_zh": unit_zh,
        "unit_en": unit_en,
        "label": rows[0]["label"] if rows else None,
        "level": view.level,
        "periods": sorted({r["period"] for r in rows}),
        "standard": STANDARDISED.get(panel.value),
        "switched": switched_note(passed, view),
        "caveat": caveat(panel.measure),
        "suppressed": sum(r["status"] == SUPPRESSED for r in rows),
        "sexes": [{"sex": s, "zh": SEX_TITLES[s][0], "en": SEX_TITLES[s][1]} for s in panel.sexes],
        "cells": [cell(r, panel.value, places) for r in rows],
    }


def people(release: pa.Table) -> int | None:
    """Residents in the lake in the latest year: the province's denominator of a measure counted in persons, or null."""
    rows = release.filter(
        (pc.field("level") == "province")
        & (pc.field("unit") == "persons")
        & (pc.field("sex") == "all")
        & (pc.field("age_band") == "all")
        & (pc.field("status") == SHOWN)
    ).to_pylist()
    single = [r for r in rows if not is_pooled(r["period"]) and r["denominator"]]
    latest = max(single, key=lambda r: (r["period"], r["measure"]), default=None)
    return int(latest["denominator"]) if latest else None


def one_in(official: int | None, observed: int | None) -> int | None:
    """How many residents one person of the lake stands for, to one significant figure; null if unknown or below 2."""
    if not official or not observed or official < 2 * observed:
        return None
    ratio = official / observed
    scale: int = 10 ** math.floor(math.log10(ratio))
    return round(ratio / scale) * scale


def find_row(release: pa.Table, keys: Iterable[tuple[str, str]]) -> Row | None:
    """The released row with these key values, or null."""
    condition = pc.scalar(True)
    for column, value in keys:
        condition = condition & (pc.field(column) == value)
    rows = release.filter(condition).to_pylist()
    return rows[0] if rows else None
