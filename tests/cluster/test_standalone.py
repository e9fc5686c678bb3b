"""A real Spark standalone cluster: the same content as on one machine, from tasks on two executors."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.conftest import CHECKOUT
from tests.flow.province import World

pytestmark = pytest.mark.cluster
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture
def master(tmp_path: Path) -> Iterator[str]:
    """A master and two workers on loopback, one core each; gives the master's address."""
    port, page = free_port(), free_port()
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_WORKER_DIR": str(tmp_path / "work")}
    package = "org.apache.spark.deploy"
    address = f"spark://127.0.0.1:{port}"

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        log = (tmp_path / "daemons.log").open("ab")
        return subprocess.Popen([BIN / "spark-class", *arguments], env=environment, stdout=log, stderr=log)

    daemons = [start(f"{package}.master.Master", "--host", "127.0.0.1", "--port", f"{port}", "--webui-port", f"{page}")]
    try:
        for _ in range(2):
            options = ("--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--webui-port", f"{free_port()}")
            daemons.append(start(f"{package}.worker.Worker", *options, address))
        until = time.monotonic() + 120
        while alive_workers(page) < 2:
            assert time.monotonic() < until, (tmp_path / "daemons.log").read_text()[-2000:]
            time.sleep(0.5)
        yield address
    finally:
        for daemon in daemons:
            daemon.terminate()
        for daemon in daemons:
            daemon.wait(timeout=30)


def alive_workers(page: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{page}/json/", timeout=5) as answer:
            return int(json.load(answer)["aliveworkers"])
    except OSError:
        return 0


def test_gold_on_a_cluster_equals_gold_on_one_machine(
    spark: SparkSession, master: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKE_KEY", "9d" * 32)
    local = World(tmp_path / "local")
    life = ("simulate.residents=500", "simulate.population_on=2023-01-01", "simulate.backload_from=2023-01-01")
    dates = ("simulate.start=2024-01-01", "simulate.end=2024-01-31")
    assert local.request("simulate", *life, *dates) == 0
    assert local.request("receive") == 0
    for layer in ("identity", "silver"):
        assert local.request(layer) == 0
    remote = World(tmp_path / "remote")
    shutil.copytree(local.folder, remote.folder)
    assert local.request("gold") == 0

    executors = submit(
        master, tmp_path, "job=gold", *(s for s in remote.settings if s.startswith(("lake.", "pipeline.")))
    )
    made = {t: h for t, h in remote.hashes().items() if t.startswith("gold.")}
    assert made and made == {t: h for t, h in local.hashes().items() if t.startswith("gold.")}

    assert executors == 2


def test_a_province_made_on_a_cluster_is_that_of_one_machine(spark: SparkSession, master: str, tmp_path: Path) -> None:
    local, remote = World(tmp_path / "local"), World(tmp_path / "remote")
    life = ("simulate.residents=4000", "simulate.population_on=2024-01-01", "simulate.backload_from=null")
    dates = ("simulate.start=2024-01-01", "simulate.end=2024-01-10", "simulate.later_feeds_from=null")
    assert local.request("simulate", *life, *dates) == 0
    places = (s for s in remote.settings if s.startswith("simulate."))
    assert submit(master, tmp_path, "job=simulate", *life, *dates, *places) == 2
    made, expected = (
        {
            p.relative_to(w.folder).as_posix(): p.read_bytes()
            for p in sorted((w.folder / "inbox").rglob("*"))
            if p.is_file()
        }
        for w in (remote, local)
    )
    assert len(made) > 500 and made == expected
    for table in ("person", "event", "record", "defect"):
        of = [remote.ask(f"select * from {w.truth(table)} order by all") for w in (remote, local)]
        assert len(of[0]) > 100 and of[0] == of[1], table


def submit(master: str, folder: Path, *request: str) -> int:
    """Run a request on the cluster, from an empty folder that stays empty. Returns how many executors had tasks."""
    elsewhere, events = folder / "elsewhere", folder / "events"
    elsewhere.mkdir()
    events.mkdir()
    submitted = subprocess.run(
        [
            BIN / "spark-submit",
            *("--master", master, "--executor-cores", "1", "--executor-memory", "512m", "--driver-memory", "1g"),
            *("--conf", "spark.eventLog.enabled=true", "--conf", f"spark.eventLog.dir=file://{events}"),
            *("--conf", "spark.eventLog.compress=false", "--conf", "spark.eventLog.rolling.enabled=false"),
            CHECKOUT / "jobs/run.py",
            *request,
        ],
        cwd=elsewhere,
        env={k: v for k, v in os.environ.items() if k != "PYSPARK_GATEWAY_PORT"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert submitted.returncode == 0, submitted.stdout[-2000:] + submitted.stderr[-3000:]
    (log,) = [p for p in events.iterdir() if not p.name.startswith(".")]
    assert re.fullmatch(r"app-\d{14}-\d{4}", log.name), log.name
    assert list(elsewhere.iterdir()) == [], "the job left something in the folder it was started from"
    tasks = [json.loads(line) for line in log.open() if '"SparkListenerTaskEnd"' in line]
    return len({t["Task Info"]["Executor ID"] for t in tasks})
