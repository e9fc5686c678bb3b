"""Jobs ``release.measure`` and ``release.approval``: what disclosure control lets through, and who signed it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from jobs.codes import places as place_codes
from jobs.governance import disclosure
from jobs.governance.disclosure import Rule
from jobs.governance.keys import derived
from jobs.lakehouse.errors import Broken
from jobs.lakehouse.job import Run, job
from jobs.tables.gold import MEASURE
from jobs.tables.release import APPROVAL
from jobs.tables.release import MEASURE as RELEASED

COUNTED = ("numerator", "numerator_sq", "numerator_persons", "denominator", "persons")
APART = ("release_id", "demo", "input_version")
"""Columns that are about the release as a whole and not part of what its id is made from."""


@job(writes=RELEASED, measures=MEASURE)
def measure(
    measures: DataFrame,
    *,
    smallest_shown: int,
    round_to: int,
    unstable_below: int,
    standardised_from: int,
    places: str,
    demo: bool,
    run: Run,
) -> DataFrame:
    """All measures after disclosure control, in one task a measure: cells do not grow with residents."""
    rule = Rule(smallest_shown, round_to, unstable_below, standardised_from)
    parents = {p.code: p.parent for p in place_codes.read_places(places)}
    shown = measures.groupBy("measure").applyInArrow(_controller(rule, parents), _schema()).localCheckpoint()
    version = run.inputs[MEASURE.name].version
    return shown.select(
        "*",
        F.lit(release_id(content_hash(shown))).alias("release_id"),
        F.lit(demo).alias("demo"),
        F.lit(version).cast("long").alias("input_version"),
    )


@job(writes=APPROVAL, released=RELEASED)
def approval(released: DataFrame, *, reviewers: Sequence[str], signed_on: str, demo: bool, run: Run) -> DataFrame:
    """One signature a reviewer, over the release's content. Raises ``Broken`` where content and release id disagree."""
    found = [row.release_id for row in released.select("release_id").distinct().collect()]
    content = content_hash(released)
    if found not in ([], [release_id(content)]):
        raise Broken(f"release.measure: its rows do not have the content that its id {', '.join(found)} stands for")
    rows = [
        (
            identifier,
            reviewer,
            str(signed_on),
            content,
            signature(run.key, reviewer, identifier, content, str(signed_on)),
            demo,
        )
        for identifier in found
        for reviewer in reviewers
    ]
    schema = "release_id string, reviewer string, signed_at string, content_hash string, signature string, demo boolean"
    return released.sparkSession.createDataFrame(rows, schema)


def signature(master: bytes, reviewer: str, identifier: str, content: str, signed_on: str) -> str:
    """A reviewer's HMAC-SHA256, in hex, over release id, content and day, under a key derived for this reviewer."""
    key = derived(master, f"release/approval/{reviewer}")
    return hmac.digest(key, "|".join((identifier, content, reviewer, signed_on)).encode(), hashlib.sha256).hex()


def release_id(content: str) -> str:
    """A short name for a content hash."""
    return f"R-{content[:16]}"


def content_hash(shown: DataFrame) -> str:
    """SHA-256 of the released rows in the order of their keys, whatever tasks made them; hashed in one task."""
    names = [name for name in RELEASED.column_names if name not in APART]

    def hashed(table: pa.Table) -> pa.Table:
        ordered = table.select(names).sort_by([(name, "ascending") for name in RELEASED.key])
        text = pa.BufferOutputStream()
        pacsv.write_csv(ordered, text)
        return pa.table({"content": [hashlib.sha256(text.getvalue()).hexdigest()]})

    whole = shown.select(names).groupBy().applyInArrow(hashed, "content string").collect()
    return str(whole[0].content) if whole else hashlib.sha256(b"").hexdigest()


def _schema() -> StructType:
    """The Spark schema of ``release.measure`` without the columns about the release as a whole."""
    return StructType([field for field in RELEASED.schema.fields if field.name not in APART])


def _controller(rule: Rule, parents: dict[str, str | None]) -> Callable[[pa.Table], pa.Table]:
    """A function that runs in a task: one measure's rows of gold to its rows of the release."""

    def control(table: pa.Table) -> pa.Table:
        gold = table.to_pandas(integer_object_nulls=True)
        gold = gold.astype(dict.fromkeys(COUNTED, "Int64")).assign(parent_code=gold["place_code"].map(parents))
        schema = to_arrow_schema(_schema())
        shown: pd.DataFrame = disclosure.released(gold, rule)[schema.names]
        return pa.Table.from_pandas(shown, schema=schema, preserve_index=False)

    return control
