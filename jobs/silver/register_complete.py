"""Up to which day each resident register is complete."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.lakehouse.job import job
from jobs.tables.delivery import DELIVERY
from jobs.tables.silver import REGISTER_COMPLETE

REGISTER = "resident_register"


@job(writes=REGISTER_COMPLETE, deliveries=DELIVERY)
def register_complete(deliveries: DataFrame) -> DataFrame:
    """The last day that any accepted delivery of a register says it is complete up to."""
    told = deliveries.where(
        (F.col("feed") == REGISTER) & (F.col("status") == "accepted") & F.col("period_end").isNotNull()
    )
    return told.groupBy("sender").agg(F.max("period_end").alias("complete_to"))
