"""What receiving tells the person who started it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as Grid

from jobs.landing.receipt import Entry

SHOWN = 20  # refused files told one by one


@dataclass(frozen=True)
class Report:
    """Files of this request: those of its receipts, those refused again for the same reason, those known already."""

    entries: Sequence[Entry]
    still_refused: Sequence[Entry]
    unchanged: int
    resumed: bool = False

    @property
    def refused(self) -> list[Entry]:
        """Every file refused, now or again."""
        return [*(e for e in self.entries if e.status == "refused"), *self.still_refused]

    @property
    def noted(self) -> dict[tuple[str, str, str], list[str]]:
        """Accepted files whose columns differ from the contract's, by sender, feed and how."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for e in self.entries:
            if e.status == "accepted" and e.reason:
                found.setdefault((e.sender, e.feed, e.reason), []).append(e.file)
        return found

    @property
    def all_refused(self) -> bool:
        """Whether there were files, and none was taken or known."""
        return bool(self.refused) and len(self.refused) == self.files

    @property
    def files(self) -> int:
        """Files in the inbox."""
        return len(self.entries) + len(self.still_refused) + self.unchanged

    def lines(self) -> list[str]:
        """One line a refused file and a kind of changed columns, then what else there is to know."""
        told = [f"refused {e.file}: {e.reason}" for e in self.refused[:SHOWN]]
        if len(self.refused) > SHOWN:
            told.append(f"... and {len(self.refused) - SHOWN} more refused files: see ops.delivery")
        for (sender, feed, note), files in self.noted.items():
            told.append(f"noted {sender} {feed}: {note} ({len(files)} files, the first {files[0].split('/')[-1]})")
        if self.resumed:
            told.append("went on with a receipt that an earlier run had begun")
        if self.unchanged:
            told.append(f"{self.unchanged} files were received before and have not changed")
        if not self.files:
            told.append("there are no files in the inbox")
        return told

    def by_feed(self) -> list[tuple[str, int, int, int, int, int, int]]:
        """Feed, files, refused files, then rows read, accepted, quarantined, duplicate."""
        rows = []
        everything = [*self.entries, *self.still_refused]
        for feed in sorted({e.feed for e in everything}):
            of_feed = [e for e in everything if e.feed == feed]
            refused = sum(e.status == "refused" for e in of_feed)
            sums = (
                sum(getattr(e, f"rows_{n}") for e in of_feed) for n in ("read", "accepted", "quarantined", "duplicate")
            )
            rows.append((feed or "(unknown)", len(of_feed), refused, *sums))
        return rows  # type: ignore[return-value]


def print_report(report: Report, title: str, width: int | None = None) -> None:
    """The table by feed, then the lines."""
    rows = report.by_feed()
    if rows:
        grid = Grid("feed", *("files", "refused", "rows read", "accepted", "quarantined", "duplicate"), title=title)
        for column in grid.columns[1:]:
            column.justify = "right"
        for feed, *numbers in rows:
            grid.add_row(feed, *(f"{n:,}" for n in numbers))
        grid.add_section()
        grid.add_row("all", *(f"{sum(r[i] for r in rows):,}" for i in range(1, 7)))  # type: ignore[misc]
        Console(width=width).print(grid)
    for line in report.lines():
        print(line)
