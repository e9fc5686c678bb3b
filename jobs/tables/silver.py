"""Silver beyond OMOP: residence, lifeline, which row belongs to which visit, and what silver takes from each feed."""

from __future__ import annotations

from jobs.lakehouse.table import PSEUDONYMISED, Column, Expect, Table
from jobs.tables.vault import LEARNED_AT, ROW_ID

OWNER = "clinical-data"

RESIDENCE = Table(
    name="silver.residence",
    comment="One row per person, kind of residence and period without a change; periods of a kind never overlap.",
    owner=OWNER,
    key=("person_id", "kind", "start_date"),
    bucket_by="person_id",
    sort_by=("person_id", "kind", "start_date"),
    stats=("person_id",),
    columns=(
        Column("person_id", "long", "Person.", True, PSEUDONYMISED),
        Column("kind", "string", "usual (常住: here six months or more) or registered (户籍).", required=True),
        Column(
            "place_code",
            "string",
            "County on the date of the place file, or 'outside' the province.",
            True,
            PSEUDONYMISED,
        ),
        Column("start_date", "date", "First day.", True, PSEUDONYMISED),
        Column("end_date", "date", "Day after the last; null while it lasts.", sensitivity=PSEUDONYMISED),
        Column("_row_id", "long", "Register row that opened the period.", required=True),
        LEARNED_AT,
    ),
    expects=(Expect("ends_after_start", "end_date > start_date"),),
)

REGISTER_COMPLETE = Table(
    name="silver.register_complete",
    comment="One row per sender of the resident register: the last day up to which its deliveries are complete.",
    owner=OWNER,
    key=("sender",),
    columns=(
        Column("sender", "string", "Institution that keeps the register.", required=True),
        Column("complete_to", "date", "Last complete day.", required=True),
    ),
)

VISIT_HISTORY = Table(
    name="silver.visit_history",
    comment="One row per decision on which visit a delivered row belongs to; the newest revision of a row holds.",
    owner=OWNER,
    key=("_row_id", "revision"),
    feed_changes=True,
    stats=("_row_id",),
    columns=(
        ROW_ID,
        Column("revision", "int", "1 for the first decision on this row, then 2, 3, ...", required=True),
        Column("person_id", "long", "Person; null once the row no longer counts.", sensitivity=PSEUDONYMISED),
        Column("previous_person_id", "long", "Person by the revision before.", sensitivity=PSEUDONYMISED),
        Column("visit_occurrence_id", "long", "Visit; null for a row that belongs to none."),
        Column("reason", "string", "new, moved (to another visit or person) or gone.", required=True),
        Column("_run_id", "string", "Run that decided.", required=True),
    ),
)

VISIT_RECORD = Table(
    name="silver.visit_record",
    comment="One row per delivered row that counts and is part of a visit, by the newest decision.",
    owner=OWNER,
    key=("_row_id",),
    bucket_by="person_id",
    sort_by=("person_id", "_row_id"),
    stats=("person_id", "_row_id"),
    columns=(
        ROW_ID,
        Column("person_id", "long", "Person.", True, PSEUDONYMISED),
        Column("visit_occurrence_id", "long", "Visit; null for a row that belongs to none."),
    ),
)

LIFELINE = Table(
    name="silver.lifeline",
    comment="One row per event per person: birth, moves, visits, conditions, measurements and death.",
    owner=OWNER,
    key=("kind", "source_id"),
    bucket_by="person_id",
    sort_by=("person_id", "event_date"),
    stats=("person_id", "event_date"),
    columns=(
        Column("person_id", "long", "Person.", True, PSEUDONYMISED),
        Column("event_date", "date", "Day of the event; the first day of one that lasts.", True, PSEUDONYMISED),
        Column(
            "event_datetime",
            "timestamp",
            "Time, where known; wall-clock time of the province.",
            sensitivity=PSEUDONYMISED,
        ),
        Column("end_date", "date", "Last day of an event that lasts.", sensitivity=PSEUDONYMISED),
        Column("kind", "string", "birth, residence, visit, condition, measurement or death.", required=True),
        Column("source_table", "string", "Silver table of the event.", required=True),
        Column("source_id", "long", "The event's id there; the person for birth and death.", True, PSEUDONYMISED),
        Column("concept_id", "long", "Concept of the event; null where it has none."),
        Column(
            "code",
            "string",
            "Code as delivered: diagnosis, test item, place, or class of visit.",
            sensitivity=PSEUDONYMISED,
        ),
        Column("visit_occurrence_id", "long", "Visit it belongs to."),
        Column("_row_id", "long", "Delivered row; null where several rows make the event."),
        LEARNED_AT,
    ),
)

FEED_COVERAGE = Table(
    name="silver.feed_coverage",
    comment="One row per feed: how many rows bronze took in, which silver tables take from it, or why none does.",
    owner=OWNER,
    key=("feed",),
    columns=(
        Column("feed", "string", "Feed.", required=True),
        Column("rows_accepted", "long", "Rows in bronze.", required=True),
        Column("silver_tables", "string", "Silver tables that take from it, separated by commas; null if none."),
        Column("reason", "string", "Why rows, or fields of them, stay in bronze; null if none do."),
    ),
)
