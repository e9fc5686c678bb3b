"""Where a number came from: released row, run, input tables at their Delta versions, files, hashes and senders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.serving.counters import ACCEPTED, total

RUN_COLUMNS = ["run_id", "job", "status", "started_at", "ended_at", "code", "revision"]
IO_COLUMNS = ["run_id", "direction", "table", "version", "content_hash"]
EXAMPLES = 5

Pinned = tuple[str, int]


def run_that_made(io: pa.Table, table: str, version: int) -> str | None:
    """The run that last wrote a table at or before a version (a compaction raises the version without a run)."""
    written = io.filter(
        (pc.field("direction") == "out") & (pc.field("table") == table) & (pc.field("version") <= version)
    )
    rows = written.select(["version", "run_id"]).to_pylist()
    return max(rows, key=lambda r: r["version"])["run_id"] if rows else None


def inputs_of(io: pa.Table, run_id: str) -> list[Pinned]:
    """The tables a run read, with the Delta version of each; absent tables are left out."""
    read = io.filter((pc.field("run_id") == run_id) & (pc.field("direction") == "in"))
    return sorted((r["table"], r["version"]) for r in read.to_pylist() if r["version"] is not None)


def describe_run(runs: pa.Table, run_id: str) -> dict[str, Any]:
    """A run's id, job, times (ISO, UTC) and code hash; only the id if the run isn't recorded."""
    rows = runs.filter(pc.field("run_id") == run_id).to_pylist()
    if not rows:
        return {"run_id": run_id}
    row = rows[0]
    times = {k: row[k].isoformat(timespec="seconds") if row.get(k) else None for k in ("started_at", "ended_at")}
    return {**{k: row.get(k) for k in RUN_COLUMNS}, **times}


def steps(runs: pa.Table, io: pa.Table, table: str, version: int) -> list[dict[str, Any]]:
    """Every table behind ``table`` at ``version``, nearest first: the run that made it and what that run read.

    A table reached by two ways at two versions appears twice. Tables that no recorded run made have ``run`` null.
    """
    found: list[dict[str, Any]] = []
    seen: set[Pinned] = set()
    waiting: list[tuple[str, int, int]] = [(table, version, 0)]
    while waiting:
        name, at, depth = waiting.pop(0)
        if (name, at) in seen:
            continue
        seen.add((name, at))
        run_id = run_that_made(io, name, at)
        read = [i for i in inputs_of(io, run_id) if i[0] != name] if run_id else []
        found.append(
            {
                "table": name,
                "version": at,
                "depth": depth,
                "run": describe_run(runs, run_id) if run_id else None,
                "inputs": [{"table": t, "version": v} for t, v in read],
            }
        )
        waiting += [(t, v, depth + 1) for t, v in read]
    return found


def files_behind(io: pa.Table, deliveries: pa.Table, feed: str, version: int) -> pa.Table:
    """The accepted files whose rows ``bronze.<feed>`` held at a version, ordered by file.

    Files that a later receipt brought are left out, by the run that wrote them.
    """
    later = io.filter(
        (pc.field("direction") == "out") & (pc.field("table") == f"bronze.{feed}") & (pc.field("version") > version)
    )
    return deliveries.filter(
        (pc.field("feed") == feed)
        & (pc.field("status") == ACCEPTED)
        & ~pc.field("_run_id").isin(pa.array(later["run_id"].to_pylist(), pa.string()))
    ).sort_by([("file", "ascending")])


def describe_files(feed: str, version: int, files: pa.Table) -> dict[str, Any]:
    """How many files, senders and records of one feed, with the first few files and their SHA-256."""
    return {
        "feed": feed,
        "version": version,
        "files": files.num_rows,
        "senders": len(pc.unique(files["sender"])),
        "records": total(files, "rows_accepted"),
        "examples": files.slice(0, EXAMPLES).select(["file", "sender", "file_sha256", "rows_accepted"]).to_pylist(),
    }


def chain(
    row: dict[str, Any], version: int, runs: pa.Table, io: pa.Table, deliveries: pa.Table, keys: Iterable[str]
) -> dict[str, Any]:
    """The whole way back for one row of ``release.measure`` at a version: its keys, the steps, the files at the end."""
    walked = steps(runs, io, "release.measure", version)
    bronze = [(s["table"].split(".", 1)[1], s["version"]) for s in walked if s["table"].startswith("bronze.")]
    files = {(feed, at): files_behind(io, deliveries, feed, at) for feed, at in sorted(bronze)}
    every = pa.concat_tables([deliveries.slice(0, 0), *files.values()])
    return {
        "row": {k: row.get(k) for k in keys},
        "version": version,
        "steps": walked,
        "feeds": [describe_files(feed, at, held) for (feed, at), held in files.items() if held.num_rows],
        "files": len(pc.unique(every["file_sha256"])),
        "senders": len(pc.unique(every["sender"])),
    }
