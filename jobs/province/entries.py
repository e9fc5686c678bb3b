"""Columns that belong together: one entry an event, a field a column."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Entries:
    """Arrays of one length, or other entries of that length, in the fields of a dataclass."""

    def and_(self, others: Self) -> Self:
        """These entries, then the others."""
        pairs = ((getattr(self, f.name), getattr(others, f.name)) for f in fields(self))
        return type(self)(*(a.and_(b) if isinstance(a, Entries) else np.concatenate([a, b]) for a, b in pairs))

    def at(self, which: np.ndarray) -> Self:
        """These entries only, in this order."""
        columns = (getattr(self, f.name) for f in fields(self))
        return type(self)(*(c.at(which) if isinstance(c, Entries) else c[which] for c in columns))
