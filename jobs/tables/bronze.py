"""Tables of the bronze zone: one a feed, derived from its contract, and the quarantine."""

from __future__ import annotations

from pathlib import Path

from jobs.lakehouse.table import DIRECT, INTERNAL, PSEUDONYMISED, PUBLIC, Column, Table
from jobs.tables.contract import Contract, ContractField, load_contracts

CONTRACT_FOLDER = Path(__file__).resolve().parents[2] / "conf" / "contract"
SENSITIVITY = {"public": PUBLIC, "internal": INTERNAL, "pseudonymised": PSEUDONYMISED, "direct": DIRECT}

EXTRA = "_extra"

ORIGIN = (
    Column("_row_id", "long", "First row number of the file in the lake plus row number in the file.", required=True),
    Column("_sender", "string", "Code of the institution that delivered the row.", required=True),
    Column("_learned_at", "date", "Day of the delivery: when the centre learned of it.", required=True),
    Column("_row_hash", "long", "xxhash64 of all fields as sent; equal rows have equal hashes.", required=True),
    Column("_flags", "string", "What is doubtful, 'field: problem; ...'; null where nothing is.", sensitivity=INTERNAL),
    Column(EXTRA, "string", "Columns sent that the contract doesn't know, as a JSON object.", sensitivity=DIRECT),
    Column("_run_id", "string", "Run that received the row."),
)


def bronze_table(contract: Contract) -> Table:
    """The table that holds a feed as sent: every field text, an empty one null."""
    title = " ".join(filter(None, [contract.title_en or contract.feed, contract.title_zh]))
    return Table(
        name=f"bronze.{contract.feed}",
        comment=f"One row per accepted row of the feed {contract.feed} as sent ({title}, contract {contract.version}).",
        owner="ingest",
        key=("_row_id",),
        columns=(*ORIGIN, *(_column(f) for f in contract.fields)),
        feed_changes=True,
        stats=("_row_id", "_learned_at"),
    )


def _column(field: ContractField) -> Column:
    """A delivered field as a column; its comment tells title, data element, form and value set."""
    form = ", ".join(filter(None, [field.type, *field.formats, field.value_set]))
    words = filter(None, [field.title_en, field.title_zh, field.element, f"[{form}]"])
    return Column(field.name, "string", " ".join(words), sensitivity=SENSITIVITY[field.sensitivity])


CONTRACTS: dict[str, Contract] = load_contracts(CONTRACT_FOLDER)
BRONZE: dict[str, Table] = {feed: bronze_table(contract) for feed, contract in CONTRACTS.items()}

QUARANTINE = Table(
    name="bronze.quarantine",
    comment="One row per delivered row that its contract keeps out of bronze, with its text and the reason.",
    owner="ingest",
    key=("_row_id",),
    columns=(
        *(c for c in ORIGIN if c.name in ("_row_id", "_sender", "_learned_at", "_run_id")),
        Column("feed", "string", "Feed of the file.", required=True),
        Column("file", "string", "File, relative to the inbox.", required=True),
        Column(
            "row", "long", "Row in the file: 1 is the first below the header; blank lines don't count.", required=True
        ),
        Column("field", "string", "First field that is wrong; null where the whole row is."),
        Column("found", "string", "What the field holds.", sensitivity=DIRECT),
        Column("allowed", "string", "What the contract allows.", required=True),
        Column("reason", "string", "What is wrong, in words to act on, English and Chinese.", required=True),
        Column("record", "string", "The row, field by field, as JSON.", required=True, sensitivity=DIRECT),
    ),
    stats=("_row_id", "_learned_at"),
)
