"""Release: what passed disclosure control, and who approved it. Everyone with a login may read it."""

from __future__ import annotations

from dataclasses import replace

from jobs.lakehouse.table import PUBLIC, Column, Expect, Table
from jobs.tables.gold import AGE_BAND, LEVEL, PLACE, RATES, SEX

OWNER = "governance"
RELEASE_ID = Column("release_id", "string", "Made from the content: equal content has an equal id.", True, PUBLIC)
DEMO = Column(
    "demo", "boolean", "Whether this release is a demonstration, signed by generated reviewers.", True, PUBLIC
)


def _shown(*columns: Column) -> tuple[Column, ...]:
    return tuple(replace(c, sensitivity=PUBLIC) for c in columns)


MEASURE = Table(
    name="release.measure",
    comment="One row per measure, period, place, sex and age band of gold.measure, after disclosure control.",
    owner=OWNER,
    key=("measure", "period", "place_code", "sex", "age_band"),
    columns=_shown(
        Column("measure", "string", "Name of the declaration (jobs/gold/measures).", required=True),
        Column("measure_version", "string", "Fingerprint of the declaration.", required=True),
        Column("period", "string", "A year, or first and last year of several pooled: 2023-2025.", required=True),
        LEVEL,
        PLACE,
        SEX,
        AGE_BAND,
        Column("numerator", "long", "Events or persons, rounded; null unless shown."),
        Column("denominator", "long", "Person-years or persons (see unit), rounded; null unless shown."),
        *RATES,
        Column("status", "string", "shown, suppressed or not_estimable.", required=True),
        Column("unstable", "boolean", "Whether the count may be under the declared bound (30); null unless shown."),
        Column("label", "string", "What the count stands on: diagnosed, recorded or registered.", required=True),
        Column("per", "int", "The rate is per this many units.", required=True),
        Column("unit", "string", "person-years or persons.", required=True),
        RELEASE_ID,
        DEMO,
        Column("input_version", "long", "Delta version of gold.measure that it was made from."),
    ),
    expects=(
        Expect("status_known", "status in ('shown', 'suppressed', 'not_estimable')"),
        Expect("nothing_beside_status", "status = 'shown' or coalesce(numerator, denominator, rate) is null"),
        Expect("no_small_count", "numerator = 0 or numerator > 10"),
    ),
)

APPROVAL = Table(
    name="release.approval",
    comment="One row per reviewer of the present release.",
    owner=OWNER,
    key=("release_id", "reviewer"),
    columns=(
        RELEASE_ID,
        Column("reviewer", "string", "Who signed.", True, PUBLIC),
        Column("signed_at", "date", "Day of signing, as set.", True, PUBLIC),
        Column("content_hash", "string", "SHA-256 of the released rows that were reviewed.", True, PUBLIC),
        Column(
            "signature", "string", "HMAC-SHA256 by the reviewer's key, derived from the lake's (HKDF).", True, PUBLIC
        ),
        DEMO,
    ),
)
