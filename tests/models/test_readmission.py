"""From silver rows to scores by way of MLflow: what is kept there, and that a repeat adds nothing."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from jobs.lakehouse.errors import Refused
from jobs.lakehouse.job import Pinned, Run
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.settings import load
from jobs.models.evaluate import auroc_delong
from jobs.models.features import FEATURES
from jobs.models.readmission import NAME, readmission_score
from tests.models import people

ORDINARY = {
    "train_start": "2022-01-01",
    "train_end": "2024-12-01",
    "test_start": "2025-01-01",
    "test_end": "2025-06-30",
}
BACK_IN_8 = {"I50.900": 6, "K35.800": 1}  # of eight people with heart failure six come back, with appendicitis one
FIRST_STAY = {"2023-03-11": 1, "2024-12-15": 2, "2025-03-11": 3, "2025-09-11": 4}  # train, neither, test, later


def province(spark: SparkSession) -> dict[str, DataFrame]:
    """64 people: at each of four times eight with heart failure and eight with appendicitis, each at home by day 10."""
    visits: list[tuple[Any, ...]] = []
    conditions = []
    cases = [(day, code, n) for day in FIRST_STAY for code in BACK_IN_8 for n in range(8)]
    for person, (day, code, n) in enumerate(cases, start=1):
        stay = person * 10
        visits.append((stay, person, people.after(day, -10), day, 7, "1"))
        conditions.append((stay, person, people.after(day, -10), code))
        if n < BACK_IN_8[code]:
            back = people.after(day, 12)
            visits.append((stay + 1, person, back, people.after(back, 3), 7, "5" if n % 2 else "4"))
    everyone = range(1, len(cases) + 1)
    return {
        "visits": people.visits(spark, *visits),
        "persons": people.persons(spark, *((p, "mf"[p % 2], f"19{40 + p % 8}-01-01") for p in everyone)),
        "periods": people.periods(spark, *((p, "2021-01-01", "2025-09-30") for p in everyone)),
        "conditions": people.conditions(spark, *conditions),
        "measurements": people.measurements(spark),
        "deaths": people.deaths(spark),
    }


@dataclass
class Centre:
    """Where a job can be run again and again: the silver tables, an MLflow store and what is asked of the model."""

    tables: dict[str, DataFrame]
    folder: Path
    first: list[Row] = field(default_factory=list)

    @property
    def tracking_uri(self) -> str:
        return f"sqlite:///{self.folder}/mlflow.db"

    def score(self, visit_version: int = 3, lost: int = 0, **settings: Any) -> list[Row]:
        """Scores at a version of the visits, which may lack one that was there before."""
        asked = {"min_events": 5, "regularisation": 0.01, "iterations": 50, "alias": "champion", **ORDINARY, **settings}
        asked |= {"tracking_uri": self.tracking_uri, "artifacts": f"{self.folder}/artifacts"}
        inputs = {"silver.visit_occurrence": Pinned("/lake/silver/visit_occurrence", visit_version)}
        run = Run("run-1", Lake("/lake"), inputs, asked, code="c0de")
        tables = self.tables | {"visits": self.tables["visits"].where(f"visit_occurrence_id <> {lost}")}
        return readmission_score(**tables, **asked, run=run).orderBy("visit_occurrence_id").collect()

    @property
    def client(self) -> Any:
        from mlflow import MlflowClient

        return MlflowClient(self.tracking_uri, self.tracking_uri)

    def versions(self) -> list[int]:
        return sorted(int(v.version) for v in self.client.search_model_versions(f"name = '{NAME}'"))


@pytest.fixture(scope="module")
def centre(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """Scored once, from a folder that has nothing in it."""
    here = tmp_path_factory.mktemp("here")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        made = Centre(province(spark), tmp_path_factory.mktemp("centre"))
        made.first = made.score()
        yield made
    assert list(here.iterdir()) == [], "nothing is written into the current folder"


def test_each_discharge_is_scored_in_its_split_with_what_was_observed(centre: Centre) -> None:
    first = centre.first
    counts = {s: sum(r.split == s for r in first) for s in ("train", "test", "later")}
    assert counts == {"train": 16, "test": 16, "later": 16}  # those of December 2024 are in none
    assert {r.observed for r in first if r.split == "later"} == {None}  # observation ended 19 days after
    assert sum(r.observed for r in first if r.split == "test") == 6 + 1
    assert {(r.model_name, r.model_version) for r in first} == {(NAME, 1)}
    failing = [r.risk for r in first if r.person_id <= 8]
    others = [r.risk for r in first if 8 < r.person_id <= 16]
    assert min(failing) > max(others)
    assert np.mean(failing + others) == pytest.approx(7 / 16, abs=1e-4)  # the intercept is not penalised


def test_mlflow_holds_settings_metrics_and_the_input_versions(centre: Centre) -> None:
    version = centre.client.get_model_version_by_alias(NAME, "champion")
    tracked = centre.client.get_run(version.run_id)
    assert tracked.data.params["regularisation"] == "0.01"
    assert tracked.data.params["train_end"] == "2024-12-01"
    assert tracked.data.tags["input.silver.visit_occurrence"] == "3"
    assert tracked.data.tags["code"] == "c0de"
    (given,) = tracked.inputs.dataset_inputs
    assert (given.dataset.name, json.loads(given.dataset.source)["delta_table_version"]) == (
        "silver.visit_occurrence",
        3,
    )
    test = [r for r in centre.first if r.split == "test"]
    auroc, _ = auroc_delong(np.array([r.observed for r in test]), np.array([r.risk for r in test]))
    assert tracked.data.metrics["test_auroc"] == pytest.approx(auroc)
    assert tracked.data.metrics["test_n"] == 16
    assert version.tags["fingerprint"]


def test_mlflow_holds_coefficients_and_no_person(centre: Centre) -> None:
    files = [p for p in (centre.folder / "artifacts").rglob("*") if p.is_file()]
    (coefficients,) = (json.loads(p.read_text()) for p in files if p.name == "coefficients.json")
    assert set(coefficients) == {"intercept", *FEATURES}
    assert coefficients["had_heart_failure"] > 0
    assert not [p for p in files if "example" in p.name]


def test_a_repeat_gives_the_same_scores_and_no_second_version(centre: Centre) -> None:
    assert centre.score() == centre.first
    assert 1 in centre.versions()
    assert len({v.tags["fingerprint"] for v in centre.client.search_model_versions(f"name = '{NAME}'")}) == len(
        centre.versions()
    )


def test_new_input_versions_with_the_same_to_learn_from_keep_the_model(centre: Centre) -> None:
    before = centre.versions()
    assert centre.score(visit_version=4) == centre.first
    assert centre.score(visit_version=4, lost=33 * 10) != centre.first  # a test discharge is no longer there
    assert centre.versions() == before


def test_another_training_discharge_makes_a_new_version_that_takes_over_the_alias(centre: Centre) -> None:
    before = centre.versions()
    newer = centre.score(visit_version=5, lost=11)
    assert centre.versions() == [*before, before[-1] + 1]
    assert {r.model_version for r in newer} == {before[-1] + 1}
    assert int(centre.client.get_model_version_by_alias(NAME, "champion").version) == before[-1] + 1
    assert [r.risk for r in newer] != [r.risk for r in centre.first]


def test_a_run_that_died_before_registering_is_done_again_once(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    before = centre.versions()
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_model_version", _die)
        with pytest.raises(KeyboardInterrupt):
            centre.score(visit_version=6, lost=21)
    assert centre.versions() == before
    centre.score(visit_version=6, lost=21)
    assert centre.versions() == [*before, before[-1] + 1]


def _die(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_too_few_readmissions_to_learn_from_give_an_empty_table_and_say_so(
    centre: Centre, capsys: pytest.CaptureFixture[str]
) -> None:
    before = centre.versions()
    assert centre.score(min_events=8) == []
    assert "7 readmissions and 9 discharges without one" in capsys.readouterr().out
    assert centre.versions() == before


def test_a_test_period_that_begins_before_training_ends_is_refused(centre: Centre) -> None:
    with pytest.raises(Refused, match="follow each other"):
        centre.score(test_start="2024-11-30")


def test_the_settings_of_the_job_are_all_there() -> None:
    asked = inspect.signature(readmission_score).parameters.values()
    node = load("model").model
    assert {p.name for p in asked if p.kind is p.KEYWORD_ONLY} - {"run"} == set(node)
    assert node.tracking_uri.startswith("sqlite:")
