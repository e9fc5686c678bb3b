"""Job ``gold.population``: official residents, the register and the people seen, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema

from jobs.codes import places as place_codes
from jobs.codes import populations
from jobs.codes.populations import Official
from jobs.gold import measures
from jobs.gold.areas import AGES, SEXES, Areas, areas, dense, rolled_up, whole_years
from jobs.gold.measure import folded
from jobs.lakehouse.job import job
from jobs.tables.gold import MEASURE_STATE, POPULATION

Row = dict[str, Any]

SOURCES = {"seen_3y": 0, "register": 1}
"""Source -> the side of the declared heads (``jobs/gold/measures/population.py``): 0 numerator, 1 denominator."""


@job(writes=POPULATION, state=MEASURE_STATE)
def population(state: DataFrame, *, start: str, end: str, places: str) -> DataFrame:
    """Heads by year, place, sex and age band, one row per source.

    The official count is the last one before the year's 1 July, with the day it was taken; it is not projected. People
    seen who are not residents are in the province's rows only.
    """
    of_place, years = areas(place_codes.read_places(places)), whole_years(start, end)
    heads = folded(state).where(F.col("measure").isin(measures.POPULATION.name))
    counted = heads.groupBy("measure").applyInArrow(_counter(of_place, years), POPULATION.schema)
    official = _as_arrow(official_rows(populations.official_population(places), of_place, years))
    return counted.unionByName(state.sparkSession.createDataFrame(official))


def official_rows(official: Sequence[Official], of_place: Areas, years: Sequence[int]) -> Iterator[Row]:
    """Official counts, each repeated for the years that it is the last before."""
    level = {code: name for name, code in of_place.names}
    counts = [(date.fromisoformat(o.as_of), o) for o in official if o.place_code in level]
    for year in years:
        last = max((day for day, _ in counts if day <= date(year, 7, 1)), default=None)
        for day, o in counts:
            if day == last:
                key = {"year": year, "level": level[o.place_code], "place_code": o.place_code, "sex": o.sex}
                count = {"age_band": o.age_band, "source": "official", "persons": o.persons}
                yield key | count | {"as_of": day, "status": o.status}


def counted_rows(heads: Mapping[str, Sequence[object]], of_place: Areas, years: Sequence[int]) -> Iterator[Row]:
    """Heads that are not zero, from the folded atoms of the measure ``population``."""
    counts = rolled_up(dense(heads, years, of_place.leaves), of_place.parts)
    month, day = measures.POPULATION.index_day
    for source, side in SOURCES.items():
        found = counts[side, 0]
        for y, a, s, b in np.argwhere(found > 0):
            level, code = of_place.names[a]
            key = {"year": years[y], "level": level, "place_code": code, "sex": SEXES[s], "age_band": AGES[b]}
            count = {"source": source, "persons": int(found[y, a, s, b]), "as_of": date(years[y], month, day)}
            yield key | count | {"status": "counted"}


def _counter(of_place: Areas, years: Sequence[int]) -> Callable[[pa.Table], pa.Table]:
    return lambda table: _as_arrow(counted_rows(table.to_pydict(), of_place, years))


def _as_arrow(rows: Iterator[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=to_arrow_schema(POPULATION.schema))
