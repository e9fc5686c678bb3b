"""What was wrong with a row, in words that a hospital's engineer can act on, English and Chinese."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.landing.check import Checked, Finding
from jobs.landing.rows import Malformed
from jobs.tables.bronze import EXTRA
from jobs.tables.contract import Contract, ContractField

SPELLED = {"%Y": "YYYY", "%m": "MM", "%d": "DD", "%H": "hh", "%M": "mm", "%S": "ss"}
REASONS = {
    "absent": ("is empty but required", "必填项为空"),
    "date": ("is no real date (or time) in the form agreed", "日期不存在或格式不符"),
    "integer": ("is no whole number", "不是整数"),
    "decimal": ("is no number", "不是数值"),
    "code": ("is not one of the agreed codes", "代码不在约定的值域内"),
    "pattern": ("does not have the agreed form", "格式不符合约定"),
    "id_form": ("is no ID number: 18 characters, or 15 digits", "身份证号码位数或字符不对"),
    "id_date": ("is an ID number with an impossible date of birth", "身份证号码中的出生日期不存在"),
    "id_checksum": ("is an ID number whose check character is wrong", "身份证号码校验码不对"),
}


@dataclass(frozen=True)
class Quarantined:
    """A row kept out: its file (position in ``Checked.files``) and number there, from 0; the first field that is wrong,
    what it holds and what it may; why, in words; and the row as JSON."""

    file: int
    number: int
    field: str | None
    found: str | None
    allowed: str
    reason: str
    record: str


def quarantined_rows(checked: Checked, contract: Contract) -> Iterator[Quarantined]:
    """Every quarantined row, malformed ones last."""
    wrong: dict[int, list[Finding]] = {}
    for finding in checked.findings:
        if finding.field.otherwise == "quarantine":
            for at in finding.at[checked.quarantined[finding.at]]:
                wrong.setdefault(int(at), []).append(finding)
    positions = np.flatnonzero(checked.quarantined)
    records = checked.table.take(pa.array(positions)).to_pylist()
    for at, record in zip(positions, records, strict=True):
        record |= json.loads(record.pop(EXTRA) or "{}")
        first, *others = wrong[int(at)]
        yield Quarantined(
            file=int(checked.file[at]),
            number=int(checked.number[at]),
            field=first.field.name,
            found=record[first.field.name],
            allowed=allowed(first.field),
            reason=_reason(first, others),
            record=json.dumps(record, ensure_ascii=False),
        )
    for file, rows in enumerate(checked.files):
        for i, row in enumerate(rows.malformed):
            if i not in rows.malformed_again:
                yield _malformed(file, row, rows.columns)


def allowed(field: ContractField) -> str:
    """What a field may hold, in words."""
    if field.formats:
        return f"a real date: {' or '.join(_spelled(f) for f in field.formats)}"
    if field.codes:
        shown = ", ".join(field.codes[:40]) + (", ..." if len(field.codes) > 40 else "")
        return f"{shown} ({field.value_set})" if field.value_set else shown
    if field.check == "id_number":
        return "a valid citizen ID number (GB 11643-1999)"
    if field.pattern:
        return f"text of the form {field.pattern}"
    return {"integer": "a whole number", "decimal": "a number"}.get(field.type, "text that is not empty")


def _reason(first: Finding, others: list[Finding]) -> str:
    """One row's first mistake; the other fields that are wrong are named behind it."""
    english, chinese = REASONS[first.problem]
    more = f"; also wrong: {', '.join(f.field.name for f in others)}" if others else ""
    title = f"({first.field.title_zh})" if first.field.title_zh else ""
    return f"{first.field.name}{title} {english}{more}. {chinese}"


def _malformed(file: int, row: Malformed, expected: int) -> Quarantined:
    """A row with another number of columns than the header, or a line that is no JSON object."""
    record = json.dumps({"text": row.text}, ensure_ascii=False)
    if row.columns is None:
        reason = "the line is no JSON object, or a key comes twice in it. 该行不是有效的JSON对象"
        return Quarantined(file, row.number, None, None, "a JSON object", reason, record)
    return Quarantined(
        file=file,
        number=row.number,
        field=None,
        found=f"{row.columns} columns",
        allowed=f"{expected} columns",
        reason=f"the row has {row.columns} columns, the header {expected}: a comma or a quote too many or too few. "
        "列数与表头不一致",
        record=record,
    )


def _spelled(form: str) -> str:
    for directive, letters in SPELLED.items():
        form = form.replace(directive, letters)
    return form
