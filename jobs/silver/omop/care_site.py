"""Institutions that send records of care."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.codes.places import current_codes
from jobs.lakehouse.job import job
from jobs.silver.event import event_id, lookup
from jobs.tables.bronze import BRONZE
from jobs.tables.omop import CARE_SITE

ITEM = 63


@job(
    writes=CARE_SITE,
    by="new",
    new_outpatient=BRONZE["outpatient_visit"],
    new_inpatient=BRONZE["inpatient_home_page"],
    new_laboratory=BRONZE["laboratory"],
    new_organizations=BRONZE["synthea_organizations"],
    known=CARE_SITE,
)
def care_site(
    new_outpatient: DataFrame,
    new_inpatient: DataFrame,
    new_laboratory: DataFrame,
    new_organizations: DataFrame,
    known: DataFrame,
    *,
    places: str,
) -> DataFrame:
    """Institutions not seen before, numbered by the first row that names them. A Synthea organisation sends nothing
    itself: it is named by its identifier in what the sender 'synthea' delivers.
    """
    named = [first_rows(df, F.col("_sender"), F.lit(None)) for df in (new_outpatient, new_inpatient, new_laboratory)]
    named.append(first_rows(new_organizations, F.col("Id"), F.col("NAME")))
    first = reduce(DataFrame.unionByName, named).groupBy("code").agg(F.min("first").alias("first"))
    lacking = first.join(known.select(F.col("care_site_source_value").alias("code")), "code", how="left_anti")
    none = F.lit(None)
    return lacking.select(
        event_id(F.col("first._row_id"), ITEM).alias("care_site_id"),
        F.col("first.name").alias("care_site_name"),
        none.cast("long").alias("place_of_service_concept_id"),
        lookup(F.substring("code", 1, 6), current_codes(places)).cast("long").alias("location_id"),
        F.col("code").alias("care_site_source_value"),
        none.cast("string").alias("place_of_service_source_value"),
    )


def first_rows(delivered: DataFrame, code: Column, name: Column) -> DataFrame:
    """Per institution the first row that names it, with the name there."""
    by_name = delivered.groupBy(code.alias("code"), name.cast("string").alias("name")).agg(
        F.min("_row_id").alias("_row_id")
    )
    return by_name.groupBy("code").agg(F.min(F.struct("_row_id", "name")).alias("first"))
