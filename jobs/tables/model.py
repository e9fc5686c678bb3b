"""What models say of single persons. For statistics and research inside the centre, never for release as it stands."""

from __future__ import annotations

from jobs.lakehouse.table import PSEUDONYMISED, Column, Expect, Table

READMISSION_SCORE = Table(
    name="gold.readmission_score",
    comment="One row per discharge of an adult that the 30-day readmission model scored.",
    owner="statistics",
    key=("visit_occurrence_id",),
    bucket_by="person_id",
    sort_by=("person_id", "index_date"),
    stats=("person_id",),
    columns=(
        Column("person_id", "long", "Person.", True, PSEUDONYMISED),
        Column("visit_occurrence_id", "long", "Stay that ended with the discharge; the episode's last.", True),
        Column("index_date", "date", "Day of discharge.", True, PSEUDONYMISED),
        Column(
            "risk", "double", "Predicted probability of an unplanned stay within days 1 to 30.", True, PSEUDONYMISED
        ),
        Column("model_name", "string", "Registered name in MLflow.", required=True),
        Column("model_version", "int", "Registered version in MLflow.", required=True),
        Column("split", "string", "train, test, or later than both.", required=True),
        Column("observed", "boolean", "Whether it happened; null if not all 30 days were.", sensitivity=PSEUDONYMISED),
    ),
    expects=(
        Expect("risk_is_a_probability", "risk between 0 and 1"),
        Expect("split_known", "split in ('train', 'test', 'later')"),
    ),
)
