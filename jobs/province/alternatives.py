"""Lists of what may stand in place of something, read from a small CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from jobs.province.datafiles import DATA, csv
from jobs.province.draws import Floats, Ints


@dataclass(frozen=True)
class Alternatives:
    """Rows of ``table`` that belong to an item (of the laboratory, say): the first and how many, by item."""

    table: pd.DataFrame
    first: Ints
    count: Ints

    @staticmethod
    def read(name: str, items: tuple[str, ...], by: str = "item", folder: Path = DATA) -> Alternatives:
        """From a file with a column of that name that holds the items; without the file there are none."""
        found = csv(name, folder) if (folder / name).is_file() else pd.DataFrame({by: []})
        table = found.sort_values(by, kind="stable", ignore_index=True)
        mine = [np.flatnonzero(table[by] == i) for i in items]
        return Alternatives(table, np.array([m[0] if len(m) else 0 for m in mine]), np.array([len(m) for m in mine]))

    def pick(self, item: Ints, u: Floats) -> Ints:
        """One of an item's alternatives by a uniform number."""
        return self.first[item] + (u * self.count[item]).astype(np.int64)
