"""A thousand simulated residents, small enough to make again in every test that needs another province."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from omegaconf import OmegaConf
from pyspark.sql import SparkSession

from jobs.province.facts import ProvinceFacts
from jobs.province.institutions import Institutions
from jobs.province.recording import Batch, Scene
from jobs.province.residents import live_and_record
from jobs.province.scale import scales
from jobs.province.schedule import Schedule
from jobs.province.settings import FEEDS, SimulateSettings
from jobs.province.simulate import SimulationReport, simulate
from tests.conftest import CHECKOUT

CONTRACTS = CHECKOUT / "conf/contract"
FACTS = CHECKOUT / "jobs/province/data/shandong"
MANY_CARDS = {"outbreaks__a_year": 1.0, "outbreaks__size_multiple": 60.0}  # give ages, as home pages do


@dataclass(frozen=True)
class Province:
    """What one run delivered, and where."""

    settings: SimulateSettings
    report: SimulationReport

    @property
    def files(self) -> dict[str, bytes]:
        """Every file of the inbox by name, manifests included."""
        inbox = self.settings.out
        return {p.relative_to(inbox).as_posix(): p.read_bytes() for p in sorted(inbox.rglob("*")) if p.is_file()}

    def truth(self, table: str) -> Any:
        """A table of the truth as a pandas frame, sorted by all its columns."""
        tables = [pa.parquet.read_table(p) for p in sorted((self.settings.truth / table).rglob("*.parquet"))]
        frame = pa.concat_tables(tables).to_pandas()
        for name in {"file", "kind", "field"} & set(frame.columns):
            frame[name] = frame[name].astype(str)  # a category sorts by its code, which differs from run to run
        return frame.sort_values(list(frame.columns), ignore_index=True)


def node(folder: Path, **changed: Any) -> dict[str, Any]:
    """``conf/job/simulate.yaml`` for a thousand residents and all feeds; ``dirt__x=...`` changes ``dirt.x``,
    and ``profile`` picks the dirt to begin with."""
    settings = yaml.safe_load((CHECKOUT / "conf/job/simulate.yaml").read_text(encoding="utf-8"))["simulate"]
    profile = changed.pop("profile", "usual")
    settings["dirt"] = yaml.safe_load((CHECKOUT / f"conf/dirt/{profile}.yaml").read_text(encoding="utf-8"))
    small = {
        "residents": 1000,
        "formats": dict.fromkeys(settings["formats"], 0.0),  # plain CSV, columns as agreed
        "drift": dict.fromkeys(settings["drift"], 0.0) | {"within_days": 100},
        "later_feeds_from": None,
        "population_on": "2022-01-01",
        "backload_from": "2022-01-01",
        "start": "2023-01-01",
    }
    settings |= (
        small
        | {"feeds": list(FEEDS)}
        | {"end": "2023-03-31", "out": str(folder / "inbox"), "truth": str(folder / "truth")}
    )
    plain = OmegaConf.create(settings)
    for name, value in changed.items():
        OmegaConf.update(plain, name.replace("__", "."), value)
    return OmegaConf.to_container(plain)  # type: ignore[return-value]


@pytest.fixture(scope="session")
def facts() -> ProvinceFacts:
    """The facts of Shandong."""
    return ProvinceFacts.read("370000", FACTS)


@pytest.fixture(scope="session")
def deliver(spark: SparkSession, facts: ProvinceFacts) -> Callable[..., Province]:
    """Run the simulation into a folder with changed settings."""

    def run(folder: Path, **changed: Any) -> Province:
        settings = SimulateSettings.of(node(folder, **changed))
        return Province(settings, simulate(spark, settings, CONTRACTS, facts))

    return run


@pytest.fixture(scope="session")
def province(deliver: Callable[..., Province], tmp_path_factory: pytest.TempPathFactory) -> Province:
    """A thousand residents, a year of back-load and three months of deliveries, with more dirt than usual."""
    dirt = {
        "dirt__row_repeated": 0.02,
        "dirt__row_corrected": 0.02,
        "dirt__row_late": 0.05,
        "dirt__file_repeated": 0.05,
    }
    return deliver(tmp_path_factory.mktemp("province"), **dirt)


@pytest.fixture(scope="session")
def live(facts: ProvinceFacts) -> Callable[..., tuple[Scene, list[Batch], dict[str, pa.Table]]]:
    """Make blocks without Spark: the scene, the rows sent, the truth."""

    shandong = facts

    def run(
        blocks: Iterable[int], facts: ProvinceFacts = shandong, **changed: Any
    ) -> tuple[Scene, list[Batch], dict[str, pa.Table]]:
        settings = SimulateSettings.of(node(Path("unused"), **changed))
        institutions, schedule = Institutions.of(facts.places, settings), Schedule.of(settings)
        scale = scales(facts, settings.rate)
        return live_and_record(settings, facts, institutions, schedule, scale, np.array(list(blocks)))

    return run
