"""Which delivered rows are one person: the first rung, exact ID numbers and the sender's own patient numbers.

``clusters`` is the interface that fuller linkage fills: records with ``standing`` in, one cluster name a record out.
It may look at all records that share a patient group with a record, and at nothing else: ``person_history`` decides
again only the groups that a new record touches.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.identity.person_record import WRONG_BIRTH_MONTHS

CURRENT, SUPERSEDED, REPEAT = "current", "superseded", "repeat"
SAME_RECORD = ("feed", "_sender", "record_key")


def patient_group() -> Column:
    """A record's group: the sender and its number of the patient; a record without a number is alone in its group."""
    own = F.concat(F.lit("#"), F.col("_row_id").cast("string"))
    return F.concat_ws("|", "_sender", F.coalesce(F.col("patient_no"), own))


def with_standing(records: DataFrame) -> DataFrame:
    """Adds ``standing``. Of the rows of one record the content learned last counts, in its earliest delivery since
    another content was: so any order of arrival ends with the same content, and a repeat changes nothing.
    """
    same = Window.partitionBy(*SAME_RECORD)
    version = F.struct("_learned_at", "_row_hash")
    newest = records.withColumn("last", F.max(version).over(same))
    holds = F.col("_row_hash") == F.col("last._row_hash")
    told = newest.withColumn("other", F.max(F.when(~holds, version)).over(same))
    since = holds & (F.col("other").isNull() | (version > F.col("other")))
    kept = told.withColumn("kept", F.min(F.when(since, F.struct("_learned_at", "_row_id"))).over(same))
    standing = F.when(F.col("_row_id") == F.col("kept._row_id"), CURRENT).when(since, REPEAT).otherwise(SUPERSEDED)
    return kept.withColumn("standing", standing).drop("last", "other", "kept")


def clusters(records: DataFrame) -> DataFrame:
    """Adds ``cluster`` to records with ``standing``; whole patient groups must come together.

    A record with its own ID number goes by it. One without goes by the only number that its patient group holds,
    unless that is the number found to be somebody else's or it belongs to somebody ten years off in age; then by the
    patient group; and without a patient number alone. Superseded rows are placed too (their row may have founded
    the person) but their numbers say nothing about others.
    """
    group = Window.partitionBy("group")
    counted = F.when(F.col("standing") == CURRENT, F.col("id_number"))
    grouped = records.withColumn("group", patient_group()).withColumns(
        {"least_id": F.min(counted).over(group), "most_id": F.max(counted).over(group)}
    )
    only = F.when(F.col("least_id") == F.col("most_id"), F.col("least_id"))
    born = F.try_to_timestamp(F.substring(only, 7, 8), F.lit("yyyyMMdd")).cast("date")
    far_off = F.abs(F.months_between(born, "birth_date")) > WRONG_BIRTH_MONTHS
    somebody_else = (only == F.col("other_id_number")) | far_off
    theirs = F.when(~F.coalesce(somebody_else, F.lit(False)), only)
    by_number = F.coalesce(F.col("id_number"), theirs)
    by_group = F.when(F.col("patient_no").isNotNull(), F.concat(F.lit("L:"), F.col("group")))
    alone = F.concat(F.lit("R:"), F.col("_row_id").cast("string"))
    named = F.coalesce(F.concat(F.lit("I:"), by_number), by_group, alone)
    return grouped.withColumn("cluster", named).drop("group", "least_id", "most_id")
