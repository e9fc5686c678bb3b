"""The 30-day readmission model: logistic regression on what was known before discharge, evaluated on a later year."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression, LogisticRegressionModel
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.lakehouse import delta
from jobs.lakehouse.errors import Refused
from jobs.lakehouse.job import Run, job
from jobs.models.evaluate import metrics
from jobs.models.features import FEATURES, features
from jobs.models.landmark import episodes, landmarks, stays
from jobs.models.registry import Registered, Registry, Trained
from jobs.tables.model import READMISSION_SCORE
from jobs.tables.omop import (
    CONDITION_OCCURRENCE,
    DEATH,
    MEASUREMENT,
    OBSERVATION_PERIOD,
    PERSON,
    VISIT_OCCURRENCE,
)

NAME = "readmission_30d"
LEARNED = ("index_date", "visit_occurrence_id", *FEATURES, "observed")


@job(
    writes=READMISSION_SCORE,
    visits=VISIT_OCCURRENCE,
    persons=PERSON,
    periods=OBSERVATION_PERIOD,
    conditions=CONDITION_OCCURRENCE,
    measurements=MEASUREMENT,
    deaths=DEATH,
)
def readmission_score(
    visits: DataFrame,
    persons: DataFrame,
    periods: DataFrame,
    conditions: DataFrame,
    measurements: DataFrame,
    deaths: DataFrame,
    *,
    train_start: str,
    train_end: str,
    test_start: str,
    test_end: str,
    min_events: int,
    regularisation: float,
    iterations: int,
    alias: str,
    tracking_uri: str,
    artifacts: str,
    run: Run,
) -> DataFrame:
    """Every index discharge of the training and test periods and after, with the risk that the model gives it.

    Empty, with a line that says so, where fewer than ``min_events`` readmissions are there to learn from.
    """
    if not str(train_start) <= str(train_end) < str(test_start) <= str(test_end):
        raise Refused("model: train_start, train_end, test_start and test_end must follow each other in time")
    registry = Registry(NAME, alias, str(tracking_uri), str(artifacts))
    found = landmarks(episodes(stays(visits, conditions)), persons, periods, deaths)
    split = split_by(str(train_start), str(train_end), str(test_start), str(test_end))
    chosen = found.withColumn("split", split).where("split is not null").localCheckpoint()
    table = features(chosen, visits, conditions, measurements).localCheckpoint()
    with ThreadPoolExecutor(1) as beside:
        beside.submit(registry.open)  # seconds, while Spark counts; what fails here fails again where it is needed
        events, others = outcomes(table, "train")
    if min(events, others) < min_events:
        print(
            f"{NAME}: {events} readmissions and {others} discharges without one to learn from, "
            f"model.min_events={min_events} of each are needed: no model, and {READMISSION_SCORE.name} is empty"
        )
        return scores(table.limit(0).withColumn("risk", F.lit(0.0)), NAME, 0)
    params = {name: value for name, value in run.settings.items() if name not in ("tracking_uri", "artifacts")}
    learned = delta.content_of(learning(table), LEARNED).hash
    model = registry.current(run, learned, lambda: trained(table, params, regularisation, iterations))
    return scored(table, model)


def split_by(train_start: str, train_end: str, test_start: str, test_end: str) -> F.Column:
    """train, test, or later than both, by index date; null in between and before."""
    day = F.col("index_date")
    return (
        F.when(day.between(F.lit(train_start).cast("date"), F.lit(train_end).cast("date")), "train")
        .when(day.between(F.lit(test_start).cast("date"), F.lit(test_end).cast("date")), "test")
        .when(day > F.lit(test_end).cast("date"), "later")
    )


def outcomes(table: DataFrame, split: str) -> tuple[int, int]:
    """Discharges of a split with and without a readmission, of those observed for 30 days."""
    counts = {
        r["observed"]: r["count"] for r in table.where(F.col("split") == split).groupBy("observed").count().collect()
    }
    return counts.get(True, 0), counts.get(False, 0)


def learning(table: DataFrame) -> DataFrame:
    """The discharges to learn from: a new delivery changes the model only by changing these."""
    return table.where((F.col("split") == "train") & F.col("observed").isNotNull())


def fit(table: DataFrame, regularisation: float, iterations: int) -> PipelineModel:
    """Logistic regression with an L2 penalty on standardised features.

    In one partition and a fixed order, so that the same rows give the same coefficients to the last digit.
    """
    rows = learning(table).select(*LEARNED, F.col("observed").cast("double").alias("label"))
    ordered = rows.repartition(1).sortWithinPartitions("index_date", "visit_occurrence_id")
    regression = LogisticRegression(
        featuresCol="features", labelCol="label", maxIter=iterations, regParam=regularisation
    )
    return Pipeline(stages=[VectorAssembler(inputCols=list(FEATURES), outputCol="features"), regression]).fit(ordered)


def trained(table: DataFrame, params: dict[str, object], regularisation: float, iterations: int) -> Trained:
    """Fit on the training discharges, evaluate on those and, what counts, on the test discharges."""
    model = fit(table, regularisation, iterations)
    regression = model.stages[-1]
    assert isinstance(regression, LogisticRegressionModel)
    scored = with_risk(table.where("observed is not null"), model)
    rows: Any = scored.select("split", "observed", "risk").toPandas()
    found: dict[str, float] = {}
    for split, part in rows.groupby("split"):
        observed = part["observed"].to_numpy(np.bool_)
        if min(observed.sum(), (~observed).sum()) >= 2:  # fewer have no variance
            found |= {f"{split}_{n}": v for n, v in metrics(observed, part["risk"].to_numpy(np.float64)).items()}
    coefficients = {
        "intercept": float(regression.intercept),
        **dict(zip(FEATURES, map(float, regression.coefficients), strict=True)),
    }
    return Trained(model, {**params, "features": len(FEATURES)}, found, coefficients)


def with_risk(table: DataFrame, model: PipelineModel) -> DataFrame:
    """The table with ``risk``, to six decimals."""
    return model.transform(table).withColumn("risk", F.round(vector_to_array(F.col("probability"))[1], 6))


def scored(table: DataFrame, model: Registered) -> DataFrame:
    """Scores by a registered model."""
    return scores(with_risk(table, model.model), model.name, model.version)


def scores(table: DataFrame, name: str, version: int) -> DataFrame:
    """The columns of gold.readmission_score."""
    return table.select(
        "person_id",
        "visit_occurrence_id",
        "index_date",
        "risk",
        F.lit(name).alias("model_name"),
        F.lit(version).cast("int").alias("model_version"),
        "split",
        "observed",
    )
