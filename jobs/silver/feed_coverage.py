"""What silver takes from each feed, and why the rest stays in bronze."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.lakehouse.job import job
from jobs.tables.delivery import DELIVERY
from jobs.tables.silver import FEED_COVERAGE


@dataclass(frozen=True)
class Taken:
    """Silver tables that take from a feed, and the reason for what they leave."""

    tables: tuple[str, ...] = ()
    reason: str | None = None


NO_TABLE = "no silver table for it yet: kept in bronze, linked to its person in the vault"
BIRTH = "the person's sex and birth date are taken; pregnancy, weight and parents have no silver table yet"

COVERAGE: dict[str, Taken] = {
    "resident_register": Taken(("person", "residence", "observation_period", "death", "lifeline")),
    "outpatient_visit": Taken(
        ("person", "visit_occurrence", "condition_occurrence", "lifeline"), "fees have no silver table yet"
    ),
    "inpatient_home_page": Taken(
        ("person", "visit_occurrence", "condition_occurrence", "death", "lifeline"),
        "operations and fees have no silver table yet",
    ),
    "laboratory": Taken(("person", "visit_occurrence", "measurement", "lifeline")),
    "birth_certificate": Taken(("person", "lifeline"), BIRTH),
    "death_certificate": Taken(
        ("person", "death", "lifeline"), "causes other than the underlying one have no silver table yet"
    ),
    **{
        name: Taken(reason=NO_TABLE)
        for name in (
            "registration",
            "emr_document",
            "prescription",
            "payment",
            "imaging_study",
            "health_checkup",
            "chronic_followup",
            "immunisation",
            "infectious_card",
            "cancer_card",
        )
    },
    "synthea_patients": Taken(
        ("person", "death", "lifeline"), "race, ethnicity and addresses outside the province stay in bronze"
    ),
    "synthea_encounters": Taken(("visit_occurrence", "lifeline"), "costs have no silver table yet"),
    "synthea_conditions": Taken(("condition_occurrence", "lifeline")),
    "synthea_observations": Taken(
        ("measurement", "lifeline"), "answers that are no number keep their first 50 characters"
    ),
    "synthea_organizations": Taken(("care_site",), "addresses outside the province stay in bronze"),
    **{
        f"synthea_{name}": Taken(reason=NO_TABLE)
        for name in (
            "allergies",
            "careplans",
            "claims",
            "claims_transactions",
            "devices",
            "imaging_studies",
            "immunizations",
            "medications",
            "payer_transitions",
            "procedures",
            "supplies",
        )
    },
    "synthea_payers": Taken(reason="reference of payers: no silver table for it yet"),
    "synthea_providers": Taken(reason="reference of clinicians: no silver table for it yet"),
}


@job(writes=FEED_COVERAGE, deliveries=DELIVERY)
def feed_coverage(deliveries: DataFrame) -> DataFrame:
    """Every feed that delivered, its rows in bronze, and what becomes of them."""
    taken = [(feed, ", ".join(t.tables) or None, t.reason) for feed, t in sorted(COVERAGE.items())]
    known = SparkSession.active().createDataFrame(taken, "feed string, silver_tables string, reason string")
    accepted = (
        deliveries.where(F.col("status") == "accepted")
        .groupBy("feed")
        .agg(F.sum("rows_accepted").alias("rows_accepted"))
    )
    undeclared = F.when(F.col("silver_tables").isNull() & F.col("reason").isNull(), F.lit(NO_TABLE))
    return accepted.join(F.broadcast(known), "feed", how="left").select(
        "feed", "rows_accepted", "silver_tables", F.coalesce("reason", undeclared).alias("reason")
    )
