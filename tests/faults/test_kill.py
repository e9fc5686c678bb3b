"""A run that dies at any moment, run again, goes on and ends as an undisturbed one: real SIGKILLs of process groups."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.lakehouse.read import read_table, table_version
from tests.conftest import CHECKOUT

pytestmark = pytest.mark.faults

# One point for every kind of write: what receiving does, making a table anew, appending, marking and appending.
RECEIVE_POINTS = [
    "receive:examined",
    "receive:begun",
    "receive:bronze:2",
    "receive:closed",
    "append:before",
    "append:after",
]
FULL_POINTS = ["overwrite:before:3", "overwrite:after:6", "append:before", "append:after"]
DAY_POINTS = ["append:after:3", "merge:before:2", "merge:after:2", "overwrite:after"]
SEEDED = random.Random(20260101)
MOMENTS = [round(SEEDED.uniform(0.15, 0.9), 3) for _ in range(3)]


class World:
    """A folder with an inbox and a lake; every request is a process group of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def root(self) -> str:
        return str(self.folder / "lake")

    def start(self, job: str, *more: str, failpoint: str = "") -> subprocess.Popen[bytes]:
        settings = [
            f"lake.root={self.root}",
            "lake.buckets=4",
            "pipeline.progress=off",
            f"mlflow.tracking_uri=sqlite:///{self.folder}/mlflow.db",
            f"mlflow.artifacts={self.folder}/mlartifacts",
            f"simulate.out={self.folder}/inbox",
            f"simulate.truth={self.folder}/truth",
            f"receive.inbox={self.folder}/inbox",
        ]
        environment = {**os.environ, "LAKE_KEY": "3b" * 32, "LAKE_FAILPOINT": failpoint}
        command = [sys.executable, "-m", "jobs", f"job={job}", *settings, *more]
        log = (self.folder / "log").open("ab")
        return subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log, start_new_session=True)

    def run(self, job: str, *more: str) -> float:
        began = time.monotonic()
        code = self.start(job, *more).wait(timeout=1200)
        assert code == 0, (self.folder / "log").read_text()[-3000:]
        return time.monotonic() - began

    def copied(self, folder: Path) -> World:
        shutil.copytree(self.folder, folder)
        return World(folder)

    def hashes(self) -> dict[str, str]:
        """The content hash that the newest run recorded for each table."""
        rows = read_table(self.root, "ops.run_io", where="direction = 'out'").to_pylist()
        return {r["table"]: r["content_hash"] for r in sorted(rows, key=lambda r: r["version"])}

    def versions(self) -> dict[str, int | None]:
        return {t: table_version(self.root, t) for t in self.hashes()}


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Deliveries of 500 residents: a back-load of one year and a month."""
    made = World(tmp_path_factory.mktemp("inbox"))
    life = ("simulate.residents=500", "simulate.population_on=2022-01-01", "simulate.backload_from=2022-01-01")
    made.run("simulate", *life, "simulate.start=2023-01-01", "simulate.end=2023-01-31")
    return made


@pytest.fixture(scope="module")
def received(inbox: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = inbox.copied(tmp_path_factory.mktemp("received") / "w")
    made.run("receive")
    return made


@pytest.fixture(scope="module")
def whole(received: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, float]:
    """The lake of an undisturbed run, and the seconds that its pipeline took."""
    made = received.copied(tmp_path_factory.mktemp("whole") / "w")
    return made, made.run("pipeline")


@pytest.fixture(scope="module")
def day(whole: tuple[World, float], tmp_path_factory: pytest.TempPathFactory) -> tuple[World, World]:
    """A day more received and not yet computed; and the same, computed undisturbed."""
    before = whole[0].copied(tmp_path_factory.mktemp("day") / "w")
    life = ("simulate.residents=500", "simulate.population_on=2022-01-01", "simulate.backload_from=null")
    before.run("simulate", *life, "simulate.start=2023-02-01", "simulate.end=2023-02-01")
    before.run("receive")
    after = before.copied(tmp_path_factory.mktemp("after") / "w")
    after.run("pipeline")
    return before, after


def killed_at(world: World, job: str, point: str) -> None:
    process = world.start(job, failpoint=point)
    assert process.wait(timeout=1200) == -signal.SIGKILL, f"{point} was never reached"
    time.sleep(2)  # the JVM ends a moment after the group's leader


@pytest.mark.parametrize("point", RECEIVE_POINTS)
def test_receiving_goes_on_after_a_kill(point: str, inbox: World, received: World, tmp_path: Path) -> None:
    world = inbox.copied(tmp_path / "w")
    killed_at(world, "receive", point)
    world.run("receive")
    assert bronze_rows(world) == bronze_rows(received)


@pytest.mark.parametrize("point", FULL_POINTS)
def test_the_pipeline_goes_on_after_a_kill(
    point: str, received: World, whole: tuple[World, float], tmp_path: Path
) -> None:
    world = received.copied(tmp_path / "w")
    killed_at(world, "pipeline", point)
    made = {t: table_version(world.root, t) for t in whole[0].hashes()}
    world.run("pipeline")
    assert world.hashes() == whole[0].hashes()
    again = {t: v for t, v in made.items() if v is not None and table_version(world.root, t) != v}
    assert not {t for t in again if not t.startswith("ops.")}, "a table that was done was made again"


@pytest.mark.parametrize("point", DAY_POINTS)
def test_following_a_day_goes_on_after_a_kill(point: str, day: tuple[World, World], tmp_path: Path) -> None:
    before, after = day
    world = before.copied(tmp_path / "w")
    killed_at(world, "pipeline", point)
    world.run("pipeline")
    assert world.hashes() == after.hashes()


@pytest.mark.parametrize("share", MOMENTS)
def test_the_pipeline_goes_on_after_a_kill_at_any_moment(
    share: float, received: World, whole: tuple[World, float], tmp_path: Path
) -> None:
    world = received.copied(tmp_path / "w")
    process = world.start("pipeline")
    time.sleep(share * whole[1])
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=60)
    time.sleep(2)
    world.run("pipeline")
    assert world.hashes() == whole[0].hashes()


def test_of_two_pipelines_started_together_one_waits_and_nothing_is_lost(
    received: World, whole: tuple[World, float], tmp_path: Path
) -> None:
    world = received.copied(tmp_path / "w")
    processes = [world.start("pipeline", "lake.lease_wait=900") for _ in range(2)]
    assert [p.wait(timeout=1800) for p in processes] == [0, 0]
    assert "another job is writing" in (world.folder / "log").read_text()
    assert world.hashes() == whole[0].hashes()


def bronze_rows(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Every bronze table's rows without what depends on the run."""
    found = {}
    for folder in sorted((Path(world.root) / "bronze").iterdir()):
        table = read_table(world.root, f"bronze.{folder.name}").drop_columns(["_run_id"])
        found[folder.name] = sorted(map(repr, table.to_pylist()))
    return found  # type: ignore[return-value]
