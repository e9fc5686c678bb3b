"""Rows of silver tables as the model needs them, from few words."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from jobs.lakehouse.table import Table
from jobs.models.landmark import FEMALE, INPATIENT, MAIN_DIAGNOSIS, MALE
from jobs.tables.omop import (
    CONDITION_OCCURRENCE,
    DEATH,
    MEASUREMENT,
    OBSERVATION_PERIOD,
    PERSON,
    VISIT_OCCURRENCE,
)
from tests.support import rows


def frame(spark: SparkSession, table: Table, *records: dict[str, Any]) -> DataFrame:
    """Rows of a table from named values; what is not named is null."""
    return rows(spark, table, *(tuple(r.get(c) for c in table.column_names) for r in records))


def persons(spark: SparkSession, *people: tuple[int, str, str]) -> DataFrame:
    """person, sex (m, f or ?), day of birth."""
    sexes = {"m": MALE, "f": FEMALE, "?": 0}
    born = [(p, sexes[s], date.fromisoformat(b)) for p, s, b in people]
    return frame(
        spark,
        PERSON,
        *(
            dict(person_id=p, gender_concept_id=s, year_of_birth=b.year, month_of_birth=b.month, day_of_birth=b.day)
            for p, s, b in born
        ),
    )


def visits(spark: SparkSession, *found: tuple[Any, ...]) -> DataFrame:
    """visit, person, first day, last day; for stays also hospital and way of leaving; without a hospital 9202."""
    padded = [v + (None,) * (6 - len(v)) for v in found]
    return frame(
        spark,
        VISIT_OCCURRENCE,
        *(
            dict(
                visit_occurrence_id=v,
                person_id=p,
                visit_concept_id=INPATIENT if hospital else 9202,
                visit_start_date=start,
                visit_end_date=end,
                care_site_id=hospital,
                discharged_to_source_value=way,
            )
            for v, p, start, end, hospital, way in padded
        ),
    )


def conditions(spark: SparkSession, *found: tuple[int, int, str, str]) -> DataFrame:
    """visit, person, day, ICD-10 code of a main diagnosis."""
    return frame(
        spark,
        CONDITION_OCCURRENCE,
        *(
            dict(
                condition_occurrence_id=n,
                visit_occurrence_id=v,
                person_id=p,
                condition_start_date=day,
                condition_source_value=code,
                condition_status_concept_id=MAIN_DIAGNOSIS,
                _code_system="ICD10CN",
            )
            for n, (v, p, day, code) in enumerate(found)
        ),
    )


def measurements(spark: SparkSession, *found: tuple[int, str, str, float, float, float]) -> DataFrame:
    """person, day (at noon), item code, value, lower and upper reference limit."""
    return frame(
        spark,
        MEASUREMENT,
        *(
            dict(
                measurement_id=n,
                person_id=p,
                measurement_date=day,
                measurement_datetime=datetime.combine(date.fromisoformat(day), time(12)),
                measurement_source_value=item,
                value_as_number=value,
                range_low=low,
                range_high=high,
            )
            for n, (p, day, item, value, low, high) in enumerate(found)
        ),
    )


def deaths(spark: SparkSession, *found: tuple[int, str]) -> DataFrame:
    """person, day of death."""
    return frame(spark, DEATH, *(dict(person_id=p, death_date=d) for p, d in found))


def periods(spark: SparkSession, *found: tuple[int, str, str]) -> DataFrame:
    """person, first and last day of observation."""
    return frame(
        spark,
        OBSERVATION_PERIOD,
        *(
            dict(
                observation_period_id=n,
                person_id=p,
                observation_period_start_date=s,
                observation_period_end_date=e,
            )
            for n, (p, s, e) in enumerate(found)
        ),
    )


def after(day: str, days: int) -> str:
    """The day so many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
