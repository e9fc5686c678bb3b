"""Results of laboratory tests and other measurements."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.codes.lists import rows as code_rows
from jobs.codes.lists import type_concept
from jobs.identity.typed import typed
from jobs.lakehouse.job import job
from jobs.silver.event import event_id, lookup, results, with_concept
from jobs.tables.bronze import BRONZE
from jobs.tables.omop import CONCEPT, MEASUREMENT
from jobs.tables.silver import VISIT_HISTORY, VISIT_RECORD

OPERATORS = {"<": 4171756, "<=": 4171754, "=": 4172703, ">=": 4171755, ">": 4172704}
"""OMOP's concepts of Meas Value Operator (from memory, as the lists in jobs/codes)."""

NUMBER = r"^\s*(<=|>=|[<>=≤≥])?\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*$"


@job(
    writes=MEASUREMENT,
    by="event",
    changes=VISIT_HISTORY,
    laboratory=BRONZE["laboratory"],
    observations=BRONZE["synthea_observations"],
    records=VISIT_RECORD,
    concepts=CONCEPT,
)
def measurement(laboratory: DataFrame, observations: DataFrame, records: DataFrame, concepts: DataFrame) -> DataFrame:
    """Every result of every row that counts; one that is no number keeps its text and has no ``value_as_number``."""
    tested = dated(
        "laboratory",
        laboratory,
        when=typed("laboratory", "sampled_at"),
        value="result_value",
        unit="result_unit",
        low=typed("laboratory", "reference_low"),
        high=typed("laboratory", "reference_high"),
    )
    observed = dated(
        "synthea_observations",
        observations,
        when=typed("synthea_observations", "DATE"),
        value="VALUE",
        unit="UNITS",
        low=F.lit(None),
        high=F.lit(None),
    )
    linked = tested.unionByName(observed).join(records, "_row_id", how="inner")
    return _measurements(with_concept(linked, concepts))


def dated(
    feed: str, delivered: DataFrame, *, when: Column, value: str, unit: str, low: Column, high: Column
) -> DataFrame:
    """A feed's results with time, value, unit and reference interval."""
    return results(
        feed,
        delivered,
        when.alias("at"),
        F.col(value).alias("value"),
        F.nullif(F.trim(unit), F.lit("")).alias("unit"),
        low.cast("double").alias("low"),
        high.cast("double").alias("high"),
        F.lit(type_concept(feed, "measurement")).alias("type"),
        "_learned_at",
    )


def number(text: Column) -> tuple[Column, Column]:
    """Operator concept and number of a result such as '5.6', '<0.5' or '≥ 100'; nulls for any other text."""
    sign = F.replace(F.replace(F.regexp_extract(text, NUMBER, 1), F.lit("≤"), F.lit("<=")), F.lit("≥"), F.lit(">="))
    figure = F.nullif(F.regexp_extract(text, NUMBER, 2), F.lit(""))
    return lookup(F.nullif(sign, F.lit("")), OPERATORS).cast("long"), figure.cast("double")


def _measurements(found: DataFrame) -> DataFrame:
    """OMOP's columns."""
    none, text = F.lit(None).cast("long"), F.lit(None).cast("string")
    operator, figure = number(F.col("value"))
    units = {r["unit"]: int(r["concept_id"]) for r in code_rows("unit_concept")}
    return found.select(
        event_id("_row_id", F.col("item")).alias("measurement_id"),
        "person_id",
        F.coalesce("concept_id", F.lit(0)).alias("measurement_concept_id"),
        F.col("at").cast("date").alias("measurement_date"),
        F.col("at").alias("measurement_datetime"),
        text.alias("measurement_time"),
        F.col("type").alias("measurement_type_concept_id"),
        operator.alias("operator_concept_id"),
        figure.alias("value_as_number"),
        none.alias("value_as_concept_id"),
        lookup(F.col("unit"), units).cast("long").alias("unit_concept_id"),
        F.col("low").alias("range_low"),
        F.col("high").alias("range_high"),
        none.alias("provider_id"),
        "visit_occurrence_id",
        none.alias("visit_detail_id"),
        F.col("code").alias("measurement_source_value"),
        F.col("source_concept_id").alias("measurement_source_concept_id"),
        F.substring("unit", 1, 50).alias("unit_source_value"),
        none.alias("unit_source_concept_id"),
        F.substring("value", 1, 50).alias("value_source_value"),
        none.alias("measurement_event_id"),
        none.alias("meas_event_field_concept_id"),
        "_code_system",
        "_code_edition",
        "_row_id",
        "_learned_at",
    )
