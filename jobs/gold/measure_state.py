"""Job ``gold.measure_state``: the kernel in Spark tasks, one person bucket a task, at pinned versions."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import codes
from jobs.gold import kernel, measures
from jobs.gold import sources as silver
from jobs.gold.areas import whole_years
from jobs.gold.sources import Place
from jobs.lakehouse.job import Pinned, Run, job
from jobs.tables.gold import MEASURE_STATE
from jobs.tables.omop import CONDITION_OCCURRENCE, DEATH, OBSERVATION_PERIOD, PERSON, VISIT_OCCURRENCE
from jobs.tables.silver import RESIDENCE
from jobs.tables.vault import PERSON_HISTORY

BUCKET = "_bucket"
KEYS = [name for name in kernel.ATOMS.names if name not in MEASURE_STATE.additive]


@job(
    writes=MEASURE_STATE,
    by="signed",
    changes=PERSON_HISTORY,
    person=PERSON,
    observation_period=OBSERVATION_PERIOD,
    residence=RESIDENCE,
    death=DEATH,
    visit_occurrence=VISIT_OCCURRENCE,
    condition_occurrence=CONDITION_OCCURRENCE,
)
def measure_state(
    sources: Mapping[str, Pinned], persons: DataFrame | None, *, start: str, end: str, run: Run
) -> DataFrame:
    """Atoms of every measure for the years within ``start`` to ``end``: of all persons, or only of ``persons``.

    Called at the versions of the last run as well, for ``persons``; the runner turns the signs of those.
    """
    pinned = {name: (table.uri, table.version) for name, table in sources.items()}
    return atoms(pinned, run.lake.buckets, persons, whole_years(start, end))


def atoms(pinned: Mapping[str, Place], buckets: int, persons: DataFrame | None, years: list[int]) -> DataFrame:
    """Atoms summed over buckets (columns of ``gold.measure_state``).

    ``pinned`` maps the silver tables' short names to address and version; a table without a version is empty.
    ``persons`` (person_id, ``_bucket``) restricts the count to these persons and their buckets.
    """
    of_bucket = _counter(dict(pinned), years, register_types())
    schema = MEASURE_STATE.schema
    if persons is None:
        spark = SparkSession.active()
        each = spark.range(0, buckets, 1, buckets).select(F.col("id").alias(BUCKET))
        counted = each.mapInArrow(lambda batches: _whole(batches, of_bucket), schema)
    else:
        # As many partitions as buckets, by number: adaptive execution would join such small ones into one task.
        spread = persons.select("person_id", F.col(BUCKET).cast("long")).repartition(buckets, BUCKET)
        counted = spread.groupBy(BUCKET).applyInArrow(lambda table: _some(table, of_bucket), schema)
    return counted.groupBy(*KEYS).agg(*(F.sum(c).alias(c) for c in MEASURE_STATE.additive))


def register_types() -> list[int]:
    """Type concepts of the observation periods that a resident register vouches for."""
    path = Path(str(codes.__file__)).with_name("type_concept.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["table"] == "observation_period"]
    return [int(r["concept_id"]) for r in rows if r["feed"] == "resident_register"]


Counter = Callable[[int, pa.Array | None], pa.Table]


def _counter(pinned: dict[str, Place], years: list[int], register: list[int]) -> Counter:
    """A function that runs in a task: bucket and person_ids (null: all) to atoms."""

    def count(bucket: int, persons: pa.Array | None) -> pa.Table:
        tables = silver.read_bucket(pinned, bucket, measures.COUNTED)
        if persons is not None:
            tables = {name: t.filter(pc.is_in(t["person_id"], persons)) for name, t in tables.items()}
        return kernel.atoms(tables, measures.COUNTED, years, register)

    return count


def _whole(batches: Iterator[pa.RecordBatch], count: Counter) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for bucket in batch.column(0).to_pylist():
            yield from count(bucket, None).to_batches()


def _some(table: pa.Table, count: Counter) -> pa.Table:
    return count(table[BUCKET][0].as_py(), table["person_id"].combine_chunks())
