"""The vault: direct identifiers, who is who, and the log of every change of mind about it (EMPI, 主索引)."""

from __future__ import annotations

from jobs.lakehouse.table import DIRECT, PSEUDONYMISED, Column, Table

OWNER = "identity"

ROW_ID = Column("_row_id", "long", "Number of the delivered row; leads back to file and line.", required=True)
LEARNED_AT = Column("_learned_at", "date", "Day on which the row was delivered.", required=True)
ROW_HASH = Column("_row_hash", "long", "Hash of the delivered fields.", required=True)

PERSON_RECORD = Table(
    name="vault.person_record",
    comment="One row per delivered row about a person: who it says it is about, in one form for all feeds.",
    owner=OWNER,
    key=("_row_id",),
    feed_changes=True,
    stats=("_row_id",),
    columns=(
        ROW_ID,
        Column("feed", "string", "Feed of the row.", required=True),
        Column("_sender", "string", "Institution that sent it.", required=True),
        LEARNED_AT,
        ROW_HASH,
        Column(
            "record_key", "string", "The feed's natural key; a later row of the same key corrects it.", True, DIRECT
        ),
        Column("id_number", "string", "The person's own valid ID number, 18 characters.", sensitivity=DIRECT),
        Column(
            "id_status", "string", "own, absent, invalid, or other: a valid number of somebody else.", required=True
        ),
        Column(
            "other_id_number", "string", "The valid number found to be somebody else's (mother's).", sensitivity=DIRECT
        ),
        Column("patient_no", "string", "The sender's own number of the person.", sensitivity=DIRECT),
        Column("name", "string", "Name as written.", sensitivity=DIRECT),
        Column(
            "sex_code", "string", "GB/T 2261.1: 1 male, 2 female, 0 unknown, 9 not stated.", sensitivity=PSEUDONYMISED
        ),
        Column("birth_date", "date", "Date of birth as stated.", sensitivity=DIRECT),
        Column("death_date", "date", "Date of death as stated.", sensitivity=DIRECT),
        Column("mother_id_number", "string", "Mother's valid ID number, 18 characters.", sensitivity=DIRECT),
        Column("phone", "string", "Telephone number as written.", sensitivity=DIRECT),
        Column("place_code", "string", "County code as written.", sensitivity=PSEUDONYMISED),
        Column("address", "string", "Address as written.", sensitivity=DIRECT),
    ),
)

PERSON_HISTORY = Table(
    name="vault.person_history",
    comment="One row per decision on which person a delivered row is about; the newest revision of a row holds.",
    owner=OWNER,
    key=("_row_id", "revision"),
    feed_changes=True,
    stats=("_row_id",),
    columns=(
        ROW_ID,
        Column("revision", "int", "1 for the first decision on this row, then 2, 3, ...", required=True),
        Column("person_id", "long", "Person; null while the row does not count.", sensitivity=PSEUDONYMISED),
        Column("previous_person_id", "long", "Person by the revision before.", sensitivity=PSEUDONYMISED),
        Column("cluster", "string", "Why: I:<ID number>, L:<sender>|<patient number> or R:<row>.", True, DIRECT),
        Column(
            "founder_row_id", "long", "Smallest row of the cluster; the person's id is minted from it.", required=True
        ),
        Column(
            "reason",
            "string",
            "new, relinked, superseded (a later row corrects it), repeat (says the same) or withdrawn (with its file).",
            True,
        ),
        LEARNED_AT,
        Column("_run_id", "string", "Run that decided.", required=True),
    ),
)

PERSON_LINK = Table(
    name="vault.person_link",
    comment="One row per delivered row that counts: the person it is about, by the newest decision.",
    owner=OWNER,
    key=("_row_id",),
    bucket_by="person_id",
    sort_by=("person_id", "_row_id"),
    stats=("person_id", "_row_id"),
    columns=(
        ROW_ID,
        Column("person_id", "long", "Person.", True, PSEUDONYMISED),
        Column("cluster", "string", "See vault.person_history.", True, DIRECT),
    ),
)

VISIT_PART = Table(
    name="vault.visit_part",
    comment="One row per delivered row that is part of a visit; in the vault, as it holds record numbers.",
    owner=OWNER,
    key=("_row_id",),
    bucket_by="person_id",
    sort_by=("person_id", "_row_id"),
    stats=("person_id", "_row_id"),
    columns=(
        ROW_ID,
        Column("person_id", "long", "Person.", True, PSEUDONYMISED),
        Column("feed", "string", "Feed of the row.", required=True),
        Column("_sender", "string", "Institution that sent it.", required=True),
        Column("part", "string", "stay, encounter and outpatient are visits; test may be one; detail never is.", True),
        Column("visit_no", "string", "The sender's number of the visit or stay.", sensitivity=DIRECT),
        Column("class", "string", "The sender's class of visit, where it has one."),
        Column("care_site_id", "long", "Place of care."),
        Column("department_code", "string", "Department as written."),
        Column("starts_at", "timestamp", "Begin; wall-clock time of the province.", True, PSEUDONYMISED),
        Column("ends_at", "timestamp", "End, where the sender knows it.", sensitivity=PSEUDONYMISED),
        Column("admitted_from", "string", "Admission route as coded by the sender."),
        Column("discharged_to", "string", "Way of leaving as coded by the sender."),
        ROW_HASH,
        LEARNED_AT,
    ),
)
