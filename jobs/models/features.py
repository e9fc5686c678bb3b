"""What was known of a person before the index date.

One condition, ``day < index_day``, stands before everything that is counted: nothing dated on the day of discharge or
later can reach a feature. Days are those of the events, as the hospital at the bedside knows them; the centre learns of
them later.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.models.landmark import INPATIENT, category, is_icd10

AMBULATORY = (9202, 9203)
YEAR = 365

# First and last category of blocks of ICD-10 (WHO, 10th revision; heart failure is one category of its block).
GROUPS = {
    "hypertension": ("I10", "I15"),
    "ischaemic_heart": ("I20", "I25"),
    "heart_failure": ("I50", "I50"),
    "cerebrovascular": ("I60", "I69"),
    "diabetes": ("E10", "E14"),
    "pneumonia": ("J09", "J18"),
    "chronic_lung": ("J40", "J47"),
    "liver": ("K70", "K77"),
    "kidney_failure": ("N17", "N19"),
    "cancer": ("C00", "C97"),
    "dementia": ("F00", "F03"),
}

# Codes of an item, as abbreviated in Chinese laboratories or by LOINC, and the limit of the sender's reference
# interval that its result is divided by: so results in different units compare.
LABORATORY = {
    "haemoglobin": (("HGB", "HB", "718-7"), "range_low"),
    "creatinine": (("CREA", "CR", "14682-9", "2160-0"), "range_high"),
    "glucose": (("GLU", "14771-0", "2345-7"), "range_high"),
    "crp": (("CRP", "1988-5"), "range_high"),
    "nt_probnp": (("NTPROBNP", "NT-PROBNP", "33762-6"), "range_high"),
}
MOST = 10.0  # times the limit; higher results count as this

FEATURES = (
    "age",
    "male",
    "log_days",
    "stays_in_year",
    "log_visits_in_year",
    *(f"had_{group}" for group in GROUPS),
    *(f"stay_for_{group}" for group in GROUPS),
    *(f"{item}{part}" for item in LABORATORY for part in ("", "_known")),
)


def features(landmarks: DataFrame, visits: DataFrame, conditions: DataFrame, measurements: DataFrame) -> DataFrame:
    """One row a landmark: ``FEATURES``, all double and never null, beside the landmark's other columns.

    The landmarks are read twice: persist them.
    """
    marks = landmarks.select("person_id", "visit_occurrence_id", F.unix_date("index_date").alias("index_day"))
    events = [_past_visits(visits), _diagnoses(conditions), _results(measurements)]
    history = reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), events)
    before = history.join(marks, "person_id", how="inner").where("day < index_day")
    known = before.groupBy("visit_occurrence_id").agg(*(c.alias(n) for n, c in _known().items()))
    return landmarks.join(known, "visit_occurrence_id", how="left").select(
        *(c for c in landmarks.columns if c not in FEATURES),
        *(c.cast("double").alias(n) for n, c in _own().items()),
    )


def _known() -> dict[str, Column]:
    """Sums over a person's events before the landmark: visits and results of the last year, diagnoses of any time."""
    kind, name = F.col("kind"), F.col("name")
    in_year = F.col("index_day") - F.col("day") <= YEAR
    counts = {f"n_{k}": F.count(F.when((kind == k) & in_year, 1)) for k in ("stay", "visit")}
    had = {f"had_{g}": F.max((kind == "diagnosis") & (name == g)) for g in GROUPS}
    result = F.when((kind == "result") & in_year, F.col("result"))
    return {**counts, **had, **{i: F.max(F.when(name == i, result))["value"] for i in LABORATORY}}


def _own() -> dict[str, Column]:
    """``FEATURES`` from what is known and from the stay's own facts. A result not there counts as at the limit."""
    found = {
        "age": F.col("age"),
        "male": F.col("male"),
        "log_days": F.log1p(F.datediff("index_date", "admitted")),
        "stays_in_year": F.least(F.coalesce("n_stay", F.lit(0)), F.lit(10)),
        "log_visits_in_year": F.log1p(F.coalesce("n_visit", F.lit(0))),
        **{f"had_{g}": F.coalesce(f"had_{g}", F.lit(False)).cast("int") for g in GROUPS},
        **{f"stay_for_{g}": _any_between("main", *span).cast("int") for g, span in GROUPS.items()},
    }
    for item in LABORATORY:
        found[item] = F.least(F.coalesce(item, F.lit(1.0)), F.lit(MOST))  # least passes over a null
        found[f"{item}_known"] = F.col(item).isNotNull().cast("int")
    return {name: found[name] for name in FEATURES}


def _any_between(array: str, first: str, last: str) -> Column:
    return F.exists(array, lambda value: value.between(first, last))


def _past_visits(visits: DataFrame) -> DataFrame:
    """Stays on the day of discharge, other visits on their day: person_id, day, kind."""
    concept = F.col("visit_concept_id")
    kind = F.when(concept == INPATIENT, "stay").when(concept.isin(*AMBULATORY), "visit")
    return visits.select("person_id", F.unix_date("visit_end_date").alias("day"), kind.alias("kind")).where(
        "kind is not null"
    )


def _diagnoses(conditions: DataFrame) -> DataFrame:
    """Diagnoses of a group: person_id, day, kind, name (the group). No category is in two groups."""
    coded = conditions.where(is_icd10())
    group = F.coalesce(
        *(F.when(category("condition_source_value").between(*span), name) for name, span in GROUPS.items())
    )
    return coded.select(
        "person_id",
        F.unix_date("condition_start_date").alias("day"),
        F.lit("diagnosis").alias("kind"),
        group.alias("name"),
    ).where("name is not null")


def _results(measurements: DataFrame) -> DataFrame:
    """Results of the items: person_id, day, kind, name, result (time, id, value over limit): greatest is last."""
    code = F.upper(F.trim("measurement_source_value"))
    name = F.coalesce(*(F.when(code.isin(*codes), item) for item, (codes, _) in LABORATORY.items()))
    limit = F.coalesce(
        *(F.when(F.col("name") == item, F.col(side)) for item, (_, side) in LABORATORY.items()),
    )
    share = F.when(limit > 0, F.col("value_as_number") / limit)
    at = F.coalesce("measurement_datetime", F.col("measurement_date").cast("timestamp"))
    return (
        measurements.withColumn("name", name)
        .select(
            "person_id",
            F.unix_date("measurement_date").alias("day"),
            F.lit("result").alias("kind"),
            "name",
            F.struct(at.alias("at"), F.col("measurement_id").alias("id"), share.alias("value")).alias("result"),
        )
        .where("name is not null and result.value is not null")
    )
