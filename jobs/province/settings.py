"""The simulator's settings, typed and checked; ``conf/job/simulate.yaml`` says what each means."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from jobs.lakehouse.errors import Refused
from jobs.province.dirt import Coding, Dirt, Recording
from jobs.province.shares import Outbreaks, Undelivered
from jobs.province.wire import Drift, Formats

MOST_RESIDENTS = 110_000_000  # ID, visit and result numbers are unique, and fit into 63 bits, up to here
REGISTER = "resident_register"
FEEDS = (
    REGISTER,
    "registration",
    "outpatient_visit",
    "emr_document",
    "prescription",
    "payment",
    "inpatient_home_page",
    "laboratory",
    "imaging_study",
    "health_checkup",
    "chronic_followup",
    "immunisation",
    "infectious_card",
    "cancer_card",
    "birth_certificate",
    "death_certificate",
)
FIRST_FEEDS = (
    REGISTER,
    "outpatient_visit",
    "inpatient_home_page",
    "laboratory",
    "birth_certificate",
    "death_certificate",
)
"""Those that institutions deliver from the first day on; the others follow from ``later_feeds_from`` on."""
ABOVE_ONE = (  # numbers that are no shares
    *("mortality_scale", "births_per_1000", "boys_per_100_girls", "visits", "admissions"),
    *("spread", "clerk_spread", "registry_multiple"),
    *("missing", "symptom", "unspecified", "neighbouring", "local", "outside", "traditional"),
)
MOST = dict.fromkeys(ABOVE_ONE, 1000.0) | {  # up to here about as much comes out as is set
    "move_in": 0.08,  # numbers are kept for a hundred arrivals a block and year
    "births_per_1000": 25.0,  # of more, those within two years of another are missing
    "visits": 40.0,
    "admissions": 1.0,  # of more, those within another stay are missing
    "spread": 3.0,
    "clerk_spread": 3.0,
}
LAST_YEAR = 2098  # opening.py and lunar.py know the calendar to 2099, and stays and appointments are foreseen
PARTS = (("permit_hong_kong", "permit_macao"), ("foreigner_new_card", "foreigner_old_card"))  # of one whole
S = TypeVar("S", bound="Yearly | Coding | Dirt")


@dataclass(frozen=True)
class Yearly:
    """Yearly rates of life and care."""

    mortality_scale: float
    births_per_1000: float
    boys_per_100_girls: float
    move_within: float
    move_address: float
    move_out: float
    move_back: float
    move_in: float
    twins: float
    visits: float
    admissions: float


@dataclass(frozen=True)
class SimulateSettings:
    """What to simulate and where to. Days are inclusive; see ``conf/job/simulate.yaml``."""

    residents: int
    seed: int
    feeds: tuple[str, ...]
    later_feeds_from: date | None
    population_on: date
    backload_from: date | None
    start: date
    end: date
    deliver_every: str
    rows_per_file: int
    out: Path
    truth: Path
    hospitals_per_city: int
    gb18030_share: float
    formats: Formats
    drift: Drift
    partitions: int | None
    rate: Yearly
    recording: Recording
    dirt: Dirt
    outbreaks: Outbreaks
    undelivered: Undelivered

    @property
    def first_day(self) -> date:
        """The first day whose records are delivered: of the back-load, or of the deliveries."""
        return self.backload_from or self.start

    def begins(self, feed: str) -> date:
        """The first day on which a feed is delivered."""
        later = self.later_feeds_from if feed not in FIRST_FEEDS else None
        return max(later or self.first_day, self.first_day)

    @staticmethod
    def of(node: Mapping[str, Any]) -> SimulateSettings:
        """From the node ``simulate`` of the settings. Raises ``Refused`` naming the setting and what is allowed."""
        made = SimulateSettings(
            residents=_whole(node, "residents", 1, MOST_RESIDENTS),
            seed=_whole(node, "seed", 0, 2**53),
            feeds=_some_of(node, "feeds", FEEDS),
            later_feeds_from=_day_or_none(node, "later_feeds_from"),
            population_on=_day(node, "population_on"),
            backload_from=_day_or_none(node, "backload_from"),
            start=_day(node, "start"),
            end=_day(node, "end"),
            deliver_every=_one_of(node, "deliver_every", ("month", "day")),
            rows_per_file=_whole(node, "rows_per_file", 1, 10_000_000),
            out=_folder(node, "out"),
            truth=_folder(node, "truth"),
            hospitals_per_city=_whole(node, "hospitals_per_city", 1, 99),
            gb18030_share=_number(node["gb18030_share"], "gb18030_share", 1.0),
            formats=Formats.read(node["formats"]),
            drift=Drift.read(node["drift"]),
            partitions=None if node.get("partitions") is None else _whole(node, "partitions", 1, 100_000),
            rate=_group(Yearly, node, "rate"),
            recording=_recording(node["recording"]),
            dirt=_dirt(node),
            outbreaks=Outbreaks.read(node["outbreaks"]),
            undelivered=Undelivered.read(node["undelivered"]),
        )
        return _consistent(made)


def _consistent(made: SimulateSettings) -> SimulateSettings:
    if (made.population_on.month, made.population_on.day) != (1, 1):
        raise Refused(f"simulate.population_on={made.population_on}: must be a 1 January")
    if not 2000 <= made.population_on.year <= 2050:
        raise Refused(f"simulate.population_on={made.population_on}: must lie from 2000-01-01 to 2050-01-01")
    if made.end < made.start:
        raise Refused(f"simulate.end={made.end}: must be on or after simulate.start={made.start}")
    if made.backload_from and not made.population_on <= made.backload_from <= made.start:
        raise Refused(
            f"simulate.backload_from={made.backload_from}: must lie between simulate.population_on="
            f"{made.population_on} and simulate.start={made.start}, or be null"
        )
    if made.end.year > LAST_YEAR:
        raise Refused(f"simulate.end={made.end}: must be on or before {LAST_YEAR}-12-31, where calendars end")
    if made.start < made.population_on or made.end.year > made.population_on.year + 60:
        raise Refused(
            f"simulate.start={made.start}, simulate.end={made.end}: must lie within 60 years after "
            f"simulate.population_on={made.population_on}"
        )
    moves = made.rate.move_out + made.rate.move_within + made.rate.move_address
    if moves > 1:
        raise Refused(
            "simulate.rate.move_out, simulate.rate.move_within and simulate.rate.move_address: must not come to more "
            f"than 1 together, these are {moves:g}"
        )
    inner, outer = sorted((made.out.resolve(), made.truth.resolve()), key=lambda p: -len(p.parts))
    if inner == outer or outer in inner.parents:
        raise Refused(f"simulate.truth={made.truth}: must lie apart from simulate.out={made.out}")
    return made


def _dirt(node: Mapping[str, Any]) -> Dirt:
    made = _group(Dirt, node, "dirt")
    for one, other in PARTS:
        if getattr(made, one) + getattr(made, other) > 1:
            raise Refused(f"simulate.dirt.{one} and simulate.dirt.{other}: must not come to more than 1 together")
    return made


def _recording(node: Mapping[str, Any]) -> Recording:
    national, insurance = (
        _number(node[f"{n}_edition"], f"recording.{n}_edition", 1.0) for n in ("national", "insurance")
    )
    if national + insurance > 1:
        raise Refused(
            f"simulate.recording.insurance_edition={insurance}: must be at most {1 - national:g}, "
            "1 less simulate.recording.national_edition"
        )
    return Recording(national, insurance, *(_coding(node, s) for s in ("outpatient", "inpatient", "death")))


def _coding(node: Mapping[str, Any], setting: str) -> Coding:
    made, group = _group(Coding, node, setting, "recording."), f"simulate.recording.{setting}"
    if made.predictive_value < 0.01:
        raise Refused(f"{group}.predictive_value={made.predictive_value}: must be a number from 0.01 to 1")
    if made.sensitivity < 1 and not sum(made.misses):
        raise Refused(f"{group}.missing=0: must be above 0, or another of the weights, if sensitivity is below 1")
    return made


def _whole(node: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = node[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refused(f"simulate.{name}={value}: must be a whole number from {least} to {most}")
    return value


def _day(node: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(str(node[name]))
    except ValueError:
        raise Refused(f"simulate.{name}={node[name]}: must be a date like 2023-01-31") from None


def _day_or_none(node: Mapping[str, Any], name: str) -> date | None:
    return None if node.get(name) in (None, "", "null") else _day(node, name)


def _one_of(node: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = str(node[name])
    if value not in allowed:
        raise Refused(f"simulate.{name}={value}: must be one of {', '.join(allowed)}")
    return value


def _some_of(node: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the allowed values that are given, in their own order."""
    given = node[name]
    if not isinstance(given, list | tuple) or not given or set(given) - set(allowed):
        raise Refused(f"simulate.{name}={given}: must be a list of some of {', '.join(allowed)}")
    return tuple(a for a in allowed if a in given)


def _folder(node: Mapping[str, Any], name: str) -> Path:
    value = "" if node[name] is None else str(node[name]).strip()
    if not value or "://" in value:
        raise Refused(
            f"simulate.{name}={node[name]}: must be a folder that every machine of the cluster sees, not "
            f"{'an address' if value else 'empty'}"
        )
    path = Path(value).absolute()
    there = next(p for p in (path, *path.parents) if os.path.exists(p))  # false as well where one may not look
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise Refused(f"simulate.{name}={value}: must be a folder one can write to, {there} is not")
    return path


def _group(kind: type[S], node: Mapping[str, Any], group: str, above: str = "") -> S:
    values = {}
    for f in fields(kind):
        values[f.name] = _number(node[group][f.name], f"{above}{group}.{f.name}", MOST.get(f.name, 1.0))
    return kind(**values)


def _number(value: Any, name: str, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise Refused(f"simulate.{name}={value}: must be a number from 0 to {most:g}")
    return float(value)
