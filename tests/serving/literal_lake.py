"""A lake written by hand, without Spark: a release, its runs and its deliveries, small enough to check by eye."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from jobs.lakehouse.table import Table
from jobs.tables.delivery import DELIVERY
from jobs.tables.ops import RUN, RUN_IO
from jobs.tables.release import MEASURE

MAP = Path(__file__).parents[2] / "jobs" / "serving" / "static" / "maps" / "370000.geojson"
CITIES = [f["properties"]["code"] for f in json.loads(MAP.read_text(encoding="utf-8"))["features"]]
PROVINCE = "370000"
YEARS = ("2023", "2024", "2025")
POOLED = "2023-2025"
BANDS = (*(f"{a:02d}-{a + 4:02d}" for a in range(0, 85, 5)), "85+")

ARROW = {
    "string": pa.string(),
    "long": pa.int64(),
    "int": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}

# measure: unit, per, label, rate in the whole province, events at which a cell is shown
RATES = {
    "outpatient_visits": ("person-years", 1, "recorded", 6.8),
    "diagnosed_hypertension": ("persons", 100, "diagnosed", 17.0),
    "all_cause_mortality": ("person-years", 100_000, "registered", 745.0),
    "lung_cancer_incidence": ("person-years", 100_000, "diagnosed", 61.0),
}
AGE_SHAPE = (0.7, 0.4, 0.3, 0.3, 0.35, 0.45, 0.5, 0.55, 0.65, 0.8, 1.0, 1.2, 1.5, 1.8, 2.1, 2.3, 2.4, 2.2)


def rows_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows, given as far as they matter, as Arrow of the table's declared columns; what isn't given is null."""
    schema = pa.schema([(c.name, ARROW[c.type]) for c in table.columns])
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema)


def write(root: Path, table: Table, rows: Sequence[Mapping[str, Any]], mode: str = "append") -> None:
    """Append to (or overwrite) ``<root>/<zone>/<table>`` in one commit."""
    uri = f"{root}/{table.name.replace('.', '/', 1)}"
    write_deltalake(uri, rows_of(table, rows), mode=mode)  # type: ignore[arg-type]


def released(
    measure: str, period: str, level: str, place: str, sex: str, band: str, rate: float, people: int
) -> dict[str, Any]:
    """One released cell: shown with a plain interval of its Poisson count, or suppressed where the count is 1 to 10."""
    unit, per, label, _ = RATES[measure]
    events = rate * people / per
    base = {
        "measure": measure,
        "measure_version": "a1b2c3d4",
        "period": period,
        "level": level,
        "place_code": place,
        "sex": sex,
        "age_band": band,
        "unit": unit,
        "per": per,
        "label": label,
        "release_id": "R-2026-001",
        "demo": True,
        "input_version": 4,
        "unstable": False,
        "denominator": 5 * round(people / 5),
    }
    if 0 < events <= 10:
        return {**base, "status": "suppressed"}
    half = 1.96 * max(events, 1) ** 0.5 / people * per
    shown = {"rate": rate, "rate_low": max(0.0, rate - half), "rate_high": rate + half}
    standard = (
        {f"rate_china_2020{part}": shown[f"rate{part}"] * 0.96 for part in ("", "_low", "_high")}
        if band == "all"
        else {}
    )
    return {**base, **shown, **standard, "status": "shown", "numerator": 5 * round(events / 5), "unstable": events < 30}


def release_rows(people: int = 20_000, scale: Mapping[str, float] | None = None) -> Iterator[dict[str, Any]]:
    """Every measure, period, sex and age band for the province, and sexes together by city.

    Rates follow the order of places and years, so that no two cities are equal. ``scale`` multiplies a measure's rates.
    """
    for measure, (_, _, _, level_rate) in RATES.items():
        top = level_rate * (scale or {}).get(measure, 1.0)
        for i, period in enumerate((*YEARS, POOLED)):
            years = 3 if period == POOLED else 1
            rate = top * (0.97 + 0.03 * i if years == 1 else 1.0)
            for sex, share, tilt in (("all", 1.0, 1.0), ("male", 0.507, 0.94), ("female", 0.493, 1.06)):
                yield released(
                    measure, period, "province", PROVINCE, sex, "all", rate * tilt, round(people * share * years)
                )
                for shape, band in zip(AGE_SHAPE, BANDS, strict=True):
                    in_band = round(people * share * years / len(BANDS))
                    yield released(measure, period, "province", PROVINCE, sex, band, rate * tilt * shape, in_band)
            for k, city in enumerate(CITIES):
                in_city = round(people * years * (1 + (k * 5) % 16) / 136)
                yield released(
                    measure, period, "city", city, "all", "all", rate * (0.86 + 0.02 * ((k * 7) % 16)), in_city
                )


FEEDS = {
    "outpatient_visit": 403_117,
    "laboratory": 610_240,
    "inpatient_home_page": 12_894,
    "resident_register": 24_310,
    "birth_certificate": 402,
    "death_certificate": 447,
}
START = datetime(2026, 1, 2, 8, 30, tzinfo=UTC)


def delivery(
    receipt: int, feed: str, sender: str, accepted: int, *, status: str = "accepted", run: str = "run-receive-1"
) -> dict[str, Any]:
    """One delivered file; one row in a hundred of it is quarantined."""
    kept_out = accepted // 100
    name = f"{sender}/{feed}/2026-01-02/{feed}-{receipt}.csv"
    return {
        "receipt": receipt,
        "feed": feed,
        "sender": sender,
        "file": name,
        "file_sha256": hashlib.sha256(name.encode()).hexdigest(),
        "status": status,
        "rows_read": accepted + kept_out,
        "rows_accepted": accepted if status == "accepted" else 0,
        "rows_quarantined": kept_out if status == "accepted" else 0,
        "rows_duplicate": 0,
        "delivered_on": date(2026, 1, 2),
        "bytes": 100 * accepted,
        "modified_ns": 0,
        "received_at": START + timedelta(seconds=7 * receipt),
        "_run_id": run,
    }


def deliveries() -> list[dict[str, Any]]:
    """For each feed one file from an institution of each of 16 cities, and one refused file."""
    kinds = {"resident_register": "P001", "birth_certificate": "M001", "death_certificate": "C001"}
    files = [
        delivery(1, feed, f"{city[:4]}02{kinds.get(feed, 'H001')}", total // len(CITIES))
        for feed, total in FEEDS.items()
        for city in CITIES
    ]
    return [*files, delivery(1, "laboratory", "370102H009", 99, status="refused")]


def runs() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Receive, silver, gold and release: each run and what it read and wrote."""
    times = {"started_at": START + timedelta(minutes=5), "ended_at": START + timedelta(minutes=6)}
    flow = (
        (
            "run-receive-1",
            "receive",
            [],
            [("bronze.outpatient_visit", 1), ("bronze.resident_register", 1), ("bronze.laboratory", 1)],
        ),
        (
            "run-visit-1",
            "silver.visit_occurrence",
            [("bronze.outpatient_visit", 1), ("vault.person_link", 0)],
            [("silver.visit_occurrence", 2)],
        ),
        ("run-residence-1", "silver.residence", [("bronze.resident_register", 1)], [("silver.residence", 1)]),
        (
            "run-state-1",
            "gold.measure_state",
            [("silver.visit_occurrence", 2), ("silver.residence", 1)],
            [("gold.measure_state", 3)],
        ),
        ("run-measure-1", "gold.measure", [("gold.measure_state", 3)], [("gold.measure", 4)]),
        ("run-release-1", "release.measure", [("gold.measure", 4)], [("release.measure", 0)]),
    )
    done = [
        {"run_id": r, "job": job, "status": "done", "code": "c0ffee" * 8, "revision": "abc1234", **times}
        for r, job, _, _ in flow
    ]
    io = [
        {"run_id": r, "direction": way, "table": table, "version": version}
        for r, _, read, written in flow
        for way, tables in (("in", read), ("out", written))
        for table, version in tables
    ]
    return done, io


def make_lake(root: Path, **release: Any) -> Path:
    """A lake with a release (see ``release_rows``), its runs, and its deliveries."""
    write(root, MEASURE, list(release_rows(**release)), mode="overwrite")
    write(root, DELIVERY, deliveries())
    done, io = runs()
    write(root, RUN, done)
    write(root, RUN_IO, io)
    return root
