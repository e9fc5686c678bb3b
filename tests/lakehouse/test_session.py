"""Settings of the session that a larger lake rests on."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession


def test_a_table_is_broadcast_for_its_rows_in_memory_and_not_for_its_small_files(
    spark: SparkSession, tmp_path: Path
) -> None:
    """A MERGE into five million rows in 19 MB of files took them for 7 MB, broadcast them, and died of it."""

    def join_with(rows: int) -> str:
        path = str(tmp_path / str(rows))
        spark.range(0, rows, 1, 1).selectExpr("xxhash64(id) as id").write.parquet(path)
        assert sum(p.stat().st_size for p in Path(path).glob("*.parquet")) < 10_000_000
        joined = spark.range(100_000_000).join(spark.read.parquet(path), "id")
        return str(joined._jdf.queryExecution().sparkPlan().toString())

    assert "BroadcastHashJoin" in join_with(1000)
    assert "SortMergeJoin" in join_with(1_000_000)
