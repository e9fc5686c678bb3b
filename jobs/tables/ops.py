"""Tables of the ops zone that the runner itself writes: what ran, and on which versions of what."""

from __future__ import annotations

from jobs.lakehouse.table import Column, Table

RUN = Table(
    name="ops.run",
    comment="One row per run of one job: how it ended, with which code and settings, and what it cost.",
    owner="governance",
    key=("run_id",),
    columns=(
        Column("run_id", "string", "Unique id of the run.", required=True),
        Column("job", "string", "Name of the job, which is that of the table it writes.", required=True),
        Column("status", "string", "done, failed or refused.", required=True),
        Column("mode", "string", "full (made anew), change (only what changed), same (made anew, nothing differed)."),
        Column("started_at", "timestamp", "UTC.", required=True),
        Column("ended_at", "timestamp", "UTC.", required=True),
        Column("seconds", "double", "Wall-clock seconds."),
        Column("cpu_seconds", "double", "CPU seconds of Spark tasks."),
        Column("rows_in", "long", "Rows read, over all inputs."),
        Column("rows_out", "long", "Rows written."),
        Column("rows_quarantined", "long", "Rows kept out by a rule of the table."),
        Column("code", "string", "Hash of the job's source code."),
        Column("revision", "string", "Revision of the checkout, with '+' where files differ from it."),
        Column("settings", "string", "The job's settings, as JSON; never a key."),
        Column("fingerprint", "string", "Code, settings and input versions in one hash: equal means nothing to do."),
        Column("warnings", "string", "Rules marked 'warn' and how many rows broke each, as JSON."),
        Column("error", "string", "First line of the error where it failed."),
    ),
)

RUN_IO = Table(
    name="ops.run_io",
    comment="One row per run and table read or written, at its Delta version.",
    owner="governance",
    key=("run_id", "direction", "table"),
    columns=(
        Column("run_id", "string", required=True),
        Column("direction", "string", "in or out.", required=True),
        Column("table", "string", "Zone and name.", required=True),
        Column("version", "long", "Delta version read, or the one written; null where the table was absent."),
        Column("rows", "long", "Rows written by this run; null for inputs."),
        Column("total_rows", "long", "Rows in the table afterwards; null for inputs."),
        Column("content_hash", "string", "Order-free hash of the whole table afterwards; null for inputs."),
    ),
)

REJECTED = Table(
    name="ops.rejected",
    comment="One row per output row that a rule of its table kept out, with the rule and the run.",
    owner="governance",
    columns=(
        Column("run_id", "string", required=True),
        Column("table", "string", required=True),
        Column("rule", "string", "Name of the rule that was broken.", required=True),
        Column("row_key", "string", "The row's key as JSON: enough to find the delivered line.", required=True),
    ),
)
