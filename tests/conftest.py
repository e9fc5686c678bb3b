"""One Spark session a test worker; a fresh lake a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from pyspark.sql import SparkSession

from jobs.lakehouse.lake import Lake
from jobs.lakehouse.session import session

CHECKOUT = Path(__file__).resolve().parents[1]
# A test worker's main module has no file, which PySpark takes for a run of its own doctests and ends the process.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__

SHARED = Path(os.environ.get("SHARED", CHECKOUT.parent / "shared"))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A local session with two cores, little memory and its warehouse in a folder of the test run."""
    spark_settings = OmegaConf.load(CHECKOUT / "conf/env/local.yaml").spark
    spark_settings.driver_memory = "1500m"
    spark_settings.conf["spark.sql.warehouse.dir"] = str(tmp_path_factory.mktemp("warehouse"))
    made = session(OmegaConf.create({"job": "test", "spark": spark_settings}))
    yield made
    made.stop()


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """An empty lake with four buckets and a fixed key."""
    monkeypatch.setenv("LAKE_KEY", "5a" * 32)
    return Lake(str(tmp_path / "lake"), buckets=4, lease_wait=1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of facts and test material beside the checkout; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"needs {SHARED} (set SHARED to its place)")
    return SHARED
