"""The ledger of deliveries: what came, what became of it, and which row numbers it was given."""

from __future__ import annotations

from dataclasses import replace

from jobs.lakehouse.table import Column, Table

DELIVERY = Table(
    name="ops.delivery",
    comment="One row per file and receipt: accepted, refused or duplicate, with its rows and row numbers.",
    owner="ingest",
    key=("receipt", "file"),
    feed_changes=True,  # withdrawals are followed
    columns=(
        Column("receipt", "long", "Number of the batch that the file was received in; grows by one.", required=True),
        Column("feed", "string", "Feed, by folder or file name; null where it can't be told."),
        Column("sender", "string", "Institution, by folder; null where it can't be told."),
        Column("file", "string", "File, relative to the inbox.", required=True),
        Column("file_sha256", "string", "Of the bytes delivered, hex; null where they were not read."),
        Column("status", "string", "accepted, refused or duplicate.", required=True),
        Column("reason", "string", "Why refused, which file it repeats, or how its columns differ from the contract."),
        Column("rows_read", "long", "Rows in the file; accepted + quarantined + duplicate.", required=True),
        Column("rows_accepted", "long", "Rows in bronze.<feed>.", required=True),
        Column("rows_quarantined", "long", "Rows in bronze.quarantine.", required=True),
        Column("rows_duplicate", "long", "Rows that repeat one of the file, or a file received before.", required=True),
        Column("first_row_id", "long", "Number of the file's first row; null unless accepted."),
        Column("delivered_on", "date", "Day of the delivery, from the date folder."),
        Column("period_start", "date", "First day that the file covers, by its manifest."),
        Column("period_end", "date", "Last day that the file covers completely, by its manifest."),
        Column("contract_version", "string", "Version of the contract it was written to."),
        Column("format", "string", "csv, jsonl, parquet or xml; null where refused unread."),
        Column("encoding", "string", "utf-8 or gb18030; null for parquet, which has its own."),
        Column("withdraws", "string", "SHA-256 of the sender's file of this feed that it takes back, early or late."),
        Column("bytes", "long", "Size of the file.", required=True),
        Column("modified_ns", "long", "The file's modification time, nanoseconds since 1970.", required=True),
        Column("received_at", "timestamp", "When it was received, UTC.", required=True),
        Column("_run_id", "string", "Run that received it."),
    ),
    stats=("receipt", "first_row_id", "delivered_on"),
)

RECEIPT = replace(
    DELIVERY,
    name="landing.receipt",
    feed_changes=False,
    comment="One row per file and receipt, written before its rows are: what a receipt cut short goes on from.",
)
