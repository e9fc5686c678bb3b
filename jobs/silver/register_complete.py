"""Up to which day each resident register is complete."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.identity.withdrawal import still_valid
from jobs.lakehouse.job import job
from jobs.tables.delivery import DELIVERY
from jobs.tables.silver import REGISTER_COMPLETE

REGISTER = "resident_register"


@job(writes=REGISTER_COMPLETE, deliveries=DELIVERY)
def register_complete(deliveries: DataFrame) -> DataFrame:
    """The last day that any accepted delivery of a register, not withdrawn, says it is complete up to."""
    registers = still_valid(deliveries.where(F.col("feed") == REGISTER))
    return registers.where("period_end is not null").groupBy("sender").agg(F.max("period_end").alias("complete_to"))
