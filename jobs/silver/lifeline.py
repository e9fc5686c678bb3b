"""A person's life as one list of events."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.lakehouse.job import job
from jobs.silver.event import event_id
from jobs.silver.residence import USUAL
from jobs.tables.omop import CONDITION_OCCURRENCE, DEATH, MEASUREMENT, PERSON, VISIT_OCCURRENCE
from jobs.tables.silver import LIFELINE, RESIDENCE
from jobs.tables.vault import PERSON_HISTORY


@job(
    writes=LIFELINE,
    by="person",
    changes=PERSON_HISTORY,
    persons=PERSON,
    residences=RESIDENCE,
    visits=VISIT_OCCURRENCE,
    conditions=CONDITION_OCCURRENCE,
    measurements=MEASUREMENT,
    deaths=DEATH,
)
def lifeline(
    persons: DataFrame,
    residences: DataFrame,
    visits: DataFrame,
    conditions: DataFrame,
    measurements: DataFrame,
    deaths: DataFrame,
) -> DataFrame:
    """Birth, moves, visits, conditions, measurements and death, each once."""
    lists = [
        _events(persons, "birth", PERSON.name, "person_id", at="birth_datetime"),
        _events(
            residences.where(F.col("kind") == USUAL).withColumn("id", event_id("_row_id", 0)),
            "residence",
            RESIDENCE.name,
            "id",
            day="start_date",
            end=F.date_sub("end_date", 1),
            code="place_code",
        ),
        _events(
            visits,
            "visit",
            VISIT_OCCURRENCE.name,
            "visit_occurrence_id",
            at="visit_start_datetime",
            end=F.col("visit_end_date"),
            concept="visit_concept_id",
            code="visit_source_value",
        ),
        _events(
            conditions,
            "condition",
            CONDITION_OCCURRENCE.name,
            "condition_occurrence_id",
            at="condition_start_datetime",
            end=F.col("condition_end_date"),
            concept="condition_concept_id",
            code="condition_source_value",
        ),
        _events(
            measurements,
            "measurement",
            MEASUREMENT.name,
            "measurement_id",
            at="measurement_datetime",
            concept="measurement_concept_id",
            code="measurement_source_value",
        ),
        _events(
            deaths,
            "death",
            DEATH.name,
            "person_id",
            day="death_date",
            at="death_datetime",
            concept="cause_concept_id",
            code="cause_source_value",
        ),
    ]
    return reduce(DataFrame.unionByName, lists)


def _events(
    df: DataFrame,
    kind: str,
    table: str,
    number: str,
    *,
    at: str | None = None,
    day: str | None = None,
    end: Column | None = None,
    concept: str | None = None,
    code: str | None = None,
) -> DataFrame:
    """A table's rows as events: at a time, or on a day where no time is known."""

    def column(name: str | None, kind: str) -> Column:
        return (F.lit(None) if name is None or name not in df.columns else F.col(name)).cast(kind)

    own_day = column(day, "date") if day else column(at, "date")
    return df.where(own_day.isNotNull()).select(
        "person_id",
        own_day.alias("event_date"),
        column(at, "timestamp").alias("event_datetime"),
        (F.lit(None) if end is None else end).cast("date").alias("end_date"),
        F.lit(kind).alias("kind"),
        F.lit(table).alias("source_table"),
        F.col(number).alias("source_id"),
        column(concept, "long").alias("concept_id"),
        column(code, "string").alias("code"),
        column("visit_occurrence_id", "long").alias("visit_occurrence_id"),
        column("_row_id", "long").alias("_row_id"),
        "_learned_at",
    )
