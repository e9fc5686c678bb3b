"""Visits, made of the delivered rows that belong to them."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.codes.lists import rows as code_rows
from jobs.codes.lists import type_concept
from jobs.lakehouse.job import job
from jobs.silver.event import lookup
from jobs.silver.visit_part import ENCOUNTER, STAY, VISITS
from jobs.tables.omop import VISIT_OCCURRENCE
from jobs.tables.silver import VISIT_RECORD
from jobs.tables.vault import PERSON_HISTORY, VISIT_PART

FEEDS = ("outpatient_visit", "inpatient_home_page", "laboratory", "synthea_encounters")
LED_BY = ("feed", "part", "class", "care_site_id", "department_code", "admitted_from", "discharged_to", "ends_at")


@job(writes=VISIT_OCCURRENCE, by="person", changes=PERSON_HISTORY, parts=VISIT_PART, records=VISIT_RECORD)
def visit_occurrence(parts: DataFrame, records: DataFrame) -> DataFrame:
    """One visit per group of rows. What it is and when it began follows from its earliest row that is a visit, or from
    its earliest test where there is none; it was learned of with the first such row.
    """
    placed = records.where("visit_occurrence_id is not null").select("_row_id", "visit_occurrence_id")
    telling = parts.join(placed, "_row_id", how="inner").withColumn("is_visit", F.col("part").isin(*VISITS))
    leader = F.struct(~F.col("is_visit"), "starts_at", "_row_hash", "_row_id", *LED_BY)
    grouped = telling.groupBy("person_id", "visit_occurrence_id").agg(
        F.min(leader).alias("first"),
        F.coalesce(F.max(F.when(F.col("is_visit"), _last("ends_at"))), F.max("starts_at")).alias("last"),
        F.coalesce(F.min(F.when(F.col("is_visit"), F.col("_learned_at"))), F.min("_learned_at")).alias("_learned_at"),
    )
    return _visits(grouped)


def _last(end: str) -> Column:
    return F.greatest(end, "starts_at")


def _visits(grouped: DataFrame) -> DataFrame:
    """OMOP's columns. An outpatient visit ends on its day, even where a test that it ordered was made later."""
    start = F.col("first.starts_at")
    lasts = F.col("first.part").isin(STAY, ENCOUNTER)
    end = F.when(lasts, F.coalesce("first.ends_at", start)).otherwise(
        F.when(F.col("last").cast("date") == start.cast("date"), F.col("last")).otherwise(start)
    )
    none = F.lit(None).cast("long")
    return grouped.select(
        "visit_occurrence_id",
        "person_id",
        visit_concept(F.col("first.feed"), F.col("first.class")).alias("visit_concept_id"),
        start.cast("date").alias("visit_start_date"),
        start.alias("visit_start_datetime"),
        end.cast("date").alias("visit_end_date"),
        end.alias("visit_end_datetime"),
        lookup(F.col("first.feed"), {f: type_concept(f, "visit_occurrence") for f in FEEDS}).alias(
            "visit_type_concept_id"
        ),
        none.alias("provider_id"),
        F.col("first.care_site_id").alias("care_site_id"),
        F.coalesce("first.class", "first.feed").alias("visit_source_value"),
        none.alias("visit_source_concept_id"),
        none.alias("admitted_from_concept_id"),
        F.col("first.admitted_from").alias("admitted_from_source_value"),
        none.alias("discharged_to_concept_id"),
        F.col("first.discharged_to").alias("discharged_to_source_value"),
        none.alias("preceding_visit_occurrence_id"),
        F.col("first.department_code").alias("_department_code"),
        "_learned_at",
    )


def visit_concept(feed: Column, visit_class: Column) -> Column:
    """The visit concept of a feed and the sender's class; 0 for a class that the list does not know."""
    known = {f"{r['feed']}|{r['class']}": int(r["concept_id"]) for r in code_rows("visit_concept")}
    return F.coalesce(lookup(F.concat_ws("|", feed, F.coalesce(visit_class, F.lit(""))), known), F.lit(0))
