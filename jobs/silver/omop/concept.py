"""Local concepts: a number for every code that a sender uses, above the range of OMOP's own."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.codes.lists import standard_concepts
from jobs.lakehouse.job import job
from jobs.silver.event import diagnoses, event_id, lookup, results
from jobs.tables.bronze import BRONZE
from jobs.tables.omop import CONCEPT

LOCAL = 2_000_000_000
CODE = ("_code_system", "_code_edition", "code")


@job(
    writes=CONCEPT,
    by="new",
    new_outpatient=BRONZE["outpatient_visit"],
    new_inpatient=BRONZE["inpatient_home_page"],
    new_deaths=BRONZE["death_certificate"],
    new_laboratory=BRONZE["laboratory"],
    new_conditions=BRONZE["synthea_conditions"],
    new_observations=BRONZE["synthea_observations"],
    known=CONCEPT,
)
def concept(
    new_outpatient: DataFrame,
    new_inpatient: DataFrame,
    new_deaths: DataFrame,
    new_laboratory: DataFrame,
    new_conditions: DataFrame,
    new_observations: DataFrame,
    known: DataFrame,
) -> DataFrame:
    """Concepts for codes not seen before. Each is numbered by the first event ever delivered with it, whether or not
    that row still counts, so a rebuild gives the same numbers and a correction moves none.
    """
    used = [
        founders("Condition", diagnoses("outpatient_visit", new_outpatient)),
        founders("Condition", diagnoses("inpatient_home_page", new_inpatient)),
        founders("Condition", diagnoses("death_certificate", new_deaths)),
        founders("Condition", diagnoses("synthea_conditions", new_conditions)),
        founders("Measurement", results("laboratory", new_laboratory)),
        founders("Measurement", results("synthea_observations", new_observations)),
    ]
    first = reduce(DataFrame.unionByName, used).groupBy(*CODE).agg(F.min("first").alias("first"))
    have = known.select(*_as_code())
    return _concepts(first.join(have, list(CODE), how="left_anti"))


def founders(domain: str, coded: DataFrame) -> DataFrame:
    """Per code the first event that has it, with the name beside it there.

    By name first: a minimum of numbers is hashed, a minimum of structs would sort every row.
    """
    named = (
        coded.where("code is not null")
        .groupBy(*CODE, "name")
        .agg(F.min(event_id("_row_id", F.col("item"))).alias("id"))
    )
    seen = F.struct("id", "name", F.lit(domain).alias("domain"))
    return named.groupBy(*CODE).agg(F.min(seen).alias("first"))


def standard_of(system: Column, code: Column) -> Column:
    """The standard concept of a code, or of the ICD-10 subcategory or category it lies in; null where none is known."""
    category, subcategory = F.substring(F.upper(code), 1, 3), F.substring(F.upper(code), 1, 5)
    icd10 = standard_concepts("ICD10")
    return (
        F.when(system.startswith("ICD10"), F.coalesce(lookup(subcategory, icd10), lookup(category, icd10)))
        .when(system == "SNOMED", lookup(code, standard_concepts("SNOMED")))
        .when(system == "LOINC", lookup(code, standard_concepts("LOINC")))
    )


def _as_code() -> list[Column]:
    """The code of a concept under the names that coded rows use."""
    names = ("vocabulary_id", "_code_edition", "concept_code")
    return [F.col(n).alias(c) for n, c in zip(names, CODE, strict=True)]


def _concepts(first: DataFrame) -> DataFrame:
    """OMOP's columns for codes with their first event."""
    own = F.lit(LOCAL) + F.col("first.id")
    none = F.lit(None).cast("string")
    return first.select(
        own.alias("concept_id"),
        F.coalesce("first.name", "code").alias("concept_name"),
        F.col("first.domain").alias("domain_id"),
        F.col("_code_system").alias("vocabulary_id"),
        F.lit("Local").alias("concept_class_id"),
        none.alias("standard_concept"),
        F.col("code").alias("concept_code"),
        F.lit("1970-01-01").cast("date").alias("valid_start_date"),
        F.lit("2099-12-31").cast("date").alias("valid_end_date"),
        none.alias("invalid_reason"),
        "_code_edition",
        F.coalesce(standard_of(F.col("_code_system"), F.col("code")), own).alias("_maps_to"),
    )
