"""The one function that computes every measure: from atoms to rates with limits, crude and standardised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql.pandas.types import to_arrow_schema

from jobs.gold import interval
from jobs.gold.areas import AGES, SEXES, Areas, Counts, dense, periods, rolled_up
from jobs.gold.declare import PER_PERSON, Measure
from jobs.gold.interval import Floats
from jobs.gold.standardise import direct
from jobs.tables.gold import MEASURE

Standards = Mapping[str, Sequence[float]]
"""Name of a standard population -> its weights by five-year age band."""


def rates(
    atoms: Mapping[str, Sequence[object]],
    measure: Measure,
    areas: Areas,
    years: Sequence[int],
    pooled: int,
    standards: Standards,
) -> pa.Table:
    """Rows of ``gold.measure`` for one measure from its atoms (columns of ``gold.measure_state``, already summed).

    Starts from the denominator: a cell without events is a zero, one without anybody observed is no row. Persons on an
    index day are not pooled over years, as the same persons would be counted again.
    """
    counts = rolled_up(dense(atoms, years, areas.leaves), areas.parts)
    chosen = periods(years, 0 if measure.denominator.kind in PER_PERSON else pooled)
    tables = []
    for period, of_years in chosen.items():
        at = [years.index(y) for y in of_years]
        sums = np.stack([counts[:, 0, at].sum(1), counts[:, 1, at].sum(1), counts[:, 2, at].max(1)], axis=1)
        estimable = _estimable(measure, counts[1, 0, at].sum(0))
        table = _table(_cells(measure, sums, standards, estimable), period, areas, estimable, sums[1, 0])
        tables.append(_declared(table, measure))
    return pa.concat_tables(tables)


def _estimable(measure: Measure, days: Counts) -> bool:
    """Whether anybody but the youngest could be at risk: with prior observation asked for, births alone are no year."""
    return not measure.denominator.prior_days or bool(days[..., 2:].sum() > 0)


def _cells(measure: Measure, sums: Counts, standards: Standards, estimable: bool) -> dict[str, NDArray[Any]]:
    """Columns over (area, sex, age) from ``sums`` [numerator|denominator, n|n_sq|persons, area, sex, age]."""
    (n, n_sq, who), (denominator, _, persons) = sums
    years = denominator / measure.days_per_year
    exposure = years if measure.unit == "person-years" else denominator.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = n / exposure
    low, high, method = crude_limits(measure, n, n_sq, exposure)
    columns: dict[str, NDArray[Any]] = {
        "numerator": n,
        "numerator_sq": n_sq,
        "numerator_persons": who if measure.repeats else n,  # an event that comes once is a person
        "denominator": denominator,
        "person_years": years if measure.unit == "person-years" else np.full(years.shape, np.nan),
        "persons": persons,
        "interval": method,
    }
    scaled = {"rate": rate, "rate_low": low, "rate_high": high}
    scaled |= _standardised(measure, n, n_sq, exposure, standards)
    return columns | {name: values * measure.per if estimable else values * np.nan for name, values in scaled.items()}


def crude_limits(
    measure: Measure, count: Floats | Counts, squares: Floats | Counts, exposure: Floats
) -> tuple[Floats, Floats, NDArray[Any]]:
    """Limits of the crude rate per unit of ``exposure`` and the name of the method, as the measure declares them."""
    if measure.interval == "wilson":
        return *interval.wilson(count, exposure), np.full(exposure.shape, "wilson", dtype=object)
    plain = interval.poisson(count, measure.exact_below)
    method = np.where(np.asarray(count) < measure.exact_below, "exact_poisson", "byar").astype(object)
    with np.errstate(divide="ignore", invalid="ignore"):
        if not measure.repeats:
            return plain[0] / exposure, plain[1] / exposure, method
        wide = interval.dobson(count / exposure, squares / exposure**2, count, plain)
        none = np.asarray(count) == 0
        low = np.where(none, 0.0, np.maximum(wide[0], 0.0))
        return low, np.where(none, plain[1] / exposure, wide[1]), np.where(none, method, "dobson_repeat_events")


def _standardised(
    measure: Measure, n: Counts, n_sq: Counts, exposure: Floats, standards: Standards
) -> dict[str, Floats]:
    """Standardised rates, for all ages only."""
    columns: dict[str, Floats] = {}
    squares = n_sq if measure.repeats else n
    bands = (n[..., 1:], squares[..., 1:], exposure[..., 1:])
    for name in measure.standard.populations:
        found = direct(*bands, standards[name], measure.standard.least_events, measure.standard.limits)
        for part, values in zip(("", "_low", "_high"), found, strict=True):
            column = np.full(n.shape, np.nan)
            column[..., 0] = values
            columns[f"rate_{name}{part}"] = column
    return columns


def _table(
    columns: dict[str, NDArray[Any]], period: str, areas: Areas, estimable: bool, denominator: Counts
) -> pd.DataFrame:
    """One row per cell with a denominator; every cell, empty, where the period can't have the measure."""
    shape = denominator.shape
    area, sex, age = (index.ravel() for index in np.indices(shape))
    table = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    counted = ["numerator", "numerator_sq", "numerator_persons", "denominator", "persons"]
    table[counted] = table[counted].astype("Int64")
    table["level"] = [areas.names[i][0] for i in area]
    table["place_code"] = [areas.names[i][1] for i in area]
    table["sex"], table["age_band"] = [SEXES[i] for i in sex], [AGES[i] for i in age]
    table["period"], table["status"] = period, "ok" if estimable else "not_estimable"
    if not estimable:
        table[[*counted, "person_years", "interval"]] = None
        return table
    return table[denominator.ravel() > 0]


def _declared(table: pd.DataFrame, measure: Measure) -> pa.Table:
    """Rows in the columns and types of ``gold.measure``; what is not a number is null."""
    schema = to_arrow_schema(MEASURE.schema)
    fixed = {"measure": measure.name, "measure_version": measure.version, "unit": measure.unit}
    filled = table.assign(**fixed, per=measure.per, label=measure.label).reindex(columns=schema.names)
    return pa.Table.from_pandas(filled, schema=schema, preserve_index=False)
