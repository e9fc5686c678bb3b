"""One death a person, from the source that comes first in ``codes/precedence.csv``."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.codes.lists import precedence, type_concept
from jobs.identity.typed import typed
from jobs.lakehouse.job import job
from jobs.silver.event import diagnoses, with_concept
from jobs.tables.bronze import BRONZE
from jobs.tables.omop import CONCEPT, DEATH
from jobs.tables.vault import PERSON_HISTORY, PERSON_LINK

REGISTERED_DEATH = "6"
DIED_IN_HOSPITAL = "5"  # 离院方式, CV06.00.226


@job(
    writes=DEATH,
    by="person",
    changes=PERSON_HISTORY,
    certificates=BRONZE["death_certificate"],
    register=BRONZE["resident_register"],
    stays=BRONZE["inpatient_home_page"],
    patients=BRONZE["synthea_patients"],
    links=PERSON_LINK,
    concepts=CONCEPT,
)
def death(
    certificates: DataFrame,
    register: DataFrame,
    stays: DataFrame,
    patients: DataFrame,
    links: DataFrame,
    concepts: DataFrame,
) -> DataFrame:
    """The best report of each person's death; of several reports by one kind of source the one learned last."""
    left = register.where(F.col("event_code") == REGISTERED_DEATH)
    died = stays.where(F.col("discharge_way") == DIED_IN_HOSPITAL)
    reports = [
        report("death_certificate", certificates, typed("death_certificate", "death_date")),
        report("resident_register", left, typed("resident_register", "event_date")),
        report("inpatient_home_page", died, typed("inpatient_home_page", "discharged_at")),
        report("synthea_patients", patients, typed("synthea_patients", "DEATHDATE")),
    ]
    told = reduce(DataFrame.unionByName, reports).where("at is not null")
    linked = told.join(links.select("_row_id", "person_id"), "_row_id", how="inner")
    best = Window.partitionBy("person_id").orderBy("rank", F.desc("_learned_at"), F.desc("_row_hash"), "_row_id")
    chosen = linked.withColumn("place", F.row_number().over(best)).where("place = 1")
    causes = diagnoses("death_certificate", certificates).select("_row_id", "_code_system", "_code_edition", "code")
    return _deaths(with_concept(chosen.join(causes, "_row_id", how="left"), concepts))


def report(feed: str, delivered: DataFrame, at: Column) -> DataFrame:
    """Reports of death in a feed: when, and the rank of the feed."""
    return delivered.select(
        "_row_id",
        at.cast("timestamp").alias("at"),
        (at if feed == "inpatient_home_page" else F.lit(None)).cast("timestamp").alias("time"),
        F.lit(precedence("death")[feed]).alias("rank"),
        F.lit(type_concept(feed, "death")).alias("type"),
        "_learned_at",
        "_row_hash",
    )


def _deaths(chosen: DataFrame) -> DataFrame:
    """OMOP's columns."""
    return chosen.select(
        "person_id",
        F.col("at").cast("date").alias("death_date"),
        F.col("time").alias("death_datetime"),
        F.col("type").alias("death_type_concept_id"),
        F.col("concept_id").alias("cause_concept_id"),
        F.col("code").alias("cause_source_value"),
        F.col("source_concept_id").alias("cause_source_concept_id"),
        "_code_system",
        "_code_edition",
        "_row_id",
        "_learned_at",
    )
