"""Person ids: 53 bits of HMAC-SHA256 under the lake's key, of the number of the row that founded the person.

53 bits, as R and JavaScript lose longer numbers. Opaque without the key, and the same on every machine for the same
rows and key. Among a hundred million persons about one pair collides: the later one is minted again with a counter.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
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
    spark = founders.sparkSession
    draw = _draw(spark.sparkContext.broadcast(key), bits)
    drawn = founders.select("founder_row_id", draw("founder_row_id", F.lit(0)).alias("person_id")).localCheckpoint()
    numbers = drawn.select("person_id")
    used = numbers.unionByName(taken.select("person_id").join(numbers, "person_id", how="left_semi").distinct())
    twice = [r.person_id for r in used.groupBy("person_id").count().where("count > 1").collect()]
    if not twice:
        return drawn
    held = {r.person_id for r in taken.where(F.col("person_id").isin(twice)).distinct().collect()}
    again = _drawn_again(_losers(drawn, twice, held), numbers.unionByName(taken.select("person_id")), key, bits)
    moved = spark.createDataFrame(list(again.items()), "founder_row_id long, other long")
    joined = drawn.join(F.broadcast(moved), "founder_row_id", how="left")
    return joined.select("founder_row_id", F.coalesce("other", "person_id").alias("person_id"))


def _losers(drawn: DataFrame, twice: list[int], held: set[int]) -> list[int]:
    """Founders, smallest first, whose number is held already or was drawn by a smaller founder."""
    seen, losers = set(held), []
    for r in drawn.where(F.col("person_id").isin(twice)).orderBy("founder_row_id").collect():
        if r.person_id in seen:
            losers.append(r.founder_row_id)
        seen.add(r.person_id)
    return losers


def _drawn_again(losers: list[int], used: DataFrame, key: bytes, bits: int) -> dict[int, int]:
    """Founder -> free id. On the driver, as collisions are few."""
    found: dict[int, int] = {}
    counter = 1
    while losers:
        tries = {row: minted(row, counter, key, bits) for row in losers}
        there = used.where(F.col("person_id").isin(list(tries.values()))).distinct().collect()
        occupied = {r.person_id for r in there} | set(found.values())
        for row, number in tries.items():
            if number not in occupied:
                found[row] = number
                occupied.add(number)
        losers = [row for row in losers if row not in found]
        counter += 1
    return found


def _draw(key: Any, bits: int) -> Any:
    """``minted`` over Arrow arrays; ``key`` is a broadcast variable."""

    @F.arrow_udf("long")
    def draw(founder: pa.Array, counter: pa.Array) -> pa.Array:
        pairs = zip(founder.to_pylist(), counter.to_pylist(), strict=True)
        return pa.array([minted(row, tries, key.value, bits) for row, tries in pairs], pa.int64())

    return draw
