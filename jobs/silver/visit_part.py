"""What each delivered row says about a visit, in one form for all feeds."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.typed import typed
from jobs.lakehouse.job import job
from jobs.tables.bronze import BRONZE
from jobs.tables.omop import CARE_SITE
from jobs.tables.vault import PERSON_HISTORY, PERSON_LINK, VISIT_PART

STAY, ENCOUNTER, OUTPATIENT, TEST, DETAIL = "stay", "encounter", "outpatient", "test", "detail"
"""A stay, an encounter and an outpatient row are visits. A test belongs to the visit it names, to the stay or the day
it falls into, and else is one. A detail belongs to the visit it names or to none."""

VISITS = (STAY, ENCOUNTER, OUTPATIENT)


@job(
    writes=VISIT_PART,
    by="event",
    changes=PERSON_HISTORY,
    outpatient=BRONZE["outpatient_visit"],
    inpatient=BRONZE["inpatient_home_page"],
    laboratory=BRONZE["laboratory"],
    encounters=BRONZE["synthea_encounters"],
    conditions=BRONZE["synthea_conditions"],
    observations=BRONZE["synthea_observations"],
    links=PERSON_LINK,
    care_sites=CARE_SITE,
)
def visit_part(
    outpatient: DataFrame,
    inpatient: DataFrame,
    laboratory: DataFrame,
    encounters: DataFrame,
    conditions: DataFrame,
    observations: DataFrame,
    links: DataFrame,
    care_sites: DataFrame,
) -> DataFrame:
    """Parts of visits from the rows that count. In: bronze rows by feed, their persons, the institutions."""
    parts = [
        outpatient_parts(outpatient),
        inpatient_parts(inpatient),
        laboratory_parts(laboratory),
        encounter_parts(encounters),
        detail_parts("synthea_conditions", "START", conditions),
        detail_parts("synthea_observations", "DATE", observations),
    ]
    sites = care_sites.select(F.col("care_site_source_value").alias("site"), "care_site_id")
    linked = reduce(DataFrame.unionByName, parts).join(links.select("_row_id", "person_id"), "_row_id", how="inner")
    return linked.join(F.broadcast(sites), "site", how="left").select(*VISIT_PART.column_names)


def outpatient_parts(rows: DataFrame) -> DataFrame:
    """A visit begins with the registration (挂号) at the counter, where that was on the same day."""
    seen, registered = typed("outpatient_visit", "visit_time"), typed("outpatient_visit", "registration_time")
    same_day = registered.cast("date") == seen.cast("date")
    return part(
        rows,
        feed="outpatient_visit",
        kind=OUTPATIENT,
        visit_no=F.col("visit_no"),
        department=F.col("department_code"),
        starts=F.least(seen, F.when(same_day, registered)),
        ends=seen,
    )


def inpatient_parts(rows: DataFrame) -> DataFrame:
    """A stay, from admission to discharge."""
    return part(
        rows,
        feed="inpatient_home_page",
        kind=STAY,
        visit_no=F.col("stay_no"),
        department=F.col("department_code"),
        starts=typed("inpatient_home_page", "admitted_at"),
        ends=typed("inpatient_home_page", "discharged_at"),
        admitted=F.col("admission_route"),
        discharged=F.col("discharge_way"),
    )


def laboratory_parts(rows: DataFrame) -> DataFrame:
    """A test happens when the sample is taken."""
    return part(
        rows,
        feed="laboratory",
        kind=TEST,
        visit_no=F.col("visit_no"),
        department=F.col("department_code"),
        starts=typed("laboratory", "sampled_at"),
    )


def encounter_parts(rows: DataFrame) -> DataFrame:
    """An encounter of a Synthea patient at an organisation that Synthea names."""
    return part(
        rows,
        feed="synthea_encounters",
        kind=ENCOUNTER,
        visit_no=F.col("Id"),
        visit_class=F.col("ENCOUNTERCLASS"),
        site=F.col("ORGANIZATION"),
        starts=typed("synthea_encounters", "START"),
        ends=typed("synthea_encounters", "STOP"),
    )


def detail_parts(feed: str, when: str, rows: DataFrame) -> DataFrame:
    """A row of a Synthea encounter."""
    return part(rows, feed=feed, kind=DETAIL, visit_no=F.col("ENCOUNTER"), starts=typed(feed, when).cast("timestamp"))


def part(
    rows: DataFrame,
    *,
    feed: str,
    kind: str,
    visit_no: Column,
    starts: Column,
    ends: Column | None = None,
    visit_class: Column | None = None,
    site: Column | None = None,
    department: Column | None = None,
    admitted: Column | None = None,
    discharged: Column | None = None,
) -> DataFrame:
    """A feed's rows with the columns of ``vault.visit_part``, save person and the institution's id."""

    def text(column: Column | None) -> Column:
        return (F.lit(None) if column is None else column).cast("string")

    return rows.select(
        "_row_id",
        F.lit(feed).alias("feed"),
        "_sender",
        F.lit(kind).alias("part"),
        text(visit_no).alias("visit_no"),
        text(visit_class).alias("class"),
        text(F.col("_sender") if site is None else site).alias("site"),
        text(department).alias("department_code"),
        starts.alias("starts_at"),
        (F.lit(None) if ends is None else ends).cast("timestamp").alias("ends_at"),
        text(admitted).alias("admitted_from"),
        text(discharged).alias("discharged_to"),
        "_row_hash",
        "_learned_at",
    )
