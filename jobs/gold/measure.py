"""Job ``gold.measure``: every measure by period, place, sex and age band, from the folded state."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.codes import places as place_codes
from jobs.codes import populations
from jobs.gold import measures
from jobs.gold.areas import Areas, areas, whole_years
from jobs.gold.kernel import BANDS
from jobs.gold.rates import Standards, rates
from jobs.lakehouse.job import job
from jobs.tables.gold import MEASURE, MEASURE_STATE


@job(writes=MEASURE, state=MEASURE_STATE)
def measure(state: DataFrame, *, start: str, end: str, pooled_years: int, places: str) -> DataFrame:
    """Rates of all measures. One task a measure: the number of strata does not grow with residents."""
    of_place = areas(place_codes.read_places(places))
    compute = _computer(of_place, whole_years(start, end), pooled_years)
    rated = folded(state).where(F.col("measure").isin([m.name for m in measures.MEASURES]))
    return rated.groupBy("measure").applyInArrow(compute, MEASURE.schema)


def folded(state: DataFrame) -> DataFrame:
    """The state with its signed contributions summed; strata that came to nothing are gone."""
    keys = [name for name in MEASURE_STATE.column_names if name not in MEASURE_STATE.additive]
    summed = state.groupBy(*keys).agg(*(F.sum(c).alias(c) for c in MEASURE_STATE.additive))
    return summed.where("n <> 0 or n_sq <> 0 or persons <> 0")


def standards() -> Standards:
    """Every standard population that a measure asks for."""
    asked = {name for m in measures.MEASURES for name in m.standard.populations}
    return {name: populations.standard_population(name, BANDS) for name in sorted(asked)}


def _computer(of_place: Areas, years: list[int], pooled: int) -> Callable[[pa.Table], pa.Table]:
    """A function that runs in a task: one measure's folded state to its rows of ``gold.measure``."""
    weights = standards()
    by_name = {m.name: m for m in measures.MEASURES}

    def compute(table: pa.Table) -> pa.Table:
        declared = by_name[table["measure"][0].as_py()]
        return rates(table.to_pydict(), declared, of_place, years, pooled, weights)

    return compute
