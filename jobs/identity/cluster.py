"""Which delivered rows are one person: the first rung, exact ID numbers and the sender's own patient numbers.

``clusters`` is the interface that fuller linkage fills: records with ``standing`` in, one cluster name a record out.
It may look at all records that share a patient group with a record, and at nothing else: ``person_history`` decides
again only the groups that a new record touches.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.identity.person_record import WRONG_BIRTH_MONTHS, birth_of

CURRENT, SUPERSEDED, REPEAT, WITHDRAWN = "current", "superseded", "repeat", "withdrawn"
SAME_RECORD = ("feed", "_sender", "record_key")


def patient_group() -> Column:
    """A record's group: the sender and its number of the patient; a record without a number is alone in its group."""
    own = F.concat(F.lit("#"), F.col("_row_id").cast("string"))
    return F.concat_ws("|", "_sender", F.coalesce(F.col("patient_no"), own))


def with_standing(records: DataFrame) -> DataFrame:
    """``standing`` instead of ``withdrawn``. What was withdrawn doesn't count. Of the other rows of one record the
    content learned last counts, in its earliest delivery since another content was: so any order of arrival ends with
    the same content, and a repeat changes nothing.

    Few records have a second row. Those that may have one, by a hash of the key, are compared; the others just count.
    """
    hashed = records.where(~F.col("withdrawn")).withColumn("key_hash", F.xxhash64(*SAME_RECORD))
    doubled = hashed.groupBy("key_hash").count().where("count > 1").select("key_hash")
    judged = _compared(hashed.join(doubled, "key_hash", how="left_semi")).select("_row_id", "standing")
    joined = records.join(judged, "_row_id", how="left")
    standing = F.when(F.col("withdrawn"), WITHDRAWN).otherwise(F.coalesce("standing", F.lit(CURRENT)))
    return joined.withColumn("standing", standing).drop("withdrawn")


def _compared(records: DataFrame) -> DataFrame:
    """The rows of each record compared with each other: ``standing`` as ``with_standing`` has it."""
    same = Window.partitionBy("key_hash", *SAME_RECORD)
    version = F.struct("_learned_at", "_row_hash")
    newest = records.withColumn("last", F.max(version).over(same))
    holds = F.col("_row_hash") == F.col("last._row_hash")
    told = newest.withColumn("other", F.max(F.when(~holds, version)).over(same))
    since = holds & (F.col("other").isNull() | (version > F.col("other")))
    kept = told.withColumn("kept", F.min(F.when(since, F.struct("_learned_at", "_row_id"))).over(same))
    counts = F.col("_row_id") == F.col("kept._row_id")
    return kept.withColumn("standing", F.when(counts, CURRENT).when(since, REPEAT).otherwise(SUPERSEDED))


def clusters(records: DataFrame) -> DataFrame:
    """Adds ``cluster`` to records with ``standing``; whole patient groups must come together.

    A record with its own ID number goes by it. One without goes by the only number that its patient group holds,
    unless that is the number found to be somebody else's or it belongs to somebody ten years off in age; then by the
    patient group; and without a patient number alone. Rows that don't count are placed too (one may have founded
    the person) but their numbers say nothing about others.
    """
    grouped = records.withColumn("group", patient_group())
    counted = grouped.where((F.col("standing") == CURRENT) & F.col("id_number").isNotNull())
    numbers = counted.select("group", "id_number").distinct().groupBy("group")
    single = numbers.agg(F.min("id_number").alias("only"), F.count(F.lit(1)).alias("n")).where("n = 1").drop("n")
    told = grouped.join(single, "group", how="left")
    only = F.col("only")
    far_off = F.abs(F.months_between(birth_of(only), "birth_date")) > WRONG_BIRTH_MONTHS
    somebody_else = (only == F.col("other_id_number")) | far_off
    theirs = F.when(~F.coalesce(somebody_else, F.lit(False)), only)
    by_number = F.coalesce(F.col("id_number"), theirs)
    by_group = F.when(F.col("patient_no").isNotNull(), F.concat(F.lit("L:"), F.col("group")))
    alone = F.concat(F.lit("R:"), F.col("_row_id").cast("string"))
    named = F.coalesce(F.concat(F.lit("I:"), by_number), by_group, alone)
    return told.withColumn("cluster", named).drop("group", "only")
