"""What was received, counted from ``ops.delivery``: kinds of records, institutions, deliveries, quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = [
    "feed",
    "sender",
    "file",
    "file_sha256",
    "status",
    "rows_accepted",
    "rows_quarantined",
    "received_at",
    "receipt",
    "_run_id",
]
RECENT = 6
ACCEPTED = "accepted"

Titles = Mapping[str, tuple[str, str]]
"""Key -> (Chinese, English)."""


def counters(deliveries: pa.Table | None, feeds: Titles, places: Titles) -> dict[str, Any]:
    """Totals and one entry per feed, most records first.

    ``feeds`` gives each feed's Chinese and English title, from its contract; a feed in it that delivered nothing is
    left out. ``places`` gives each city's by code. Rows count once: those of accepted files, not of repeated ones.
    """
    if deliveries is None or not deliveries.num_rows:
        return {
            "records": 0,
            "institutions": 0,
            "deliveries": 0,
            "quarantined": 0,
            "refused": 0,
            "feeds": [],
            "recent": [],
        }
    accepted = deliveries.filter(pc.field("status") == ACCEPTED)
    return {
        "records": total(accepted, "rows_accepted"),
        "institutions": len(pc.unique(accepted["sender"])),
        "deliveries": accepted.num_rows,
        "quarantined": total(accepted, "rows_quarantined"),
        "refused": deliveries.filter(pc.field("status") == "refused").num_rows,
        "feeds": by_feed(accepted, feeds),
        "recent": recent(accepted, feeds, places),
    }


def total(deliveries: pa.Table, column: str) -> int:
    """The sum of a count column, 0 for no rows."""
    return int(pc.sum(deliveries[column]).as_py() or 0)


def by_feed(accepted: pa.Table, feeds: Titles) -> list[dict[str, Any]]:
    """Per feed: records, files and institutions, with its titles; most records first, then by name."""
    grouped = accepted.group_by("feed").aggregate(
        [("rows_accepted", "sum"), ("rows_accepted", "count"), ("sender", "count_distinct")]
    )
    found = [
        {
            "feed": row["feed"],
            "zh": feeds.get(row["feed"], (row["feed"],) * 2)[0],
            "en": feeds.get(row["feed"], (row["feed"],) * 2)[1],
            "records": int(row["rows_accepted_sum"] or 0),
            "files": int(row["rows_accepted_count"]),
            "institutions": int(row["sender_count_distinct"]),
        }
        for row in grouped.to_pylist()
    ]
    return sorted(found, key=lambda f: (-f["records"], f["feed"]))


def recent(accepted: pa.Table, feeds: Titles, places: Titles) -> list[dict[str, Any]]:
    """The files received last: when (ISO time, UTC), from which institution, of which feed, how many records.

    An institution's code opens with its county's; the city's is that with zeros for the county.
    """
    order = [("received_at", "descending"), ("receipt", "descending"), ("file", "ascending")]
    last = accepted.take(pc.sort_indices(accepted, sort_keys=order)[:RECENT]).to_pylist()
    return [
        {
            "at": row["received_at"].isoformat(timespec="seconds"),
            "sender": row["sender"],
            "city": places.get(f"{row['sender'][:4]}00", ("", ""))[0],
            "zh": feeds.get(row["feed"], (row["feed"],) * 2)[0],
            "en": feeds.get(row["feed"], (row["feed"],) * 2)[1],
            "records": int(row["rows_accepted"] or 0),
        }
        for row in last
    ]
