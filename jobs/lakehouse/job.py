"""What a job is: a pure function from tables to one table, with how its output follows its inputs."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from jobs.lakehouse.errors import Refused
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.table import Table

By = Literal["whole", "new", "record", "event", "person", "signed"]

# Where the jobs of each name live. A name with a table-making layer runs all jobs of that layer.
LAYERS = {
    "identity": "jobs.identity",
    "silver": "jobs.silver",
    "gold": "jobs.gold",
    "release": "jobs.governance",
    "model": "jobs.models",
}
COMMANDS = {
    "simulate": "jobs.province.command",
    "calibrate": "jobs.province.calibrate_command",
    "receive": "jobs.landing.command",
    "serve": "jobs.serving.command",
}


@dataclass(frozen=True)
class Pinned:
    """A table held at one Delta version, for a kernel that reads it itself. A null version means an absent table."""

    uri: str
    version: int | None


@dataclass(frozen=True)
class Run:
    """What a job may know of the run it is part of. ``key`` is the lake's master key: keep it out of SQL and logs."""

    id: str
    lake: Lake
    inputs: Mapping[str, Pinned]
    settings: Mapping[str, Any]
    code: str
    key: bytes = field(repr=False, default=b"")


@dataclass(frozen=True)
class Job:
    """A declared job. ``tables`` maps each positional parameter to a table, or to several by name."""

    name: str
    layer: str
    function: Callable[..., Any]
    writes: Table
    by: By
    changes: Table | None
    tables: Mapping[str, Table | Mapping[str, Table]]
    settings: tuple[str, ...]
    wants_run: bool

    @property
    def reads(self) -> dict[str, Table]:
        """Every input table by name, the change log among them, the job's own output left out."""
        found: dict[str, Table] = {}
        for value in (*self.tables.values(), *filter(None, [self.changes])):
            for table in tables_of(value):
                found[table.name] = table
        found.pop(self.writes.name, None)
        return found


def tables_of(value: Table | Mapping[str, Table]) -> list[Table]:
    """The table behind a parameter, or the several."""
    return [value] if isinstance(value, Table) else list(value.values())


_JOBS: dict[str, Job] = {}


def job(
    *, writes: Table, by: By = "whole", changes: Table | None = None, **tables: Table | Mapping[str, Table]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function as the job that writes a table; the function itself stays as it is, and testable.

    ``tables`` gives the table behind each positional parameter (a mapping of tables arrives as a dict of frames).
    ``by`` says how the output follows a change of its inputs:

    - ``whole``: made anew. For small tables.
    - ``new``: append-only. Parameters named ``new_...`` hold only rows new since the last run; ``known`` is its own.
    - ``record``: keyed by ``_row_id``; rows named in the change log are deleted and made again.
    - ``event``: rows new in the log are mapped and appended; persons changed otherwise are deleted and made again.
    - ``person``: all rows of every person named in the log are deleted and made again.
    - ``signed``: append-only signed contributions: minus those at the earlier versions, plus those at the new ones.

    Raises ``TypeError`` at import where the function's parameters and the declaration disagree, or new rows are wanted
    of a table that keeps no change feed.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        parameters = inspect.signature(function).parameters.values()
        positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        named = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
        expected = ["sources", "persons"] if by == "signed" else list(tables)
        given = positional if by == "signed" else [p for p in positional if p != "changes"]
        if sorted(given) != sorted(expected):
            raise TypeError(f"{function.__qualname__}: parameters {given} do not match the declared tables {expected}")
        if by in ("record", "event", "person", "signed") and changes is None:
            raise TypeError(f"{function.__qualname__}: by={by!r} needs changes=<the change log>")
        new = {p: t for p, t in tables.items() if p.startswith("new_")} | ({"changes": changes} if changes else {})
        for parameter, value in new.items():
            for table in tables_of(value):
                if not table.feed_changes:
                    raise TypeError(f"{function.__qualname__}: {parameter} follows {table.name}, without feed_changes")
        module = function.__module__
        layer = next((name for name, package in LAYERS.items() if module.startswith(package)), module)
        declared = Job(
            name=writes.name,
            layer=layer,
            function=function,
            writes=writes,
            by=by,
            changes=changes,
            tables=tables,
            settings=tuple(n for n in named if n != "run"),
            wants_run="run" in named,
        )
        taken = _JOBS.get(declared.writes.name)
        if taken is not None and taken.function.__module__ != module:
            raise TypeError(f"{writes.name} is written by {taken.function.__module__} and by {module}")
        _JOBS[declared.writes.name] = declared
        return function

    return declare


def jobs_of(layers: Iterable[str]) -> list[Job]:
    """The jobs of these layers in an order in which each comes after those whose tables it reads.

    Raises ``Refused`` where tables depend on each other in a circle.
    """
    for layer in layers:
        _import_all(LAYERS[layer])
    return in_order([j for j in _JOBS.values() if j.layer in set(layers)])


def in_order(jobs: Iterable[Job]) -> list[Job]:
    """Jobs sorted so that each comes after those it reads from; among those that could come next, by layer and name."""
    left = {j.writes.name: j for j in jobs}
    rank = {layer: at for at, layer in enumerate(LAYERS)}
    done: list[Job] = []
    while left:
        ready = [j for j in left.values() if not set(j.reads) & set(left)]
        if not ready:
            raise Refused(f"these tables depend on each other in a circle: {', '.join(sorted(left))}")
        first = min(ready, key=lambda j: (rank.get(j.layer, 0), j.name))
        done.append(left.pop(first.name))
    return done


def _import_all(package: str) -> None:
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(root.__path__, f"{package}."):
        importlib.import_module(module.name)


def code_hash(function: Callable[..., Any]) -> str:
    """Hash of the source of the function's module and of the project's modules it uses, lakehouse left out.

    Data files beside the code (``jobs/codes/*.csv``) count too: a changed code list is a changed definition.
    """
    files: dict[str, bytes] = {}

    def visit(module: ModuleType | None) -> None:
        file = getattr(module, "__file__", None)
        name = getattr(module, "__name__", "")
        if module is None or file is None or name in files or not name.startswith("jobs."):
            return
        if name.startswith("jobs.lakehouse"):
            return
        with open(file, "rb") as source:
            files[name] = source.read()
        for value in vars(module).values():
            owner = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
            visit(sys.modules.get(owner or ""))

    visit(sys.modules[function.__module__])
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name])
    if any(name.startswith("jobs.codes") for name in files):
        digest.update(_code_lists())
    return digest.hexdigest()[:16]


def _code_lists() -> bytes:
    digest = hashlib.sha256()
    for path in sorted((Path(__file__).resolve().parents[1] / "codes").glob("*.csv")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.digest()
