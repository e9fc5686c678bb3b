"""Index discharges, and whether an unplanned readmission followed within 30 days.

An episode is one or more stays without a gap: the next begins by the day of discharge, or on the day after it in
another hospital. Its last discharge is the index. A planned return never counts, and as the first return it ends the
window (the rule of the CMS hospital-wide readmission measure).
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

INPATIENT = 9201
MAIN_DIAGNOSIS = 32903
MALE, FEMALE = 8507, 8532
ADULT, WINDOW = 18, 30

# 离院方式, CV06.00.226: 2 to another hospital, 3 to a community or township institution, 4 against advice, 5 died.
NOT_AN_INDEX = ("2", "3", "4", "5")

# ICD-10: care involving dialysis, rehabilitation procedures, other medical care (chemotherapy and radiotherapy).
PLANNED = ("Z49", "Z50", "Z51")


def category(code: str) -> Column:
    """The three-character category of an ICD-10 code, in any national edition."""
    return F.upper(F.substring(code, 1, 3))


def is_icd10() -> Column:
    """Whether a condition was coded by ICD-10, WHO's or the Chinese editions."""
    return F.col("_code_system").startswith("ICD10")


def stays(visits: DataFrame, conditions: DataFrame) -> DataFrame:
    """Hospital stays with their main diagnoses.

    Returns person_id, visit_occurrence_id, admitted, discharged, care_site_id, way (of leaving), and
    main: an array of (day, category) of the stay's main diagnoses.
    """
    is_main = is_icd10() & (F.col("condition_status_concept_id") == MAIN_DIAGNOSIS)
    diagnosis = F.struct(
        F.col("condition_start_date").alias("day"), category("condition_source_value").alias("category")
    )
    main = conditions.where(is_main).groupBy("visit_occurrence_id").agg(F.collect_set(diagnosis).alias("main"))
    inpatient = visits.where(F.col("visit_concept_id") == INPATIENT)
    return inpatient.join(main, "visit_occurrence_id", how="left").select(
        "person_id",
        "visit_occurrence_id",
        F.col("visit_start_date").alias("admitted"),
        F.col("visit_end_date").alias("discharged"),
        "care_site_id",
        F.col("discharged_to_source_value").alias("way"),
        F.coalesce("main", F.array().cast("array<struct<day:date,category:string>>")).alias("main"),
    )


def episodes(stays: DataFrame) -> DataFrame:
    """Stays without a gap joined.

    Returns person_id, visit_occurrence_id and way (of the last discharge), admitted, discharged, planned (the first
    stay was), main (of all stays), and ``returned``: whether the next episode is an unplanned one within the window.
    """
    order = Window.partitionBy("person_id").orderBy("admitted", "discharged", "visit_occurrence_id")
    before = order.rowsBetween(Window.unboundedPreceding, -1)
    latest = F.max(F.struct("discharged", "visit_occurrence_id", "care_site_id")).over(before)
    gap = F.datediff("admitted", "latest.discharged")
    other_hospital = ~F.col("care_site_id").eqNullSafe(F.col("latest.care_site_id"))
    continues = (gap <= 0) | ((gap == 1) & other_hospital)
    number = F.sum(F.when(continues, 0).otherwise(1)).over(order.rowsBetween(Window.unboundedPreceding, 0))
    is_planned = F.exists("main", lambda d: d.category.isin(*PLANNED))
    numbered = stays.withColumn("latest", latest).withColumns({"episode": number, "planned": is_planned})
    last = F.max_by(F.struct("visit_occurrence_id", "way"), F.struct("discharged", "admitted", "visit_occurrence_id"))
    joined = numbered.groupBy("person_id", "episode").agg(
        last.alias("last"),
        F.min("admitted").alias("admitted"),
        F.max("discharged").alias("discharged"),
        F.min_by("planned", F.struct("admitted", "discharged", "visit_occurrence_id")).alias("planned"),
        F.flatten(F.collect_list("main")).alias("main"),
    )
    following = F.lead(F.struct("admitted", "planned")).over(Window.partitionBy("person_id").orderBy("episode"))
    days_away = F.datediff("next.admitted", "discharged")
    returned = days_away.between(1, WINDOW) & ~F.col("next.planned")
    return joined.withColumn("next", following).select(
        "person_id",
        "last.visit_occurrence_id",
        "last.way",
        "admitted",
        "discharged",
        "planned",
        "main",
        F.coalesce(returned, F.lit(False)).alias("returned"),
    )


def landmarks(episodes: DataFrame, persons: DataFrame, periods: DataFrame, deaths: DataFrame) -> DataFrame:
    """Index discharges: adults who left alive, not transferred and not against advice, while under observation.

    ``observed`` says whether a readmission followed. It is null unless all 30 days lie within the observation period;
    death ends the window early and, a competing event, counts as no readmission.

    Returns person_id, visit_occurrence_id, admitted, index_date, age (completed years), male (0, 1, or 0.5 for
    unknown), main (categories of the main diagnoses dated before the index date), observed.
    """
    index = F.col("discharged")
    spans = periods.groupBy("person_id").agg(
        F.collect_list(
            F.struct(
                F.col("observation_period_start_date").alias("start"), F.col("observation_period_end_date").alias("end")
            )
        ).alias("spans")
    )
    found = (
        episodes.join(_people(persons), "person_id", how="inner")
        .join(spans, "person_id", how="inner")
        .join(deaths.select("person_id", "death_date"), "person_id", how="left")
        .withColumn("age", F.floor(F.months_between(index, F.col("born")) / 12).cast("int"))
    )
    # The day of death itself is no longer part of residence, so observation may end on the day before it.
    until = F.least(F.date_add(index, WINDOW), F.date_sub("death_date", 1))
    followed = F.exists("spans", lambda s: (s.start <= index) & (s.end >= until))
    left_home = F.col("way").isNull() | ~F.col("way").isin(*NOT_AN_INDEX)
    is_alive = F.col("death_date").isNull() | (F.col("death_date") > index)
    in_view = F.exists("spans", lambda s: (s.start <= index) & (s.end >= index))
    return found.where((F.col("age") >= ADULT) & left_home & is_alive & in_view).select(
        "person_id",
        "visit_occurrence_id",
        "admitted",
        index.alias("index_date"),
        "age",
        "male",
        F.transform(F.filter("main", lambda d: d.day < index), lambda d: d.category).alias("main"),
        F.when(followed, F.col("returned")).alias("observed"),
    )


def _people(persons: DataFrame) -> DataFrame:
    born = F.make_date("year_of_birth", F.coalesce("month_of_birth", F.lit(7)), F.coalesce("day_of_birth", F.lit(1)))
    sex = F.when(F.col("gender_concept_id") == MALE, 1.0).when(F.col("gender_concept_id") == FEMALE, 0.0)
    return persons.select("person_id", born.alias("born"), F.coalesce(sex, F.lit(0.5)).alias("male"))
