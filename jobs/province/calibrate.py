"""Simulated against published: blocks are made in Spark tasks, only sums come back, each figure gets a verdict.

A block of residents is one draw of a systematic sample, so the sampling error of every figure follows from how much
blocks differ, whatever the figure is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.lakehouse.errors import Refused
from jobs.province.calibrate_indicators import INDICATORS, LIFE_AGES, LIFE_TABLE, RATE, SEGI, Indicator
from jobs.province.calibrate_published import AGE_SHARES, FEMALE, MALE, Published
from jobs.province.calibrate_sample import DAY_OF, Sample
from jobs.province.datafiles import csv
from jobs.province.draws import Floats
from jobs.province.facts import ProvinceFacts
from jobs.province.institutions import Institutions
from jobs.province.people import BLOCK
from jobs.province.residents import live_and_record
from jobs.province.scale import scales
from jobs.province.schedule import Schedule
from jobs.province.settings import FEEDS, SimulateSettings
from jobs.province.simulate import PART, read_contracts

SUMS = ("x", "w", "xx", "xw", "ww")  # of numerators and denominators by block, and of their products
SUMS_DDL = "row int, part int, x double, w double, xx double, xw double, ww double"
WITHIN, OUTSIDE, YEARS_OFF = 0.10, 0.25, 0.5  # shares of a published figure; years of life expectancy
CONFIDENCE = 1.96  # standard errors in what is called the sampling error
RARE = 0.02  # events a person: below it, a count's variance is in proportion to what is expected
CHANCE = 3.0  # standard errors that one of some hundreds of figures may be off by without meaning anything
NONE_OF = 3.0  # expected events in the simulated time that seeing none of is no chance
TOO_OLD = 10  # years from the simulated ones; older figures are listed only
HOLDS, OFF, AWAY, NOT_SIMULATED, UNPUBLISHED = "holds", "off", "outside", "not simulated", "no figure"


@dataclass(frozen=True)
class Compared:
    """A published figure beside the simulated one. ``error``: half the 95% interval of the simulated
    figure; of rare events, that of a count about the published one (a score interval, not Wald's)."""

    row: Published
    simulated: float | None
    error: float | None
    verdict: str
    target: bool
    note: str

    @property
    def ratio(self) -> float | None:
        return None if self.simulated is None or not self.row.value > 0 else self.simulated / self.row.value


def calibrate(
    spark: SparkSession, settings: SimulateSettings, contracts: Path, facts: ProvinceFacts, rows: list[Published]
) -> list[Compared]:
    """Simulate and hold every published figure against it. Nothing is written."""
    counted = tuple(f for f in FEEDS if f in DAY_OF)
    settings = replace(settings, feeds=counted, later_feeds_from=None)  # whole years of every feed
    years = whole_years(settings)
    blocks = -(-settings.residents // BLOCK)
    parts = -(-blocks // PART)
    count = counter(settings, contracts, facts, rows, years)

    def sums(ids: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in ids:
            for part in batch.column("id").to_pylist():
                yield count(np.arange(part * PART, min((part + 1) * PART, blocks)))

    tasks = min(parts, settings.partitions or 4 * spark.sparkContext.defaultParallelism)
    made = spark.range(0, parts, 1, tasks).mapInArrow(sums, SUMS_DDL)
    total = made.groupBy("row", "part").agg(*(F.sum(c).alias(c) for c in SUMS)).collect()
    table = {(r, p): np.array(values, np.float64) for r, p, *values in total}
    return compared(rows, table, facts, blocks, (years.start + years.stop - 1) / 2)


def whole_years(settings: SimulateSettings) -> range:
    """The calendar years that lie wholly in what is delivered."""
    first, end = settings.first_day, settings.end
    years = range(first.year + ((first.month, first.day) != (1, 1)), end.year + ((end.month, end.day) == (12, 31)))
    if not years:
        raise Refused(f"simulate.start={settings.start}, simulate.end={settings.end}: must hold a whole calendar year")
    return years


def counter(
    settings: SimulateSettings, contracts: Path, facts: ProvinceFacts, rows: list[Published], years: range
) -> Callable[[np.ndarray], pa.RecordBatch]:
    """What a task does with some blocks: make them, and add up every figure's numerator and denominator."""
    headers = {name: feed.header for name, feed in read_contracts(contracts).items()}
    institutions, schedule = Institutions.of(facts.places, settings), Schedule.of(settings)
    scale = scales(facts, settings.rate)

    def count(blocks: np.ndarray) -> pa.RecordBatch:
        made = live_and_record(settings, facts, institutions, schedule, scale, blocks)
        sample = Sample.of(*made, headers, years)
        found = list(_sums(sample, rows, blocks))
        columns = [pa.array([f[n] for f in found], pa.int32() if n < 2 else pa.float64()) for n in range(7)]
        return pa.RecordBatch.from_arrays(columns, ["row", "part", *SUMS])

    return count


def _sums(sample: Sample, rows: list[Published], blocks: np.ndarray) -> Iterator[tuple[float, ...]]:
    people, facts = sample.scene.lives.people, sample.scene.facts
    block = np.searchsorted(blocks, people.block)
    for n, row in enumerate(rows):
        indicator = INDICATORS.get(row.indicator)
        if indicator is None or not can_happen(indicator, facts):
            continue
        of_sex = {MALE: people.sex == 0, FEMALE: people.sex == 1}.get(row.sex, np.ones(len(people), bool))
        if row.indicator == AGE_SHARES:
            of_sex = np.ones(len(people), bool)
        for p, (first, last) in enumerate(indicator.parts(row)):
            counted = indicator.count(sample, replace(row, age_from=first, age_to=last))
            x, w = (np.bincount(block, c * of_sex, len(blocks)) for c in counted)
            yield n, p, *(float(v) for v in (x.sum(), w.sum(), x @ x, x @ w, w @ w))


def can_happen(indicator: Indicator, facts: ProvinceFacts) -> bool:
    """Whether a condition that the indicator is about is simulated."""
    return not indicator.needs or any(c in facts.conditions.name for c in indicator.needs)


def compared(
    rows: list[Published],
    sums: Mapping[tuple[int, int], Floats],
    facts: ProvinceFacts,
    blocks: int,
    middle: float,
) -> list[Compared]:
    """Every figure beside the simulated one, from the sums over all blocks; ``middle``: of the simulated years."""
    why_not, why_off = (dict(csv(f"{n}.csv").itertuples(index=False)) for n in ("not_simulated", "off_because"))
    targets = target_rows(rows, middle)
    found = []
    for n, row in enumerate(rows):
        indicator = INDICATORS.get(row.indicator)
        parts = [s for (r, _), s in sorted(sums.items()) if r == n] if indicator else []
        if indicator is None or not parts:
            needs = "" if indicator is None else f"no condition {' or '.join(indicator.needs)}"
            found.append(Compared(row, None, None, NOT_SIMULATED, False, why_not.get(row.indicator, needs)))
            continue
        scale = indicator.scale(row, facts.places.city_people.sum())
        simulated, error = (scale * v for v in _figure(indicator, np.array(parts), blocks))
        if indicator.zero_is_unsimulated and simulated == 0 and parts[0][1] * row.value / scale > NONE_OF:
            found.append(Compared(row, None, None, NOT_SIMULATED, False, "no such event in these lives"))
            continue
        if indicator.made_of == RATE and 0 < simulated < RARE * scale and row.value > 0:
            error *= (row.value / simulated) ** 0.5  # a count that came out low understates how far chance reaches
        verdict = judged(indicator, row.value, simulated, error)
        note = targets[n]
        if note == "" and verdict != HOLDS:
            note = why_missed(why_off.get(row.indicator, ""), row.value, simulated, error)
        found.append(Compared(row, simulated, error, verdict, targets[n] == "", note))
    return found


def target_rows(rows: list[Published], middle: float) -> list[str]:
    """Why each figure is no target, empty for those that are: of figures that tell the same, the nearest in time."""
    reasons, listed = [], dict(csv("listed_only.csv").itertuples(index=False))
    for row in rows:
        near = [abs(r.middle - middle) for r in rows if r.about == row.about]
        if not row.value >= 0:
            reasons.append("no published figure")
        elif row.indicator in listed:
            reasons.append(listed[row.indicator])
        elif abs(row.middle - middle) > TOO_OLD:
            reasons.append(f"more than {TOO_OLD} years from the simulated ones")
        elif abs(row.middle - middle) > min(near):
            reasons.append("another year is nearer")
        else:
            reasons.append("")
    return reasons


def judged(indicator: Indicator, value: float, simulated: float, error: float) -> str:
    """Whether it holds: within a tenth or the sampling error; outside is beyond a quarter and twice the error."""
    if not value >= 0:
        return UNPUBLISHED
    away = abs(simulated - value)
    if indicator.made_of == LIFE_TABLE:
        return HOLDS if away <= YEARS_OFF else AWAY
    if away <= max(WITHIN * value, error):
        return HOLDS
    return OFF if away <= max(OUTSIDE * value, 2 * error) else AWAY


def why_missed(reason: str, value: float, simulated: float, error: float) -> str:
    """Why a target isn't met: the reason, if one is known, and how many standard errors it is off by."""
    errors = abs(simulated - value) / (error / CONFIDENCE) if error > 0 else np.inf
    if not reason:
        far = f"no chance, what is assumed is off by {abs(simulated - value):.4g}"
        reason = "may be chance" if errors <= CHANCE else far
    return f"{reason} ({errors:.1f} standard errors)"


def _figure(indicator: Indicator, sums: Floats, blocks: int) -> tuple[float, float]:
    """The figure before scaling, and its sampling error. ``sums``: by part, in the order of ``SUMS``."""
    x, w = sums[:, 0], sums[:, 1]
    rate = x / np.where(w > 0, w, np.nan)
    spread = np.maximum(sums[:, 2] - 2 * rate * sums[:, 3] + rate**2 * sums[:, 4], 0)
    variance = np.where(x > 0, spread / w**2 * blocks / max(blocks - 1, 1), (NONE_OF / CONFIDENCE / w) ** 2)
    if indicator.made_of == LIFE_TABLE:
        years, variance_of_years = life_expectancy(rate, variance)
        return years, CONFIDENCE * variance_of_years**0.5
    if indicator.made_of == SEGI:
        weight = csv("segi.csv")["share"].to_numpy(np.float64)
        weight = weight / weight.sum()
        return float(weight @ rate), CONFIDENCE * float(weight**2 @ variance) ** 0.5
    return float(rate[0]), CONFIDENCE * float(variance[0]) ** 0.5


def life_expectancy(rate: Floats, variance: Floats) -> tuple[float, float]:
    """Years at birth by an abridged life table over ``LIFE_AGES``, and their variance (Chiang 1984).

    ``rate``: deaths a person-year, ``variance``: its variance. Infants who die live a tenth of their year.
    """
    width = np.array([last + 1 - first for first, last in LIFE_AGES[:-1]], np.float64)
    lived = np.array([0.1, 0.4, *[0.5] * (len(width) - 2)])  # share of the interval lived by those who die in it
    m, last = rate[:-1], rate[-1]
    shrink = 1 + (1 - lived) * width * m
    die = np.minimum(width * m / shrink, 1.0)
    alive = np.concatenate([[1.0], np.cumprod(1 - die)])  # at the beginning of each interval
    years = np.append(width * (alive[1:] + lived * (alive[:-1] - alive[1:])), alive[-1] / last)
    remaining = np.cumsum(years[::-1])[::-1] / alive
    die_variance = variance[:-1] * (width / shrink**2) ** 2
    terms = alive[:-1] ** 2 * ((1 - lived) * width + remaining[1:]) ** 2 * die_variance
    return float(remaining[0]), float(terms.sum() + (alive[-1] / last**2) ** 2 * variance[-1])
