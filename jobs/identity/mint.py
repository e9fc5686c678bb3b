"""Person ids: 53 bits of HMAC-SHA256 under the lake's key, of the number of the row that founded the person.

53 bits, as R and JavaScript lose longer numbers. Opaque without the key, and the same on every machine for the same
rows and key. Among a hundred million persons about one pair collides: the later one is minted again with a counter.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

BITS = 53


def minted(founder: int, counter: int, key: bytes, bits: int = BITS) -> int:
    """The id of the person that this row founded, at the counter-th try from 0."""
    digest = hmac.digest(key, f"person|{founder}|{counter}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big") >> (64 - bits)


def mint(founders: DataFrame, taken: DataFrame, key: bytes, bits: int = BITS) -> DataFrame:
    """Ids for new founders. In: ``founder_row_id``, each once; ``taken``: ``person_id``s in use. Out: founder, id.

    Of founders that draw the same number the smallest row keeps it; one that was in use before stays where it is.
    The key travels in a broadcast variable, so no plan and no log shows it.
    """
    draw = _draw(founders.sparkSession.sparkContext.broadcast(key), bits)
    pending, kept, counter = founders.select("founder_row_id"), [], 0
    while True:
        drawn = pending.withColumn("person_id", draw("founder_row_id", F.lit(counter))).persist()
        used = reduce(
            DataFrame.unionByName, [k.select("person_id") for k in kept], taken.select("person_id").distinct()
        )
        twice = drawn.select("person_id").unionByName(used).groupBy("person_id").count().where("count > 1")
        if twice.isEmpty():
            return reduce(DataFrame.unionByName, kept, drawn)
        first = F.row_number().over(Window.partitionBy("person_id").orderBy("founder_row_id")) == 1
        ranked = drawn.withColumn("first", first).where("first").drop("first")
        kept.append(ranked.join(used, "person_id", how="left_anti").select("founder_row_id", "person_id").persist())
        pending = drawn.join(kept[-1], "founder_row_id", how="left_anti").select("founder_row_id")
        counter += 1


def _draw(key: Any, bits: int) -> Any:
    """``minted`` over Arrow arrays; ``key`` is a broadcast variable."""

    @F.arrow_udf("long")
    def draw(founder: pa.Array, counter: pa.Array) -> pa.Array:
        pairs = zip(founder.to_pylist(), counter.to_pylist(), strict=True)
        return pa.array([minted(row, tries, key.value, bits) for row, tries in pairs], pa.int64())

    return draw
