"""The small CSV files beside the simulator; ``data/SOURCES.md`` says where each comes from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

DATA = Path(__file__).parent / "data"
CODES = (
    "icd10", "immediate_icd10", "department", "code", "gb2260_code", "parent_code", "operation_code", "old_code",
    "form_code", "near_code",
)  # fmt: skip


def csv(name: str, folder: Path = DATA) -> pd.DataFrame:
    """A table; codes stay text, empty fields are null."""
    return pd.read_csv(folder / name, dtype=dict.fromkeys(CODES, str), na_values=[""], keep_default_na=False)


def quoted(text: str) -> str:
    """A text as a CSV field, in quotes where it needs them."""
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def by_prefix(table: pd.DataFrame, codes: tuple[str, ...]) -> pd.DataFrame:
    """For each code the row of the longest prefix that it begins with; the table is indexed by prefix."""
    prefixes = set(table.index)
    return table.loc[[longest_prefix(code, prefixes) for code in codes]]


def longest_prefix(code: str, prefixes: set[str]) -> str:
    """The longest of these prefixes that a code begins with, else ``any``."""
    return next((code[:n] for n in range(len(code), 0, -1) if code[:n] in prefixes), "any")
