"""The small CSV files beside the simulator; ``data/SOURCES.md`` says where each comes from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

DATA = Path(__file__).parent / "data"
CODES = ("icd10", "immediate_icd10", "department", "code", "gb2260_code", "parent_code", "operation_code")


def csv(name: str, folder: Path = DATA) -> pd.DataFrame:
    """A table; codes stay text, empty fields are null."""
    return pd.read_csv(folder / name, dtype=dict.fromkeys(CODES, str), na_values=[""], keep_default_na=False)
