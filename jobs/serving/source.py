"""What the screen knows of the lake: the tables it may read, each kept in memory until its Delta version moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from jobs.lakehouse.read import read_table, table_version
from jobs.serving import cells, counters, trace
from jobs.serving.panels import BY_NAME, PANELS

RELEASE = "release.measure"
DELIVERY = "ops.delivery"
RUN = "ops.run"
RUN_IO = "ops.run_io"

READS: Mapping[str, list[str] | None] = {
    RELEASE: None,
    DELIVERY: counters.COLUMNS,
    RUN: trace.RUN_COLUMNS,
    RUN_IO: trace.IO_COLUMNS,
}
ROW_KEYS = ("measure", "period", "level", "place_code", "sex", "age_band")
ROW_TOLD = (
    *ROW_KEYS,
    "measure_version",
    "numerator",
    "denominator",
    "rate",
    "rate_low",
    "rate_high",
    "status",
    "release_id",
)


class Absent(Exception):
    """What was asked for isn't there; the message says what, in words for whoever asked."""


@dataclass(frozen=True)
class Province:
    """What the screen says of its province: code, names, the map's features' (code, names), and official residents."""

    code: str
    name_zh: str
    name_en: str
    cities: Mapping[str, tuple[str, str]]
    residents: int | None

    @property
    def places(self) -> dict[str, tuple[str, str]]:
        """Code -> (Chinese, English) of the province and its cities."""
        return {self.code: (self.name_zh, self.name_en), **self.cities}


@dataclass
class Source:
    """A lake's published numbers and record counters: the tables in ``READS``, read again only when they change."""

    root: str
    province: Province
    feeds: Mapping[str, tuple[str, str]]
    _kept: dict[str, tuple[int, pa.Table]] = field(default_factory=dict)

    def versions(self) -> dict[str, int | None]:
        """The newest Delta version of what the screen follows live."""
        return {name: table_version(self.root, name) for name in (DELIVERY, RELEASE)}

    def table(self, name: str) -> tuple[int, pa.Table] | None:
        """A table at its newest version, or null where it is absent."""
        version = table_version(self.root, name)
        if version is None:
            self._kept.pop(name, None)
            return None
        kept = self._kept.get(name)
        if kept is None or kept[0] != version:
            where = "level in ('province', 'city')" if name == RELEASE else "true"
            kept = (version, read_table(self.root, name, READS[name], version, where))
            self._kept[name] = kept
        return kept

    def has_release(self) -> bool:
        """Whether there is a released number to show."""
        found = self.table(RELEASE)
        return found is not None and found[1].num_rows > 0

    def release(self) -> pa.Table:
        """The released rows of province and cities. Raises ``Absent`` where there is none yet."""
        found = self.table(RELEASE)
        if found is None or not found[1].num_rows:
            raise Absent("nothing is released yet")
        return found[1]

    def panel(self, name: str) -> dict[str, Any]:
        """One panel, ready to draw. Raises ``Absent`` for an unknown name or without a release."""
        if name not in BY_NAME:
            raise Absent(f"there is no panel {name}; there are: {', '.join(BY_NAME)}")
        return cells.drawn(self.release(), BY_NAME[name], self.province.places)

    def panels(self) -> list[dict[str, Any]]:
        """Every panel, in declared order."""
        return [cells.drawn(self.release(), panel, self.province.places) for panel in PANELS]

    def counters(self) -> dict[str, Any]:
        """Records received, per feed and in all; zeros where nothing was received."""
        found = self.table(DELIVERY)
        version, deliveries = found if found else (None, None)
        return {"version": version, **counters.counters(deliveries, self.feeds, self.province.places)}

    def screen(self) -> dict[str, Any]:
        """What the page says of the data as a whole: names, release, whether a demonstration, how big a sample."""
        release = self.release()
        first = release.slice(0, 1).to_pylist()[0]
        return {
            "province": {"code": self.province.code, "zh": self.province.name_zh, "en": self.province.name_en},
            "cities": len(self.province.cities),
            "release_id": first["release_id"],
            "demo": bool(first["demo"]),
            "one_in": cells.one_in(self.province.residents, cells.people(release)),
            "panels": [panel.name for panel in PANELS],
        }

    def trace(self, wanted: Mapping[str, str]) -> dict[str, Any]:
        """Where one released number came from. ``wanted``: the six ``ROW_KEYS``. Raises ``Absent`` if no row fits."""
        missing = [k for k in ROW_KEYS if not wanted.get(k)]
        if missing:
            raise Absent(f"give {', '.join(ROW_KEYS)}; missing: {', '.join(missing)}")
        version, release = self.table(RELEASE) or (0, None)
        row = cells.find_row(release, [(k, wanted[k]) for k in ROW_KEYS]) if release is not None else None
        if row is None:
            raise Absent("no such released row")
        runs, io, deliveries = (self.table(name) for name in (RUN, RUN_IO, DELIVERY))
        if not (runs and io and deliveries):
            raise Absent("the lake has no record of its runs")
        told = trace.chain(row, version, runs[1], io[1], deliveries[1], ROW_TOLD)
        for feed in told["feeds"]:
            feed["zh"], feed["en"] = self.feeds.get(feed["feed"], (feed["feed"],) * 2)
        return told
