"""Where people live, from the events of the resident registers: usual residence (常住) and registration (户籍).

The register's business is the six-month rule: an event says where the person usually lives from its day on. A move
within the province is an event in the destination's register; it ends the residence in the other.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.codes.places import OUTSIDE, current_codes
from jobs.identity.typed import typed
from jobs.lakehouse.job import job
from jobs.silver.event import lookup
from jobs.tables.bronze import BRONZE
from jobs.tables.omop import DEATH
from jobs.tables.silver import RESIDENCE
from jobs.tables.vault import PERSON_HISTORY, PERSON_LINK

MOVED_OUT, DIED = "5", "6"
STRENGTH = {"7": 0, "1": 1, "2": 2, "5": 3, "3": 4, "4": 5}
"""Which event of one day says where the person is at its end: a move here after a move out, out after a first entry,
a change of address (7), which says the same county again, before all."""

USUAL, REGISTERED = "usual", "registered"


@job(
    writes=RESIDENCE,
    by="person",
    changes=PERSON_HISTORY,
    register=BRONZE["resident_register"],
    links=PERSON_LINK,
    deaths=DEATH,
)
def residence(register: DataFrame, links: DataFrame, deaths: DataFrame, *, places: str) -> DataFrame:
    """Periods [start, end) of both kinds. The day of a move belongs to the destination, the day of death to the last
    residence; a person who moved out of the province has no usual residence from that day on.
    """
    linked = register.join(links.select("_row_id", "person_id"), "_row_id", how="inner")
    known = linked.join(deaths.select("person_id", "death_date"), "person_id", how="left").select(
        "person_id",
        typed("resident_register", "event_date").alias("day"),
        "event_code",
        F.date_add("death_date", 1).alias("closed"),
        place_of("residence_county", places).alias("usual_place"),
        place_of("hukou_county", places).alias("hukou_place"),
        "_row_id",
        "_row_hash",
        "_learned_at",
    )
    alive = known.where((F.col("event_code") != DIED) & (F.col("closed").isNull() | (F.col("day") < F.col("closed"))))
    gone = F.col("event_code") == MOVED_OUT
    usual = alive.where(gone | F.col("usual_place").isNotNull()).withColumn(
        "place", F.when(~gone, F.col("usual_place"))
    )
    registered = alive.where("hukou_place is not null").withColumn("place", F.col("hukou_place"))
    return periods(usual, USUAL).unionByName(periods(registered, REGISTERED))


def place_of(field: str, places: str) -> Column:
    """The county on the date of the place file; ``outside`` for any other code, null for none."""
    code = F.nullif(F.trim(field), F.lit(""))
    return F.when(code.isNotNull(), F.coalesce(lookup(code, current_codes(places)), F.lit(OUTSIDE)))


def periods(events: DataFrame, kind: str) -> DataFrame:
    """Periods between changes of ``place`` (null: nowhere here), the last one open or up to ``closed``."""
    one_day = Window.partitionBy("person_id", "day").orderBy(
        F.desc(lookup(F.col("event_code"), STRENGTH)), F.desc("_learned_at"), F.desc("_row_hash"), "_row_id"
    )
    in_time = Window.partitionBy("person_id").orderBy("day")
    daily = events.withColumn("order", F.row_number().over(one_day)).where("order = 1")
    before = daily.withColumns({"before": F.lag("place").over(in_time), "first": F.row_number().over(in_time) == 1})
    turns = before.where(F.col("first") | ~F.col("place").eqNullSafe(F.col("before")))
    spans = turns.withColumn("next", F.lead("day").over(in_time)).where("place is not null")
    return spans.select(
        "person_id",
        F.lit(kind).alias("kind"),
        F.col("place").alias("place_code"),
        F.col("day").alias("start_date"),
        F.least("next", "closed").alias("end_date"),
        "_row_id",
        "_learned_at",
    )
