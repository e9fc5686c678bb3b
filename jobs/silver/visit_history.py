"""Which visit each delivered row belongs to, and the log of every change of that.

A row's visit can change when another row arrives: a stay's home page is sent after discharge, and the tests made
during the stay are already here. Conditions and measurements carry their visit, so they follow this log.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.identity.person_history import newest
from jobs.lakehouse.job import Run, job
from jobs.silver.event import event_id
from jobs.silver.visit_part import OUTPATIENT, STAY, TEST, VISITS
from jobs.tables.silver import VISIT_HISTORY, VISIT_RECORD
from jobs.tables.vault import PERSON_HISTORY, VISIT_PART


@job(writes=VISIT_HISTORY, by="new", new_links=PERSON_HISTORY, parts=VISIT_PART, known=VISIT_HISTORY)
def visit_history(new_links: DataFrame, parts: DataFrame, known: DataFrame, *, run: Run) -> DataFrame:
    """Decisions for rows whose visit is new or has changed. Only persons named in ``new_links`` are looked at."""
    if known.isEmpty():
        return changes(assigned(parts), newest(known), run.id)
    named = new_links.select("person_id").union(new_links.select("previous_person_id"))
    persons = named.where("person_id is not null").distinct()
    now = assigned(parts.join(persons, "person_id", how="left_semi"))
    state = newest(known)
    theirs = state.join(persons, "person_id", how="left_semi")
    returned = state.where("person_id is null").join(now.select("_row_id"), "_row_id", how="left_semi")
    return changes(now, theirs.unionByName(returned), run.id)


@job(writes=VISIT_RECORD, by="record", changes=VISIT_HISTORY)
def visit_record(changes: DataFrame) -> DataFrame:
    """The visit of every row that counts. In: log rows, complete for each row they speak of."""
    return newest(changes).where("person_id is not null").select("_row_id", "person_id", "visit_occurrence_id")


def assigned(parts: DataFrame) -> DataFrame:
    """``_row_id``, ``person_id``, ``visit_occurrence_id`` for all parts of some persons.

    - A stay and an encounter are one visit each.
    - Outpatient rows of one person, institution, department and day are one visit.
    - A test belongs to the visit or stay whose number it gives; else to the stay it falls into; else to the day's
      visit of its department, which it founds if there is none.
    - Any other row belongs to the visit whose number it gives, or to none.

    The visit's id comes from the smallest row in it.
    """
    day = F.concat_ws(
        "|", "_sender", F.coalesce("department_code", F.lit("")), F.col("starts_at").cast("date").cast("string")
    )
    itself = F.concat(F.lit("#"), F.col("_row_id").cast("string"))
    is_visit = F.col("part").isin(*VISITS)
    own = F.when(F.col("part").isin(OUTPATIENT, TEST), day).when(is_visit, itself)
    # one shuffle by person serves all three windows
    keyed = parts.repartition("person_id").withColumn("own", own)
    named = keyed.withColumn("numbered", _visit_of_number(is_visit)).withColumn("stay", _stay_around())
    by_number = F.when(F.col("visit_no").isNotNull(), F.col("numbered.own"))
    in_stay = F.when(F.col("stay.ends_at") >= F.col("starts_at"), F.col("stay.own"))
    visit = (
        F.when(is_visit, F.col("own"))
        .when(F.col("part") == TEST, F.coalesce(by_number, in_stay, "own"))
        .otherwise(by_number)
    )
    whole = Window.partitionBy("person_id", "visit")
    least = F.min("_row_id").over(whole)
    return named.withColumn("visit", visit).select(
        "_row_id", "person_id", F.when(F.col("visit").isNotNull(), event_id(least, 0)).alias("visit_occurrence_id")
    )


def _visit_of_number(is_visit: Column) -> Column:
    """The first visit of the person that the sender gave this number to."""
    same = Window.partitionBy("person_id", "_sender", "visit_no")
    return F.min(F.when(is_visit, F.struct("starts_at", "_row_hash", "own"))).over(same)


def _stay_around() -> Column:
    """Of the person's stays at the institution that began by now, the one that ends last."""
    is_stay = F.col("part") == STAY
    begun = Window.partitionBy("person_id", "_sender").orderBy("starts_at", ~is_stay, "_row_hash", "_row_id")
    so_far = begun.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    return F.max(
        F.when(is_stay & F.col("ends_at").isNotNull(), F.struct("ends_at", "starts_at", "_row_hash", "own"))
    ).over(so_far)


def changes(now: DataFrame, state: DataFrame, run_id: str) -> DataFrame:
    """Log rows where the visits of now are not those of ``state`` (newest log rows of the persons concerned)."""
    before = state.select(
        "_row_id",
        "revision",
        F.col("person_id").alias("previous_person_id"),
        F.col("visit_occurrence_id").alias("old_visit"),
    )
    joined = now.join(before, "_row_id", how="full")
    same = F.col("person_id").eqNullSafe(F.col("previous_person_id")) & F.col("visit_occurrence_id").eqNullSafe(
        F.col("old_visit")
    )
    is_new = F.col("revision").isNull()
    reason = F.when(is_new, "new").when(F.col("person_id").isNull(), "gone").otherwise("moved")
    return joined.where(is_new | ~same).select(
        "_row_id",
        (F.coalesce("revision", F.lit(0)) + 1).alias("revision"),
        "person_id",
        "previous_person_id",
        "visit_occurrence_id",
        reason.alias("reason"),
        F.lit(run_id).alias("_run_id"),
    )
