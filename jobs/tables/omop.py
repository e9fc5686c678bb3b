"""OMOP CDM 5.4: the silver tables with the standard's own columns, then ours, which begin with an underscore.

Column names, order, types and required flags are the standard's (a test compares them with its field list). Ids are
long. Times are the province's wall-clock time as delivered, without a zone.
"""

from __future__ import annotations

from jobs.lakehouse.table import INTERNAL, PSEUDONYMISED, Column, Expect, Table
from jobs.tables.vault import LEARNED_AT, ROW_ID

OWNER = "clinical-data"
CODE_SYSTEM = Column("_code_system", "string", "Vocabulary of the source code (silver.concept.vocabulary_id).")
CODE_EDITION = Column(
    "_code_edition", "string", "Edition of the source code, as delivered; empty where none was given."
)


def _id(name: str, comment: str = "", required: bool = False) -> Column:
    return Column(name, "long", comment, required)


def _own(name: str, kind: str, comment: str = "", required: bool = False) -> Column:
    """A column about a person."""
    return Column(name, kind, comment, required, PSEUDONYMISED)


def _text(name: str, comment: str = "") -> Column:
    return Column(name, "string", comment, False, INTERNAL)


PERSON_ID = _own("person_id", "long", "Person, after linkage.", True)

PERSON = Table(
    name="silver.person",
    comment="One row per person whose year of birth is known (OMOP CDM 5.4).",
    owner=OWNER,
    key=("person_id",),
    bucket_by="person_id",
    sort_by=("person_id",),
    stats=("person_id",),
    columns=(
        PERSON_ID,
        _own("gender_concept_id", "long", "8507 male, 8532 female, 0 unknown.", True),
        _own("year_of_birth", "long", "From the ID number, else from the first source by precedence.", True),
        _own("month_of_birth", "long"),
        _own("day_of_birth", "long"),
        _own("birth_datetime", "timestamp", "Midnight of the day of birth."),
        _own("race_concept_id", "long", "0: not delivered.", True),
        _own("ethnicity_concept_id", "long", "0: not delivered.", True),
        _own("location_id", "long", "County of usual residence, the latest known."),
        _id("provider_id"),
        _id("care_site_id"),
        _own("person_source_value", "string", "Always null: it would be a direct identifier."),
        _own("gender_source_value", "string", "GB/T 2261.1 code."),
        _id("gender_source_concept_id"),
        _own("race_source_value", "string"),
        _id("race_source_concept_id"),
        _own("ethnicity_source_value", "string"),
        _id("ethnicity_source_concept_id"),
        LEARNED_AT,
    ),
)

OBSERVATION_PERIOD = Table(
    name="silver.observation_period",
    comment="One row per period in which a person's events would have reached us (OMOP CDM 5.4); both days included.",
    owner=OWNER,
    key=("observation_period_id",),
    bucket_by="person_id",
    sort_by=("person_id", "observation_period_start_date"),
    stats=("person_id",),
    columns=(
        _id("observation_period_id", "From the register row, or the visit, that begins it.", True),
        PERSON_ID,
        _own("observation_period_start_date", "date", "First day.", True),
        _own("observation_period_end_date", "date", "Last day.", True),
        _id("period_type_concept_id", "From the register, or from visits only: see codes/type_concept.csv.", True),
        LEARNED_AT,
    ),
    expects=(Expect("ends_after_start", "observation_period_end_date >= observation_period_start_date"),),
)

LOCATION = Table(
    name="silver.location",
    comment="One row per county, or census zone, of the province (OMOP CDM 5.4).",
    owner=OWNER,
    key=("location_id",),
    columns=(
        _id("location_id", "The county code as a number.", True),
        _text("address_1"),
        _text("address_2"),
        _text("city", "City's name."),
        _text("state", "First two digits of the province's code."),
        _text("zip"),
        _text("county", "County's name."),
        _text("location_source_value", "County code, GB/T 2260."),
        _id("country_concept_id"),
        _text("country_source_value", "CN."),
        Column("latitude", "double", "A point inside the county."),
        Column("longitude", "double", "A point inside the county."),
    ),
)

CARE_SITE = Table(
    name="silver.care_site",
    comment="One row per institution that sends records of care (OMOP CDM 5.4).",
    owner=OWNER,
    key=("care_site_id",),
    feed_changes=True,
    columns=(
        _id("care_site_id", "From the first row that names it.", True),
        _text("care_site_name", "Name, where one was delivered."),
        _id("place_of_service_concept_id"),
        _id("location_id", "County, where the institution's code begins with one."),
        _text("care_site_source_value", "The institution's code."),
        _text("place_of_service_source_value"),
    ),
)

VISIT_OCCURRENCE = Table(
    name="silver.visit_occurrence",
    comment="One row per visit: a stay, or all of a person's day at one department of one institution (OMOP CDM 5.4).",
    owner=OWNER,
    key=("visit_occurrence_id",),
    bucket_by="person_id",
    sort_by=("person_id", "visit_start_date"),
    stats=("person_id", "visit_start_date"),
    columns=(
        _id("visit_occurrence_id", "Smallest row of the visit: row_id << 6.", True),
        PERSON_ID,
        _id("visit_concept_id", "9201 inpatient, 9202 outpatient, 9203 emergency: see codes/visit_concept.csv.", True),
        _own("visit_start_date", "date", "Day of admission or of the visit.", True),
        _own("visit_start_datetime", "timestamp"),
        _own("visit_end_date", "date", "Day of discharge; for an outpatient the day of the visit.", True),
        _own("visit_end_datetime", "timestamp"),
        _id("visit_type_concept_id", "Kind of source: see codes/type_concept.csv.", True),
        _id("provider_id"),
        _id("care_site_id", "Institution."),
        _text("visit_source_value", "The sender's class of visit, or the feed."),
        _id("visit_source_concept_id"),
        _id("admitted_from_concept_id"),
        _text("admitted_from_source_value", "入院途径 as coded (CV09.00.403)."),
        _id("discharged_to_concept_id"),
        _text("discharged_to_source_value", "离院方式 as coded (CV06.00.226)."),
        _id("preceding_visit_occurrence_id"),
        _text("_department_code", "Department as delivered."),
        LEARNED_AT,
    ),
    expects=(
        Expect("ends_after_start", "visit_end_date >= visit_start_date", "quarantine"),
        Expect(
            "plausible_length",
            "datediff(visit_end_date, visit_start_date) < 365",
            "warn",
            "Psychiatry has longer stays.",
        ),
    ),
)

CONDITION_OCCURRENCE = Table(
    name="silver.condition_occurrence",
    comment="One row per diagnosis on a delivered row (OMOP CDM 5.4).",
    owner=OWNER,
    key=("condition_occurrence_id",),
    bucket_by="person_id",
    sort_by=("person_id", "condition_start_date"),
    stats=("person_id", "_row_id"),
    columns=(
        _id("condition_occurrence_id", "row_id << 6 | number of the diagnosis on the row.", True),
        PERSON_ID,
        _id("condition_concept_id", "Standard concept where one is known, else the local one.", True),
        _own("condition_start_date", "date", "Day of the visit or of admission.", True),
        _own("condition_start_datetime", "timestamp"),
        _own("condition_end_date", "date", "Day on which the sender says that it ended."),
        _own("condition_end_datetime", "timestamp"),
        _id("condition_type_concept_id", "Kind of source: see codes/type_concept.csv.", True),
        _id(
            "condition_status_concept_id",
            "32903 main, 32909 other diagnosis at discharge; 32902 first, 32908 other of a visit; 32899 a suspicion.",
        ),
        _text("stop_reason"),
        _id("provider_id"),
        _id("visit_occurrence_id", "Visit it was recorded in."),
        _id("visit_detail_id"),
        _own("condition_source_value", "string", "Code as delivered."),
        _id("condition_source_concept_id", "Local concept of the code (silver.concept)."),
        _text("condition_status_source_value", "Field of the row that held the code."),
        CODE_SYSTEM,
        CODE_EDITION,
        ROW_ID,
        LEARNED_AT,
    ),
)

MEASUREMENT = Table(
    name="silver.measurement",
    comment="One row per result of a laboratory test or other measurement (OMOP CDM 5.4).",
    owner=OWNER,
    key=("measurement_id",),
    bucket_by="person_id",
    sort_by=("person_id", "measurement_date"),
    stats=("person_id", "_row_id"),
    columns=(
        _id("measurement_id", "row_id << 6.", True),
        PERSON_ID,
        _id("measurement_concept_id", "Standard concept where one is known, else the local one.", True),
        _own("measurement_date", "date", "Day of sampling.", True),
        _own("measurement_datetime", "timestamp", "Time of sampling."),
        _text("measurement_time"),
        _id("measurement_type_concept_id", "Kind of source: see codes/type_concept.csv.", True),
        _id("operator_concept_id", "Of results such as '<0.5'."),
        _own("value_as_number", "double", "The result, where it is a number, in the unit as delivered."),
        _id("value_as_concept_id"),
        _id("unit_concept_id", "Standard concept of the unit, where known."),
        Column("range_low", "double", "Lower end of the sender's reference interval."),
        Column("range_high", "double", "Upper end of the sender's reference interval."),
        _id("provider_id"),
        _id("visit_occurrence_id", "Visit it was made for."),
        _id("visit_detail_id"),
        _text("measurement_source_value", "Item code as delivered."),
        _id("measurement_source_concept_id", "Local concept of the code (silver.concept)."),
        _text("unit_source_value", "Unit as delivered."),
        _id("unit_source_concept_id"),
        _own("value_source_value", "string", "Result as delivered, its first 50 characters."),
        _id("measurement_event_id"),
        _id("meas_event_field_concept_id"),
        CODE_SYSTEM,
        CODE_EDITION,
        ROW_ID,
        LEARNED_AT,
    ),
)

DEATH = Table(
    name="silver.death",
    comment="One row per person who died, from the first source by precedence (OMOP CDM 5.4).",
    owner=OWNER,
    key=("person_id",),
    bucket_by="person_id",
    sort_by=("person_id",),
    stats=("person_id",),
    columns=(
        PERSON_ID,
        _own("death_date", "date", "Day of death.", True),
        _own("death_datetime", "timestamp", "Time of death, where known."),
        _id("death_type_concept_id", "Kind of source: see codes/type_concept.csv."),
        _id("cause_concept_id", "Underlying cause: standard concept where one is known, else the local one."),
        _own("cause_source_value", "string", "Underlying cause (ICD-10) as delivered."),
        _id("cause_source_concept_id", "Local concept of the code (silver.concept)."),
        CODE_SYSTEM,
        CODE_EDITION,
        ROW_ID,
        LEARNED_AT,
    ),
)

CONCEPT = Table(
    name="silver.concept",
    comment="One row per code that senders use, as a local concept above 2,000,000,000 (OMOP CDM 5.4).",
    owner=OWNER,
    key=("concept_id",),
    feed_changes=True,
    columns=(
        _id("concept_id", "2,000,000,000 + id of the first event that had the code.", True),
        Column("concept_name", "string", "Name beside the code on that event, else the code.", True),
        Column("domain_id", "string", "Condition or Measurement.", True),
        Column(
            "vocabulary_id", "string", "ICD10CN, ICD10, SNOMED, LOINC, or LAB-<sender> for a sender's own codes.", True
        ),
        Column("concept_class_id", "string", "'Local': made here, not by the vocabulary's owner.", True),
        _text("standard_concept", "Null: local concepts are source concepts."),
        Column("concept_code", "string", "The code.", True),
        Column("valid_start_date", "date", "1970-01-01, as in OMOP's own vocabularies.", True),
        Column("valid_end_date", "date", "2099-12-31, as in OMOP's own vocabularies.", True),
        _text("invalid_reason"),
        CODE_EDITION,
        _id("_maps_to", "Standard concept (codes/concept_map.csv), else this concept itself.", True),
    ),
)
