"""What the tables of events share: ids, coded diagnoses and results of a delivered row, look-ups as expressions."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.codes.lists import rows as code_rows

OTHER_DIAGNOSES = 10
ITEM_BITS = 6

# Field of the code, field of the name, by feed, in the order that numbers them from 1.
DIAGNOSES: dict[str, tuple[tuple[str, str], ...]] = {
    "outpatient_visit": (("diagnosis_code", "diagnosis_name"), ("diagnosis2_code", "diagnosis2_name")),
    "inpatient_home_page": (
        ("main_diagnosis_code", "main_diagnosis_name"),
        *((f"other_diagnosis_code_{i}", f"other_diagnosis_name_{i}") for i in range(1, OTHER_DIAGNOSES + 1)),
    ),
    "synthea_conditions": (("CODE", "DESCRIPTION"),),
    "death_certificate": (("underlying_cause_code", "underlying_cause_name"),),
}
RESULTS: dict[str, tuple[str, str]] = {
    "laboratory": ("item_code", "item_name"),
    "synthea_observations": ("CODE", "DESCRIPTION"),
}


def event_id(row_id: Column | str, item: Column | int) -> Column:
    """Id of the item-th event (0 to 63) of a delivered row: unique by construction, and it leads back to the row."""
    number = F.lit(item) if isinstance(item, int) else item
    return F.shiftleft(F.col(row_id) if isinstance(row_id, str) else row_id, ITEM_BITS).bitwiseOR(number.cast("long"))


def lookup(key: Column, values: Mapping[str, int | str]) -> Column:
    """The value that a small mapping gives to a text key; null for any other key."""
    if not values:
        return F.lit(None)
    return F.element_at(F.create_map(*(F.lit(x) for pair in values.items() for x in pair)), key)


def code_system(feed: str) -> tuple[Column, Column]:
    """Vocabulary and edition of a feed's codes. A laboratory's own item code means something at that sender only."""
    none = F.lit("")
    match feed:
        case "laboratory":
            return F.concat(F.lit("LAB-"), F.col("_sender")), none
        case "synthea_conditions":
            return F.lit("SNOMED"), none
        case "synthea_observations":
            return F.lit("LOINC"), none
    edition = F.coalesce(F.trim("code_edition"), none)
    known = {r["edition"]: r["vocabulary_id"] for r in code_rows("code_system")}
    return F.coalesce(lookup(edition, known), F.lit(known[""])), edition


def diagnoses(feed: str, delivered: DataFrame, *keep: Column | str) -> DataFrame:
    """One row per diagnosis on a delivered row: ``keep``, then item, code, name, field, _code_system, _code_edition."""
    system, edition = code_system(feed)
    given = [
        F.struct(
            F.lit(i).alias("item"), _code(code).alias("code"), F.col(name).alias("name"), F.lit(code).alias("field")
        )
        for i, (code, name) in enumerate(DIAGNOSES[feed], start=1)
    ]
    return delivered.select(
        "_row_id", *keep, system.alias("_code_system"), edition.alias("_code_edition"), F.inline(F.array(*given))
    ).where("code is not null")


def results(feed: str, delivered: DataFrame, *keep: Column | str) -> DataFrame:
    """One row per delivered result: ``keep``, then item 0, code, name, _code_system, _code_edition."""
    system, edition = code_system(feed)
    code, name = RESULTS[feed]
    return delivered.select(
        "_row_id",
        *keep,
        system.alias("_code_system"),
        edition.alias("_code_edition"),
        F.lit(0).alias("item"),
        _code(code).alias("code"),
        F.col(name).alias("name"),
    )


def with_concept(coded: DataFrame, concepts: DataFrame) -> DataFrame:
    """Adds ``source_concept_id`` and ``concept_id`` (standard where known) to rows with system, edition and code."""
    known = concepts.select(
        F.col("vocabulary_id").alias("_code_system"),
        "_code_edition",
        F.col("concept_code").alias("code"),
        F.col("concept_id").alias("source_concept_id"),
        F.col("_maps_to").alias("concept_id"),
    )
    return coded.join(F.broadcast(known), ["_code_system", "_code_edition", "code"], how="left")


def _code(name: str) -> Column:
    """A code without blanks around; an empty one is none."""
    return F.nullif(F.trim(name), F.lit(""))
