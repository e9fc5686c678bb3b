"""Deliveries as a hospital would make them: literal rows in, files with manifests out."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from jobs.tables.bronze import CONTRACTS
from jobs.tables.contract import Contract, parse_contract

VISIT = parse_contract(
    {
        "feed": "visit",
        "version": "1",
        "key": ["visit_no"],
        "happened": "visit_time",
        "fields": [
            {"name": "visit_no", "required": True, "title_zh": "就诊流水号"},
            {"name": "id_number", "check": "id_number", "otherwise": "flag", "role": "id_number"},
            {"name": "sex_code", "type": "code", "codes": ["0", "1", "2", "9"], "value_set": "GB/T 2261.1"},
            {"name": "birth_date", "type": "date", "formats": ["%Y%m%d"], "otherwise": "flag"},
            {"name": "visit_time", "type": "datetime", "formats": ["%Y-%m-%d %H:%M:%S"], "required": True},
            {"name": "fee", "type": "decimal"},
            {"name": "beds", "type": "integer"},
            {"name": "note", "pattern": "[A-Z]{2}-[0-9]+", "otherwise": "flag"},
        ],
    }
)
"""A small feed for tests that need no table."""

GOOD = {
    "visit_no": "V1",
    "id_number": "11010519491231002X",
    "sex_code": "2",
    "birth_date": "19491231",
    "visit_time": "2023-03-01 08:30:00",
    "fee": "12.50",
    "beds": "3",
    "note": "AB-7",
}


def as_csv(contract: Contract, rows: Sequence[Mapping[str, str]]) -> str:
    """Rows as CSV under the contract's header; a field left out is empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, contract.names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def deliver(
    inbox: Path,
    rows: Sequence[Mapping[str, str]] = (),
    *,
    feed: str = "outpatient_visit",
    sender: str = "370102H001",
    day: str = "2023-04-01",
    name: str = "visits.csv",
    encoding: str = "utf-8",
    text: str | bytes | None = None,
    promise: Mapping[str, object] = MappingProxyType({}),
) -> Path:
    """Put a file and its manifest into the inbox; ``promise`` overrides parts of the manifest."""
    folder = inbox / sender / feed / day
    folder.mkdir(parents=True, exist_ok=True)
    data = as_csv(CONTRACTS[feed], rows) if text is None else text
    data = data.encode(encoding) if isinstance(data, str) else data
    path = folder / name
    path.write_bytes(data)
    manifest = {
        "sender": sender,
        "feed": feed,
        "contract_version": "1",
        "period": {"start": "2023-03-01", "end": "2023-03-31"},
        "rows": len(rows),
        "sha256": hashlib.sha256(data).hexdigest(),
        "format": "csv",
        "encoding": encoding,
        **promise,
    }
    manifest_of(path).write_text(json.dumps(manifest), encoding="utf-8")
    return path


def manifest_of(path: Path) -> Path:
    """The manifest beside a file."""
    return path.with_name(f"{path.name}.manifest.json")


def visit(number: str, **fields: str) -> dict[str, str]:
    """An outpatient visit that its contract has nothing against, with the fields given."""
    return {"visit_no": number, "patient_no": f"P{number}", "visit_time": "2023-03-05 09:00:00", **fields}
