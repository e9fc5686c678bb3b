"""The lakes that the flow tests look at, made once a test worker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.flow.province import World


@pytest.fixture(scope="session")
def _key() -> None:
    os.environ["LAKE_KEY"] = "7c" * 32


@pytest.fixture(scope="session")
def world(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, _key: None) -> World:
    """1,000 residents, their back-load of 2021 and 2022 and the first months of 2023, through the whole pipeline."""
    made = World(tmp_path_factory.mktemp("province"))
    made.simulate("simulate.end=2023-03-31")
    assert made.request("receive") == 0
    assert made.request("pipeline") == 0
    return made


@pytest.fixture(scope="session")
def synthea(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, shared: Path, _key: None) -> World:
    """The Synthea export, received and carried through identity, silver and gold."""
    made = World(tmp_path_factory.mktemp("synthea"))
    assert made.request("receive", f"receive.inbox={shared / 'data/synthea'}", "receive.format=synthea") == 0
    assert made.request("pipeline") == 0
    return made
