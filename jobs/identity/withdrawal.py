"""Files that their sender takes back: their rows don't count, whether the withdrawal came after the file or before."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

FILE = ["sender", "feed", "file_sha256"]


def taken_back(deliveries: DataFrame, withdrawals: DataFrame) -> DataFrame:
    """The accepted files among ``deliveries`` that ``withdrawals`` names; both are rows of ``ops.delivery``."""
    return _accepted(deliveries).join(F.broadcast(_named(withdrawals)), FILE, how="left_semi")


def still_valid(deliveries: DataFrame) -> DataFrame:
    """The accepted files of ``ops.delivery`` that their sender has not taken back."""
    return _accepted(deliveries).join(F.broadcast(_named(deliveries)), FILE, how="left_anti")


def marked(records: DataFrame, files: DataFrame) -> DataFrame:
    """Adds ``withdrawn``: whether a row of ``vault.person_record`` came in one of these files."""
    spans = files.select(
        F.col("sender").alias("its_sender"),
        F.col("feed").alias("its_feed"),
        "first_row_id",
        (F.col("first_row_id") + F.col("rows_read")).alias("next_row_id"),
    )
    inside = (
        (F.col("_sender") == F.col("its_sender"))
        & (F.col("feed") == F.col("its_feed"))
        & (F.col("_row_id") >= F.col("first_row_id"))
        & (F.col("_row_id") < F.col("next_row_id"))
    )
    joined = records.join(F.broadcast(spans), inside, how="left")
    return joined.withColumn("withdrawn", F.col("first_row_id").isNotNull()).drop(*spans.columns)


def _accepted(deliveries: DataFrame) -> DataFrame:
    return deliveries.where(F.col("status") == "accepted")


def _named(withdrawals: DataFrame) -> DataFrame:
    told = _accepted(withdrawals).where(F.col("withdraws").isNotNull())
    return told.select("sender", "feed", F.col("withdraws").alias("file_sha256")).distinct()
