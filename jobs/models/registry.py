"""MLflow: a training's record, its registered version, and the model that an alias names.

The only file that imports MLflow, and only when asked to, as that takes seconds. No person's data goes there: no input
example, no rows, only counts, coefficients and metrics.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyspark.ml import PipelineModel

from jobs.lakehouse.job import Run


@dataclass(frozen=True)
class Trained:
    """What training gives: the model, what it was trained with, how it did, and its coefficients by feature."""

    model: PipelineModel
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    coefficients: Mapping[str, float]


@dataclass(frozen=True)
class Registered:
    """A registered model loaded by its alias."""

    model: PipelineModel
    name: str
    version: int


@dataclass(frozen=True)
class Registry:
    """One registered model at a tracking server (or SQLite file); ``artifacts`` is where its files go."""

    name: str
    alias: str
    tracking_uri: str
    artifacts: str

    def current(self, run: Run, learned: str, train: Callable[[], Trained]) -> Registered:
        """The model of this run's code and settings and the content it learned from (``learned``, a hash).

        Trained and registered unless it is there already. The alias is moved to it, and it comes back by the alias, as
        any other user would get it.
        """
        mlflow, client = self.open()
        mark = hashlib.sha256(f"{run.code}|{run.lake.root}|{learned}".encode()).hexdigest()[:24]
        version = self._version(client, mark) or self._register(mlflow, client, run, mark, train())
        client.set_registered_model_alias(self.name, self.alias, str(version))
        return self.load()

    def open(self) -> tuple[Any, Any]:
        """MLflow and its client; makes the store where there is none. Takes seconds the first time."""
        mlflow = _mlflow(self.tracking_uri)
        client = mlflow.MlflowClient()
        client.search_registered_models(max_results=1)
        return mlflow, client

    def load(self) -> Registered:
        """The model that the alias names."""
        mlflow, client = self.open()
        version = int(client.get_model_version_by_alias(self.name, self.alias).version)
        with _scratch() as scratch:
            model = mlflow.spark.load_model(f"models:/{self.name}@{self.alias}", dfs_tmpdir=scratch)
        return Registered(model, self.name, version)

    def _version(self, client: Any, mark: str) -> int | None:
        """The newest version with this fingerprint, if there is one."""
        found = client.search_model_versions(f"name = '{self.name}'")
        return max((int(v.version) for v in found if v.tags.get("fingerprint") == mark), default=None)

    def _register(self, mlflow: Any, client: Any, run: Run, mark: str, trained: Trained) -> int:
        """Record the training and register its model. Returns the version, whose tag comes with it in one step."""
        experiment = self._experiment(client)
        for left in client.search_runs([experiment], f"tags.fingerprint = '{mark}' and status = 'RUNNING'"):
            client.set_terminated(left.info.run_id, "KILLED")
        tags = {"fingerprint": mark, "code": run.code, "lake_run": run.id, **_version_tags(run)}
        with mlflow.start_run(experiment_id=experiment, run_name=f"{self.name} {run.id}", tags=tags) as tracked:
            mlflow.log_params(dict(trained.params))
            mlflow.log_metrics(dict(trained.metrics))
            mlflow.log_dict(dict(trained.coefficients), "coefficients.json")
            client.log_inputs(tracked.info.run_id, datasets=_datasets(mlflow, run))
            with _scratch() as scratch:
                saved = mlflow.spark.log_model(
                    trained.model,
                    "model",
                    dfs_tmpdir=scratch,
                    signature=_signature(trained.coefficients),
                    pip_requirements=[f"pyspark=={_pyspark_version()}"],
                )
        if not client.search_registered_models(f"name = '{self.name}'"):
            client.create_registered_model(self.name)
        made = client.create_model_version(self.name, saved.model_uri, run_id=tracked.info.run_id, tags=tags)
        return int(made.version)

    def _experiment(self, client: Any) -> str:
        found = client.get_experiment_by_name(self.name)
        if found is not None:
            return str(found.experiment_id)
        place = self.artifacts if "://" in self.artifacts else Path(self.artifacts).absolute().as_uri()
        return str(client.create_experiment(self.name, artifact_location=f"{place}/{self.name}"))


def _version_tags(run: Run) -> dict[str, str]:
    return {f"input.{name}": str(pin.version) for name, pin in sorted(run.inputs.items())}


def _mlflow(tracking_uri: str) -> Any:
    """MLflow, quiet, sending no usage reports, with its store set (else it would make one in the current folder)."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow
    import mlflow.spark

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_registry_uri(tracking_uri)
    return mlflow


@contextmanager
def _scratch() -> Iterator[str]:
    """Where Spark and MLflow hand the model's files over: on a cluster a folder that all nodes see, MLFLOW_DFS_TMP."""
    shared = os.environ.get("MLFLOW_DFS_TMP")
    if shared:
        yield shared
        return
    with TemporaryDirectory() as folder:
        yield folder


def _datasets(mlflow: Any, run: Run) -> list[Any]:
    """The input tables at their Delta versions, as MLflow's dataset inputs."""
    from mlflow.entities import Dataset, DatasetInput

    inputs = []
    for name, pin in sorted(run.inputs.items()):
        source = json.dumps({"path": pin.uri, "delta_table_version": pin.version})
        digest = hashlib.sha256(source.encode()).hexdigest()[:8]
        inputs.append(DatasetInput(Dataset(name, digest, "delta", source), tags=[]))
    return inputs


def _signature(coefficients: Mapping[str, float]) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    return ModelSignature(
        inputs=Schema([ColSpec("double", name) for name in coefficients if name != "intercept"]),
        outputs=Schema([ColSpec("double", "probability")]),
    )


def _pyspark_version() -> str:
    import pyspark

    return str(pyspark.__version__)
