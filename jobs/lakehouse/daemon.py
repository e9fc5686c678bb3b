"""Spark's daemon of Python workers, with the heavy packages imported before it forks the first of them.

A worker that finds pandas, scipy and DuckDB there starts in a moment instead of seconds, and Spark ends idle workers
after a minute, so a pipeline starts many. The setting is ``spark.python.daemon.module`` (``conf/env/local.yaml``).
"""

from __future__ import annotations

import importlib

from pyspark.daemon import manager

HEAVY = (
    "pandas",
    "pyarrow.compute",
    "pyarrow.csv",
    "pyarrow.parquet",
    "scipy.special",
    "scipy.stats",
    "duckdb",
    "deltalake",
    "pyspark.sql.pandas.serializers",
    "pyspark.worker",
)

if __name__ == "__main__":
    for name in HEAVY:
        importlib.import_module(name)
    manager()
