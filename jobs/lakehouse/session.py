"""The Spark session: Delta on, quiet, and the settings of ``env=`` applied."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from jobs.lakehouse import settings as _settings

DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.legacy.javaCharsets": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # Plans are written out for every query, and again for every stage of it: briefly.
    "spark.sql.maxPlanStringLength": "2000",
    "spark.sql.ui.explainMode": "simple",
    # What is done to a union of many feeds is compiled once, not once a feed.
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.PushProjectionThroughUnion",
    # A table is broadcast by the size of its files; as rows in memory it is ten times that and more.
    "spark.sql.sources.fileCompressionFactor": "10",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxBytesPerBatch": "64m",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.databricks.delta.optimizeWrite.enabled": "false",
    "spark.databricks.delta.properties.defaults.enableInCommitTimestamps": "true",
}


def session(settings: DictConfig | None = None) -> SparkSession:
    """The running session, or a new one with the settings given (default: those of ``conf/``, as in a notebook)."""
    running = SparkSession.getActiveSession()
    if running is not None:
        return running
    if settings is None:
        settings = _settings.load("pipeline")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    package = str(Path(__file__).resolve().parents[2])
    spark: Any = settings.spark
    builder: Any = SparkSession.builder.appName(f"lakehouse {settings.job}")
    conf = {**DELTA, **_flat(spark.conf)}
    logging_to = f"-Dlog4j2.configurationFile={_settings.CONF / 'log4j2.properties'}"
    conf["spark.driver.extraJavaOptions"] = " ".join(
        [conf.get("spark.driver.extraJavaOptions", ""), logging_to]
    ).strip()
    conf["spark.executorEnv.PYTHONPATH"] = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    if spark.master:
        conf["spark.master"] = spark.master
    if spark.driver_memory:
        conf["spark.driver.memory"] = spark.driver_memory
    submitted = None
    if "PYSPARK_GATEWAY_PORT" in os.environ:  # spark-submit started the JVM that this process talks to
        SparkContext._ensure_initialized()
        submitted = SparkConf()
    for name, value in conf.items():
        if submitted is None or not submitted.contains(name):  # what spark-submit was told comes first
            builder = builder.config(name, value)
    # PySpark logs every failed query as a page of JSON; the error itself is raised and told in one line.
    logging.getLogger("DataFrameQueryContextLogger").setLevel(logging.CRITICAL)
    made: SparkSession = builder.getOrCreate()
    return made


def use_in_this_thread(spark: SparkSession) -> None:
    """Make a session the one whose settings hold in this thread: a thread without one falls back to Spark's own."""
    spark._get_j_spark_session_class(spark._jvm).setActiveSession(spark._jsparkSession)


def _flat(node: DictConfig, prefix: str = "") -> dict[str, str]:
    """Spark's own names: ``spark.conf.a.b=1`` on the command line nests, a file's ``a.b: 1`` does not."""
    found: dict[str, str] = {}
    for key, value in node.items():
        name, inner = str(key), isinstance(value, DictConfig)
        found |= _flat(value, f"{prefix}{name}.") if inner else {f"{prefix}{name}": str(value)}
    return found
