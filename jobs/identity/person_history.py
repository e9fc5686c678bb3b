"""The log of decisions on who each delivered row is about, and the state that follows from it."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.cluster import CURRENT, SAME_RECORD, clusters, patient_group, with_standing
from jobs.identity.mint import mint
from jobs.identity.withdrawal import marked, taken_back
from jobs.lakehouse.job import Run, job
from jobs.tables.delivery import DELIVERY
from jobs.tables.vault import PERSON_HISTORY, PERSON_LINK, PERSON_RECORD

NEEDED = ("_row_id", "feed", "_sender", "_learned_at", "_row_hash", "record_key")
NEEDED_TOO = ("id_number", "other_id_number", "patient_no", "birth_date")


@job(
    writes=PERSON_HISTORY,
    by="new",
    new_records=PERSON_RECORD,
    records=PERSON_RECORD,
    new_deliveries=DELIVERY,
    deliveries=DELIVERY,
    known=PERSON_HISTORY,
)
def person_history(
    new_records: DataFrame,
    records: DataFrame,
    new_deliveries: DataFrame,
    deliveries: DataFrame,
    known: DataFrame,
    *,
    run: Run,
) -> DataFrame:
    """Decisions for new records, and for old ones that the new ones or withdrawals put elsewhere.

    The state after any sequence of calls, ids included, is that of one call with all records: a record's cluster and
    a cluster's founder follow from the records alone, and whatever a new record can change is decided again.
    """
    records = records.select(*NEEDED, *NEEDED_TOO)
    withdrawn = taken_back(deliveries, deliveries)
    state = newest(known)
    if known.isEmpty():
        placed = decided(marked(records, withdrawn)).localCheckpoint()
    else:
        # Checkpoints, as each step uses the one before several times: plans of plans of plans would be endless.
        lost = marked(records, taken_back(deliveries, new_deliveries)).where("withdrawn")
        touched = new_records.select(*SAME_RECORD).unionByName(lost.select(*SAME_RECORD)).distinct()
        again = decided(marked(affected(touched, records), withdrawn).localCheckpoint()).localCheckpoint()
        state = near(again, state).localCheckpoint()
        placed = again.unionByName(company(again, state)).localCheckpoint()
    founders = placed.groupBy("cluster").agg(
        F.min("_row_id").alias("founder_row_id"), F.max(F.col("standing") == CURRENT).alias("lives")
    )
    ids = person_ids(founders.where("lives"), known, run.key)
    told = placed.join(founders, "cluster", how="inner").join(ids, "founder_row_id", how="left")
    return changes(told, state, run.id)


@job(writes=PERSON_LINK, by="record", changes=PERSON_HISTORY)
def person_link(changes: DataFrame) -> DataFrame:
    """The person behind every row that counts. In: log rows, complete for each row they speak of."""
    return newest(changes).where("person_id is not null").select("_row_id", "person_id", "cluster")


def newest(log: DataFrame) -> DataFrame:
    """The newest revision of each row. Few rows have a second one, so those are found first and kept at hand."""
    later = log.where("revision > 1").groupBy("_row_id").agg(F.max("revision").alias("last"))
    joined = log.join(later, "_row_id", how="left")
    return joined.where(F.col("revision") == F.coalesce("last", F.lit(1))).drop("last")


def affected(touched: DataFrame, records: DataFrame) -> DataFrame:
    """Records of every patient group that has a record with a key of ``touched`` (keys of rows new or withdrawn); and
    all other records of the same key as any of these, whose content decides which of them counts.
    """
    keyed = records.join(touched, list(SAME_RECORD), how="left_semi")
    groups = keyed.select(patient_group().alias("group")).distinct()
    grouped = records.withColumn("group", patient_group())
    members = grouped.join(groups, "group", how="left_semi")
    keys = members.select(*SAME_RECORD).distinct()
    family = grouped.join(keys, list(SAME_RECORD), how="left_semi")
    return family.join(groups.withColumn("whole", F.lit(True)), "group", how="left").drop("group")


def decided(records: DataFrame) -> DataFrame:
    """Standing and cluster of marked records; those that came only to judge others' standing are left out again."""
    standing = with_standing(records)
    if "whole" in records.columns:
        standing = standing.where("whole").drop("whole")
    return clusters(standing).select("_row_id", "_learned_at", "standing", "cluster")


def near(again: DataFrame, state: DataFrame) -> DataFrame:
    """The state of every row that shares a cluster, old or new, with one that is decided again: its founder may change.

    Those rows themselves are among them, as the state has them.
    """
    before = state.join(again.select("_row_id"), "_row_id", how="left_semi").select("cluster")
    touched = again.select("cluster").unionByName(before).distinct()
    return state.join(touched, "cluster", how="left_semi")


def company(again: DataFrame, state: DataFrame) -> DataFrame:
    """Rows of ``state`` that are not decided again, in the form of those that are."""
    others = state.join(again.select("_row_id"), "_row_id", how="left_anti")
    standing = F.when(F.col("person_id").isNotNull(), CURRENT).otherwise(F.col("reason"))
    return others.select("_row_id", "_learned_at", standing.alias("standing"), "cluster")


def person_ids(founders: DataFrame, known: DataFrame, key: bytes) -> DataFrame:
    """``founder_row_id``, ``person_id``: the id in use where the founder has one, a new one for the others."""
    founders = founders.select("founder_row_id")
    given = known.where("person_id is not null")
    in_use = given.join(founders, "founder_row_id", how="left_semi").select("founder_row_id", "person_id").distinct()
    wanted = founders.join(in_use, "founder_row_id", how="left").localCheckpoint()
    lack = wanted.where("person_id is null")
    return wanted.where("person_id is not null").unionByName(mint(lack, given, key))


def changes(told: DataFrame, state: DataFrame, run_id: str) -> DataFrame:
    """Log rows where what is told of a row now is not what its newest revision says."""
    before = state.select(
        "_row_id",
        F.col("person_id").alias("previous_person_id"),
        F.col("cluster").alias("old_cluster"),
        F.col("founder_row_id").alias("old_founder"),
        "revision",
    )
    counts = F.col("standing") == CURRENT
    joined = told.withColumn("person_id", F.when(counts, F.col("person_id"))).join(before, "_row_id", how="left")
    is_new = F.col("revision").isNull()
    same = (
        F.col("person_id").eqNullSafe(F.col("previous_person_id"))
        & (F.col("cluster") == F.col("old_cluster"))
        & (F.col("founder_row_id") == F.col("old_founder"))
    )
    return joined.where(is_new | ~same).select(
        "_row_id",
        (F.coalesce("revision", F.lit(0)) + 1).alias("revision"),
        "person_id",
        "previous_person_id",
        "cluster",
        "founder_row_id",
        reason(counts, is_new).alias("reason"),
        "_learned_at",
        F.lit(run_id).alias("_run_id"),
    )


def reason(counts: Column, is_new: Column) -> Column:
    """new, relinked, superseded, repeat or withdrawn."""
    return F.when(~counts, F.col("standing")).when(is_new, "new").otherwise("relinked")
