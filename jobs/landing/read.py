"""One way to read a delivered file, whatever its format: numbered rows of text, or why it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jobs.landing.cda_rows import read_cda
from jobs.landing.csv_rows import read_csv, read_small_csvs
from jobs.landing.json_rows import read_json_lines
from jobs.landing.parquet_rows import read_parquet
from jobs.landing.refusal import FileRefused
from jobs.landing.rows import Rows, as_utf8
from jobs.tables.contract import Contract

CSV, PARQUET = "csv", "parquet"
OF_TEXT: Mapping[str, Callable[[bytes, Contract], Rows]] = {CSV: read_csv, "jsonl": read_json_lines, "xml": read_cda}
FORMATS = (*OF_TEXT, PARQUET)


@dataclass(frozen=True)
class Sent:
    """A file's bytes, and the format and encoding that its manifest names (none for Parquet)."""

    data: bytes
    format: str = CSV
    encoding: str | None = "utf-8"


def read_all(files: Sequence[Sent], contract: Contract) -> list[Rows | FileRefused]:
    """The rows of each file of one feed, or why it can't be taken in."""
    found: dict[int, Rows | FileRefused] = {}
    texts: dict[int, bytes] = {}
    for at, sent in enumerate(files):
        try:
            if sent.format == PARQUET:
                found[at] = read_parquet(sent.data, contract)
            else:
                texts[at] = as_utf8(sent.data, str(sent.encoding))
        except FileRefused as refusal:
            found[at] = refusal
    csvs = [at for at in texts if files[at].format == CSV]
    together = read_small_csvs([texts[at] for at in csvs], contract)
    found |= {csvs[place]: rows for place, rows in together.items()}
    for at in texts.keys() - found.keys():
        try:
            found[at] = OF_TEXT[files[at].format](texts[at], contract)
        except FileRefused as refusal:
            found[at] = refusal
    return [found[at] for at in range(len(files))]


def read_one(sent: Sent, contract: Contract) -> Rows:
    """The rows of one file. Raises ``FileRefused``."""
    (found,) = read_all([sent], contract)
    if isinstance(found, FileRefused):
        raise found
    return found
