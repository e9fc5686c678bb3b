"""Diagnoses. The causes on a death certificate are not among them: they are causes of death."""

from __future__ import annotations

import re
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.codes.lists import MAIN_OF_STAY, PRELIMINARY, type_concept
from jobs.codes.lists import rows as code_rows
from jobs.identity.typed import typed
from jobs.lakehouse.job import job
from jobs.silver.event import diagnoses, event_id, with_concept
from jobs.tables.bronze import BRONZE
from jobs.tables.omop import CONCEPT, CONDITION_OCCURRENCE
from jobs.tables.silver import VISIT_HISTORY, VISIT_RECORD

# OMOP condition status: 32902 primary, 32908 secondary diagnosis; 32903, 32909 the same at discharge.
STATUS = {"outpatient_visit": (32902, 32908), "inpatient_home_page": (MAIN_OF_STAY, 32909)}


@job(
    writes=CONDITION_OCCURRENCE,
    by="event",
    changes=VISIT_HISTORY,
    outpatient=BRONZE["outpatient_visit"],
    inpatient=BRONZE["inpatient_home_page"],
    conditions=BRONZE["synthea_conditions"],
    records=VISIT_RECORD,
    concepts=CONCEPT,
)
def condition_occurrence(
    outpatient: DataFrame, inpatient: DataFrame, conditions: DataFrame, records: DataFrame, concepts: DataFrame
) -> DataFrame:
    """Every diagnosis of every row that counts. In: bronze rows by feed, the person and visit of each, concepts."""
    visit_time = typed("outpatient_visit", "visit_time")
    admitted, discharged = (typed("inpatient_home_page", f) for f in ("admitted_at", "discharged_at"))
    began, ended = (typed("synthea_conditions", f).cast("timestamp") for f in ("START", "STOP"))
    found = [
        dated("outpatient_visit", outpatient, visit_time, F.lit(None)),
        dated("inpatient_home_page", inpatient, admitted, discharged),
        dated("synthea_conditions", conditions, began, ended),
    ]
    linked = reduce(DataFrame.unionByName, found).join(records, "_row_id", how="inner")
    return _conditions(with_concept(linked, concepts))


def dated(feed: str, delivered: DataFrame, start: Column, end: Column) -> DataFrame:
    """A feed's diagnoses with begin and end, kind of source and status: preliminary where the name says so."""
    first, other = STATUS.get(feed, (None, None))
    coded = diagnoses(feed, delivered, start.alias("start"), end.cast("timestamp").alias("end"), "_learned_at")
    return coded.withColumns(
        {
            "type": F.lit(type_concept(feed, "condition_occurrence")),
            "status": F.when(is_suspicion(F.col("name")), F.lit(PRELIMINARY))
            .when(F.col("item") == 1, F.lit(first))
            .otherwise(F.lit(other))
            .cast("long"),
        }
    )


def is_suspicion(name: Column) -> Column:
    """Whether a diagnosis' name calls it a suspicion, to be ruled out: 待查, 疑似, a question mark and their like."""
    return F.coalesce(name.rlike("|".join(re.escape(r["term"]) for r in code_rows("suspicion"))), F.lit(False))


def _conditions(found: DataFrame) -> DataFrame:
    """OMOP's columns."""
    none, text = F.lit(None).cast("long"), F.lit(None).cast("string")
    return found.select(
        event_id("_row_id", F.col("item")).alias("condition_occurrence_id"),
        "person_id",
        F.coalesce("concept_id", F.lit(0)).alias("condition_concept_id"),
        F.col("start").cast("date").alias("condition_start_date"),
        F.col("start").alias("condition_start_datetime"),
        F.col("end").cast("date").alias("condition_end_date"),
        F.col("end").alias("condition_end_datetime"),
        F.col("type").alias("condition_type_concept_id"),
        F.col("status").alias("condition_status_concept_id"),
        text.alias("stop_reason"),
        none.alias("provider_id"),
        "visit_occurrence_id",
        none.alias("visit_detail_id"),
        F.col("code").alias("condition_source_value"),
        F.col("source_concept_id").alias("condition_source_concept_id"),
        F.col("field").alias("condition_status_source_value"),
        "_code_system",
        "_code_edition",
        "_row_id",
        "_learned_at",
    )
