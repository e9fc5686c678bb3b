"""Persons: sex and birth from the best of all records that are about them."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.codes.lists import precedence
from jobs.codes.places import OUTSIDE
from jobs.identity.person_record import birth_of
from jobs.lakehouse.job import job
from jobs.silver.event import lookup
from jobs.silver.residence import USUAL
from jobs.tables.omop import PERSON
from jobs.tables.silver import RESIDENCE
from jobs.tables.vault import PERSON_HISTORY, PERSON_LINK, PERSON_RECORD

GENDER = {"1": 8507, "2": 8532}
LAST = 99


@job(writes=PERSON, by="person", changes=PERSON_HISTORY, links=PERSON_LINK, records=PERSON_RECORD, residences=RESIDENCE)
def person(links: DataFrame, records: DataFrame, residences: DataFrame) -> DataFrame:
    """One row a person with a known birth date: that of the ID number, else of the first source by precedence
    (``codes/precedence.csv``) and there of the record learned last. Sex likewise, from the ID number only if no record
    states it.
    """
    said = records.where("birth_date is not null or sex_code is not null").select(
        "_row_id", "feed", "_learned_at", "birth_date", "sex_code"
    )
    number = F.when(F.col("cluster").startswith("I:"), F.substring("cluster", 3, 18)).alias("id_number")
    linked = said.join(links.select("_row_id", "person_id", number), "_row_id", how="inner")
    # most rows of a person say the same: gathered first by hashing, as a minimum of structs has to sort what it reads
    facts = linked.groupBy("person_id", "id_number", "feed", "birth_date", "sex_code").agg(
        F.max("_learned_at").alias("last"), F.min("_learned_at").alias("_learned_at")
    )
    stated = F.when(F.col("sex_code").isin(*GENDER), F.col("sex_code"))
    best = facts.groupBy("person_id").agg(
        F.min(_ranked(F.col("birth_date")))["value"].alias("born"),
        F.min(_ranked(stated))["value"].alias("sex"),
        F.min("sex_code").alias("any_sex"),
        F.min("_learned_at").alias("_learned_at"),
        F.max("id_number").alias("id_number"),
    )
    lives = residences.where((F.col("kind") == USUAL) & (F.col("place_code") != OUTSIDE))
    place = lives.groupBy("person_id").agg(F.max(F.struct("start_date", "place_code"))["place_code"].alias("place"))
    return _persons(best.join(place, "person_id", how="left"))


def _ranked(value: Column) -> Column:
    """A stated value so that the smallest is the best: by source, then learned last; null where nothing is stated."""
    rank = F.coalesce(lookup(F.col("feed"), precedence("person")), F.lit(LAST))
    order = F.struct(rank, -F.unix_date("last"), value.alias("value"))
    return F.when(value.isNotNull(), order)


def _persons(best: DataFrame) -> DataFrame:
    """OMOP's columns."""
    coded = birth_of("id_number")
    male = F.substring("id_number", 17, 1).cast("int") % 2 == 1
    by_number = F.when(F.col("id_number").isNotNull(), F.when(male, "1").otherwise("2"))
    sex = F.coalesce("sex", by_number, "any_sex")
    none, text = F.lit(None).cast("long"), F.lit(None).cast("string")
    told = best.withColumns({"born": F.coalesce(coded, "born"), "sex": sex}).where("born is not null")
    return told.select(
        "person_id",
        F.coalesce(lookup(F.col("sex"), GENDER), F.lit(0)).alias("gender_concept_id"),
        F.year("born").alias("year_of_birth"),
        F.month("born").alias("month_of_birth"),
        F.day("born").alias("day_of_birth"),
        F.col("born").cast("timestamp").alias("birth_datetime"),
        F.lit(0).alias("race_concept_id"),
        F.lit(0).alias("ethnicity_concept_id"),
        F.col("place").cast("long").alias("location_id"),
        none.alias("provider_id"),
        none.alias("care_site_id"),
        text.alias("person_source_value"),
        F.col("sex").alias("gender_source_value"),
        none.alias("gender_source_concept_id"),
        text.alias("race_source_value"),
        none.alias("race_source_concept_id"),
        text.alias("ethnicity_source_value"),
        none.alias("ethnicity_source_concept_id"),
        "_learned_at",
    )
