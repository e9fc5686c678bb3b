"""Periods in which what happened to a person would have reached us."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.codes.lists import type_concept
from jobs.codes.places import OUTSIDE
from jobs.lakehouse.job import job
from jobs.silver.event import event_id
from jobs.silver.residence import USUAL
from jobs.tables.omop import OBSERVATION_PERIOD, PERSON, VISIT_OCCURRENCE
from jobs.tables.silver import REGISTER_COMPLETE, RESIDENCE
from jobs.tables.vault import PERSON_HISTORY

IN_REGISTER = type_concept("resident_register", "observation_period")
BY_VISITS = type_concept("visit_occurrence", "observation_period")
FOREVER = "9999-12-31"


@job(
    writes=OBSERVATION_PERIOD,
    by="person",
    changes=PERSON_HISTORY,
    residences=RESIDENCE,
    persons=PERSON,
    visits=VISIT_OCCURRENCE,
    complete=REGISTER_COMPLETE,
)
def observation_period(
    residences: DataFrame,
    persons: DataFrame,
    visits: DataFrame,
    complete: DataFrame,
    *,
    observation_from: str,
    register_complete_to: str | None,
) -> DataFrame:
    """Who is in a register is observed while usually resident in the province: from the latest of birth, arrival and
    ``observation_from`` to the earliest of death, departure and the last day that every register is complete for.
    Who is in none is observed during visits only (another ``period_type_concept_id``), and is in no denominator.
    """
    last_day = complete.agg(F.min("complete_to").alias("complete_to"))
    if register_complete_to is not None:
        last_day = last_day.select(F.lit(str(register_complete_to)).cast("date").alias("complete_to"))
    resident = residences.where((F.col("kind") == USUAL) & (F.col("place_code") != OUTSIDE))
    stays_here = resident.withColumn("until", F.coalesce("end_date", F.lit(FOREVER).cast("date")))
    presence = islands(stays_here, "start_date", "until", "_row_id")
    known = presence.join(
        persons.select("person_id", F.to_date("birth_datetime").alias("born")), "person_id", how="left"
    )
    # without a complete day nothing can be said of anybody's observation
    observed = known.crossJoin(F.broadcast(last_day.where("complete_to is not null"))).select(
        event_id("first_id", 0).alias("id"),
        "person_id",
        F.greatest("start", "born", F.lit(str(observation_from)).cast("date")).alias("start"),
        F.least(F.date_sub("end", 1), "complete_to").alias("end"),
        F.lit(IN_REGISTER).alias("type"),
        "_learned_at",
    )
    strangers = visits.join(residences.select("person_id").distinct(), "person_id", how="left_anti")
    seen = islands(strangers, "visit_start_date", "visit_end_date", "visit_occurrence_id").select(
        F.col("first_id").alias("id"), "person_id", "start", "end", F.lit(BY_VISITS).alias("type"), "_learned_at"
    )
    return _periods(observed.unionByName(seen))


def islands(spans: DataFrame, start: str, end: str, number: str) -> DataFrame:
    """A person's spans, those that touch or overlap joined. Out: person_id, start, end, first_id (smallest number)."""
    order = Window.partitionBy("person_id").orderBy(start, end, number)
    before = order.rowsBetween(Window.unboundedPreceding, -1)
    reach = F.max(end).over(before)
    opened = spans.withColumn("opens", F.when(reach.isNull() | (F.col(start) > reach), 1).otherwise(0))
    numbered = opened.withColumn("island", F.sum("opens").over(order.rowsBetween(Window.unboundedPreceding, 0)))
    return numbered.groupBy("person_id", "island").agg(
        F.min(start).alias("start"),
        F.max(end).alias("end"),
        F.min(number).alias("first_id"),
        F.min("_learned_at").alias("_learned_at"),
    )


def _periods(found: DataFrame) -> DataFrame:
    """OMOP's columns; a period that ends before it starts (left before observation began) is none."""
    return found.where(F.col("start") <= F.col("end")).select(
        F.col("id").alias("observation_period_id"),
        "person_id",
        F.col("start").alias("observation_period_start_date"),
        F.col("end").alias("observation_period_end_date"),
        F.col("type").alias("period_type_concept_id"),
        "_learned_at",
    )
