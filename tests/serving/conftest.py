"""A real server process over a literal lake."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.serving.literal_lake import make_lake

CHECKOUT = Path(__file__).resolve().parents[2]
Started = tuple["subprocess.Popen[str]", str]
Serve = Callable[[Path], Started]


@contextmanager
def serving(root: Path) -> Iterator[Started]:
    """``job=serve`` on a lake: the process, and the one line that it prints. Ended afterwards."""
    settings = [f"lake.root={root}", "serve.port=0", "serve.poll_seconds=0.3"]
    command = [sys.executable, "-m", "jobs", "job=serve", *settings]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        yield process, line.strip()
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server on a lake, for a test that changes the lake or ends the server."""
    with ExitStack() as started:
        yield lambda root: started.enter_context(serving(root))


@pytest.fixture
def lake_folder(tmp_path: Path) -> Path:
    """A literal lake of 20,000 simulated residents."""
    return make_lake(tmp_path / "lake")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server on a literal lake, shared by tests that only ask."""
    with serving(make_lake(tmp_path_factory.mktemp("serving") / "lake")) as (_, address):
        yield address
