"""Requests on a simulated province of its own folder, as a scheduler would make them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.bench.usage import Usage, measured
from tests.conftest import CHECKOUT

DAY = ("simulate.backload_from=null", "simulate.start=2026-01-01", "simulate.end=2026-01-01")


def request(folder: Path, residents: int, job: str, *more: str) -> Usage:
    """What one command costs, in this folder's lake."""
    settings = (
        f"lake.root={folder}/lake",
        f"mlflow.tracking_uri=sqlite:///{folder}/mlflow.db",
        f"mlflow.artifacts={folder}/mlartifacts",
        f"simulate.out={folder}/inbox",
        f"simulate.truth={folder}/truth",
        f"receive.inbox={folder}/inbox",
        f"simulate.residents={residents}",
    )
    command = [sys.executable, "-m", "jobs", f"job={job}", *settings, *more]
    return measured(command, str(CHECKOUT), {**os.environ, "LAKE_KEY": "1f" * 32})
