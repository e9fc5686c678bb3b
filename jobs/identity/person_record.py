"""One form for every delivered row about a person, from the roles that the contracts give to their fields."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.codes.id_number import lift_15
from jobs.identity.typed import as_time
from jobs.lakehouse.job import job
from jobs.tables.bronze import BRONZE, CONTRACTS
from jobs.tables.vault import PERSON_RECORD

CHILD_YEARS = 18
WRONG_BIRTH_MONTHS = 120
"""A child's record whose ID number says a birth date more than ten years off carries an adult's number."""

TEXTS = {  # role in the contracts: column
    "id_number": "given_id",
    "patient_no": "patient_no",
    "name": "name",
    "sex": "sex_code",
    "mother_id_number": "given_mother_id",
    "phone": "phone",
    "place": "place_code",
    "address": "address",
}
DAYS = ("birth_date", "death_date", "happened")

SEX = {"M": "1", "F": "2", "男": "1", "女": "2"}
FEEDS = {
    feed: table
    for feed, table in BRONZE.items()
    if CONTRACTS[feed].about == "person" and any(f.role in ("id_number", "patient_no") for f in CONTRACTS[feed].fields)
}


@job(writes=PERSON_RECORD, by="new", new_feeds=FEEDS)
def person_record(new_feeds: Mapping[str, DataFrame]) -> DataFrame:
    """Every row about a person, in one form. ``new_feeds``: bronze rows by feed."""
    forms = [one_form(feed, rows) for feed, rows in new_feeds.items()]
    return judged(read(reduce(DataFrame.unionByName, forms)))


def one_form(feed: str, rows: DataFrame) -> DataFrame:
    """A feed's rows with the columns of ``read``'s input, as delivered; what the feed does not have is null."""

    def text(role: str) -> Column:
        name = _named(feed, role)
        return F.col(name) if name else F.lit(None).cast("string")

    return rows.select(
        "_row_id",
        F.lit(feed).alias("feed"),
        "_sender",
        "_learned_at",
        "_row_hash",
        natural_key(CONTRACTS[feed].key).alias("record_key"),
        *(text(role).alias(role) for role in (*TEXTS, *DAYS)),
    )


def read(records: DataFrame) -> DataFrame:
    """The columns of ``judged``'s input: trimmed text and days. Of all feeds at once: code for each would cost more."""
    typed = records.select(
        *("_row_id", "feed", "_sender", "_learned_at", "_row_hash", "record_key"),
        *(F.trim(role).alias(name) for role, name in TEXTS.items()),
        *(_day(role).alias(role) for role in DAYS),
    )
    return typed.withColumns(
        {
            "patient_no": F.nullif("patient_no", F.lit("")),
            "sex_code": sex_code(F.col("sex_code")),
            "happened": F.coalesce("happened", "_learned_at"),
        }
    )


def _named(feed: str, role: str) -> str:
    """The field of a feed that has a role, or says when it ``happened``; empty where there is none."""
    contract = CONTRACTS[feed]
    return contract.happened if role == "happened" else contract.roles.get(role, "")


def _day(role: str) -> Column:
    """The day that a role's text names, by the formats of each feed's contract."""
    feeds: dict[tuple[str, ...], list[str]] = {}
    for feed in FEEDS:
        name = _named(feed, role)
        if name:
            feeds.setdefault(CONTRACTS[feed].field(name).formats, []).append(feed)
    days = (F.when(F.col("feed").isin(of), as_time(role, formats)) for formats, of in feeds.items())
    return F.coalesce(*days).cast("date")


def natural_key(fields: tuple[str, ...]) -> Column:
    """The key's fields with bars between; a row of a feed without a key corrects no other."""
    own = F.concat(F.lit("#"), F.col("_row_id").cast("string"))
    if not fields:
        return own
    parts = [F.coalesce(F.col(f), F.lit("")) for f in fields]
    return F.when(F.coalesce(*fields).isNull(), own).otherwise(F.concat_ws("|", *parts))


def sex_code(text: Column) -> Column:
    """GB/T 2261.1, whichever of the known spellings was delivered."""
    return F.when(
        text.isin(list(SEX)), F.create_map(*(F.lit(x) for pair in SEX.items() for x in pair))[text]
    ).otherwise(text)


def birth_of(id_number: Column | str) -> Column:
    """The birth date that an 18-character ID number holds."""
    return as_time(F.substring(id_number, 7, 8), ["%Y%m%d"]).cast("date")


def judged(records: DataFrame) -> DataFrame:
    """Whose ID number is it? ``id_status`` and ``id_number``, which is set only where it is the person's own.

    Children are brought with a parent's number before they have their own: equal to the mother's, or on the record of
    somebody under 18 who was born more than ten years off the number's date.
    """
    lifted = records.withColumns(
        {"lifted": lift_15(F.col("given_id")), "mother_id_number": lift_15(F.col("given_mother_id"))}
    )
    coded_birth = birth_of("lifted")
    is_child = F.col("birth_date") > F.add_months("happened", -12 * CHILD_YEARS)
    far_off = F.abs(F.months_between(coded_birth, "birth_date")) > WRONG_BIRTH_MONTHS
    is_others = F.coalesce(F.col("lifted") == F.col("mother_id_number"), F.lit(False)) | F.coalesce(
        is_child & far_off, F.lit(False)
    )
    status = (
        F.when(F.coalesce(F.col("given_id"), F.lit("")) == "", "absent")
        .when(F.col("lifted").isNull(), "invalid")
        .when(is_others, "other")
        .otherwise("own")
    )
    told = lifted.withColumn("id_status", status)
    return told.withColumns(
        {
            "id_number": F.when(F.col("id_status") == "own", F.col("lifted")),
            "other_id_number": F.when(F.col("id_status") == "other", F.col("lifted")),
        }
    ).select(*PERSON_RECORD.column_names)
