"""A small simulated province carried from landing to release, once for all tests that look at it."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from jobs.lakehouse.main import main
from jobs.lakehouse.read import read_table

LIFE = ("simulate.residents=1000", "simulate.backload_from=2021-01-01", "simulate.start=2023-01-01")


@dataclass(frozen=True)
class World:
    """Folders of one simulated province, and the settings that lead there."""

    folder: Path

    @property
    def root(self) -> str:
        """The lake."""
        return str(self.folder / "lake")

    @property
    def settings(self) -> list[str]:
        """Overrides shared by every request."""
        return [
            f"lake.root={self.root}",
            "lake.buckets=4",
            "pipeline.progress=off",
            f"mlflow.tracking_uri=sqlite:///{self.folder}/mlflow.db",
            f"mlflow.artifacts={self.folder}/mlartifacts",
            f"simulate.out={self.folder}/inbox",
            f"simulate.truth={self.folder}/truth",
            f"receive.inbox={self.folder}/inbox",
        ]

    def request(self, job: str, *more: str) -> int:
        """Run a job in this process, in the session of the tests. Returns the exit code."""
        return main([f"job={job}", *self.settings, *more])

    def simulate(self, *more: str) -> None:
        """Deliver the province's months."""
        assert self.request("simulate", *LIFE, *more) == 0

    def take_back(self, file: str, on: str) -> None:
        """Let a file's sender withdraw it, on a day."""
        path = self.folder / "inbox" / file
        manifest = json.loads(Path(f"{path}.manifest.json").read_bytes())
        empty = {"rows": 0, "sha256": hashlib.sha256(b"").hexdigest(), "withdraws": manifest["sha256"]}
        folder = path.parents[1] / on
        folder.mkdir(exist_ok=True)
        name = f"{path.stem}_withdrawn{path.suffix}"
        (folder / name).write_bytes(b"")
        (folder / f"{name}.manifest.json").write_text(json.dumps(manifest | empty), encoding="utf-8")

    def table(self, name: str, columns: list[str] | None = None, where: str = "true") -> pa.Table:
        """A table of the lake as Arrow."""
        return read_table(self.root, name, columns, where=where)

    def truth(self, name: str) -> str:
        """A DuckDB expression for a table of the truth."""
        return f"read_parquet('{self.folder}/truth/{name}/**/*.parquet')"

    def ask(self, query: str, **tables: pa.Table) -> list[tuple[object, ...]]:
        """Rows of a DuckDB query over Arrow tables given by name."""
        with duckdb.connect() as db:
            for name, table in tables.items():
                db.register(name, table)
            return db.execute(query).fetchall()

    def hashes(self) -> dict[str, str]:
        """The last recorded content hash of every table."""
        io = self.table("ops.run_io", where="direction = 'out'")
        found = self.ask('select "table", arg_max(content_hash, version) from io group by 1', io=io)
        return {str(name): str(text) for name, text in found}

    def copied(self, folder: Path) -> World:
        """A copy of everything, to do something else with."""
        shutil.copytree(self.folder, folder)
        return World(folder)
