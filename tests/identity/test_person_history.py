"""Who is who: the first rung, corrections, and that piecemeal decisions end where one decision over all would."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from types import SimpleNamespace
from zlib import crc32

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.identity.cluster import clusters, with_standing
from jobs.identity.mint import mint, minted
from jobs.identity.person_history import newest, person_history, person_link
from jobs.tables.delivery import DELIVERY
from jobs.tables.vault import PERSON_HISTORY, PERSON_RECORD
from tests.identity.people import id_number, named
from tests.support import rows

KEY = bytes(range(32))
WANG, LI, MOTHER = id_number("19800515"), id_number("19751224", 13), id_number("19920301", 22)
FIELDS = (
    "_row_id",
    "feed",
    "_sender",
    "_learned_at",
    "_row_hash",
    "record_key",
    "id_number",
    "patient_no",
    "birth_date",
)


def record(row: int, sender: str, no: str | None, own: str | None = None, **more: object) -> dict:
    usual = {"feed": "outpatient_visit", "_learned_at": "2024-01-01", "_row_hash": row, "record_key": f"k{row}"}
    return {"_row_id": row, "_sender": sender, "patient_no": no, "id_number": own, "id_status": "own", **usual, **more}


def records(spark: SparkSession, *given: dict) -> DataFrame:
    return named(spark, PERSON_RECORD, *given)


def file(first_row: int, count: int, sender: str) -> dict:
    """The ledger's row of an accepted file of visits; the file's hash is its first row's number."""
    return {"feed": "outpatient_visit", "sender": sender, "status": "accepted", "file_sha256": str(first_row)} | {
        "first_row_id": first_row,
        "rows_read": count,
    }


def withdrawal(first_row: int, sender: str, status: str = "accepted") -> dict:
    told = {"feed": "outpatient_visit", "sender": sender, "status": status, "file_sha256": "empty", "rows_read": 0}
    return told | {"withdraws": str(first_row)}


def history(spark: SparkSession, *batches: list[dict]) -> DataFrame:
    """The log after these batches came one after another; each holds records, and rows of the ledger among them."""
    known, seen = rows(spark, PERSON_HISTORY), []
    for number, batch in enumerate(batches):
        seen += batch
        run = SimpleNamespace(id=f"run{number}", key=KEY)
        new_records, all_records = (records(spark, *(r for r in b if "_row_id" in r)) for b in (batch, seen))
        ledgers = (named(spark, DELIVERY, *(r for r in b if "status" in r)) for b in (batch, seen))
        new = person_history(new_records, all_records, *ledgers, known, run=run)
        told = [tuple(r) for r in new.select(*PERSON_HISTORY.column_names).collect()]
        known = rows(spark, PERSON_HISTORY, *(tuple(r) for r in known.collect()), *told)
        spark.catalog.clearCache()
    return known


def link(log: DataFrame) -> dict[int, int]:
    return {r["_row_id"]: r.person_id for r in person_link(log).collect()}


def partition(link: dict[int, int]) -> set[frozenset[int]]:
    groups = defaultdict(set)
    for row, person in link.items():
        groups[person].add(row)
    return {frozenset(g) for g in groups.values()}


def placed(spark: SparkSession, *given: dict) -> dict[int, str]:
    return {r["_row_id"]: r.cluster for r in clusters(with_standing(valid(records(spark, *given)))).collect()}


def valid(given: DataFrame) -> DataFrame:
    return given.withColumn("withdrawn", F.lit(False))


def test_the_same_id_number_is_the_same_person_at_every_institution(spark):
    found = placed(spark, record(1, "H1", "a", WANG), record(2, "H2", "b", WANG), record(3, "H2", "c", LI))
    assert found == {1: f"I:{WANG}", 2: f"I:{WANG}", 3: f"I:{LI}"}


def test_a_record_without_a_number_goes_by_the_senders_patient_number(spark):
    found = placed(
        spark,
        record(1, "H1", "a", WANG),
        record(2, "H1", "a"),  # the only number under a is Wang's
        record(3, "H2", "a"),  # another sender's a is somebody else
        record(4, "H2", "a"),
        record(5, "H3", None),  # no number of any kind
        record(6, "H4", "z", WANG),
        record(7, "H4", "z", LI),
        record(8, "H4", "z"),  # z was given to two people: nobody knows whose this is
    )
    assert (found[2], found[3], found[4], found[5], found[8]) == (f"I:{WANG}", "L:H2|a", "L:H2|a", "R:5", "L:H4|z")


def test_a_newborn_under_the_mothers_patient_number_is_not_the_mother(spark):
    found = placed(
        spark,
        record(1, "H1", "m", MOTHER, birth_date="1992-03-01"),
        record(2, "H1", "m", None, other_id_number=MOTHER, id_status="other", birth_date="2024-02-28"),
        record(3, "H1", "m", None, birth_date="2024-02-28"),
        record(4, "H1", "m", None),
    )
    assert found == {1: f"I:{MOTHER}", 2: "L:H1|m", 3: "L:H1|m", 4: f"I:{MOTHER}"}


def test_of_one_record_the_content_learned_last_counts_and_a_repeat_changes_nothing(spark):
    same = {"record_key": "v1"}
    given = records(
        spark,
        record(1, "H1", "a", _row_hash=10, **same),
        record(2, "H1", "a", _row_hash=10, _learned_at="2024-01-05", **same),  # says the same again
        record(3, "H1", "b", _row_hash=10, record_key="v2"),
        record(4, "H1", "b", _row_hash=20, record_key="v2", _learned_at="2024-01-03"),
        record(5, "H1", "b", _row_hash=10, record_key="v2", _learned_at="2024-01-04"),  # back to the first content
    )
    standing = {r["_row_id"]: r.standing for r in with_standing(valid(given)).collect()}
    assert standing == {1: "current", 2: "repeat", 3: "superseded", 4: "superseded", 5: "current"}


def test_a_correction_moves_the_record_and_the_log_says_so(spark):
    first = [record(1, "H1", "a", WANG, record_key="v1"), record(2, "H1", "b", LI)]
    log = history(spark, first, [record(3, "H1", "b", LI, record_key="v1", _learned_at="2024-01-09")])
    decisions = [(r["_row_id"], r.revision, r.reason) for r in log.orderBy("_row_id", "revision").collect()]
    assert decisions == [(1, 1, "new"), (1, 2, "superseded"), (2, 1, "new"), (3, 1, "new")]
    assert partition(link(log)) == {frozenset({2, 3})}


def test_the_founders_row_may_be_corrected_and_the_person_keeps_the_id(spark):
    first = [record(1, "H1", "a", WANG, record_key="v1"), record(2, "H2", "b", WANG)]
    before = link(history(spark, first))
    after = link(history(spark, first, [record(3, "H1", "a", WANG, record_key="v1", _learned_at="2024-02-01")]))
    assert before[1] == before[2] == after[2] == after[3] == minted(1, 0, KEY)


def test_a_file_taken_back_counts_no_more_and_what_it_corrected_counts_again(spark):
    sent = [record(1, "H1", "a", WANG, record_key="v1"), record(2, "H2", "b", WANG), file(1, 1, "H1"), file(2, 1, "H2")]
    wrong = [record(3, "H1", "x", LI, record_key="v1", _learned_at="2024-01-02"), file(3, 2, "H1")]
    wrong.append(record(4, "H1", "y", LI))
    before = history(spark, sent)
    assert set(link(history(spark, sent, wrong))) == {2, 3, 4}
    log = history(spark, sent, wrong, [withdrawal(3, "H1")])
    assert link(log) == link(before)
    assert {r["_row_id"]: r.reason for r in newest(log).collect()} == {
        1: "relinked", 2: "new", 3: "withdrawn", 4: "withdrawn",
    }  # fmt: skip
    early = history(spark, sent, [withdrawal(3, "H1")], wrong)
    assert link(early) == link(before)
    others = [withdrawal(3, "H2"), withdrawal(3, "H1", status="refused")]  # the file is not theirs; it was not taken
    assert set(link(history(spark, sent, wrong, others))) == {2, 3, 4}


def test_without_any_id_number_a_patient_number_is_a_person(spark):
    given = [record(i, "synthea", f"uuid-{i % 27}") for i in range(200)]
    assert len(set(link(history(spark, given)).values())) == 27


def scenario(seed: int) -> list[dict]:
    """A few people seen at three hospitals, with missing numbers, shared patient numbers and corrections."""
    draw = random.Random(seed)
    people = [id_number(f"19{60 + i}0101", 11 + i) for i in range(5)]
    made = []
    for row in range(1, 31):
        who = draw.choice(people)
        own = who if draw.random() < 0.5 else None
        no = f"n{people.index(who)}" if draw.random() < 0.8 else draw.choice(["n0", "x", None])
        key = f"k{draw.randrange(22)}"
        day = f"2024-01-{draw.randrange(1, 9):02d}"
        content = draw.randrange(3)
        sender = f"H{draw.randrange(2)}"
        made.append(
            record(
                row,
                sender,
                no,
                own,
                record_key=key,
                _learned_at=day,
                _row_hash=crc32(repr((content, own, no)).encode()) % 1000,
            )
        )
    return made


def brute_force(given: list[dict]) -> set[frozenset[int]]:
    """The same rules, said record by record."""
    by_key = defaultdict(list)
    for r in given:
        by_key[r["_sender"], r["record_key"]].append(r)
    current = []
    for versions in by_key.values():
        version = lambda r: (r["_learned_at"], r["_row_hash"])  # noqa: E731
        last = max(versions, key=version)
        others = [version(r) for r in versions if r["_row_hash"] != last["_row_hash"]]
        since = [
            r for r in versions if r["_row_hash"] == last["_row_hash"] and version(r) > max(others, default=("", 0))
        ]
        current.append(min(since, key=lambda r: (r["_learned_at"], r["_row_id"])))
    groups = defaultdict(set)
    for r in current:
        same = [
            o for o in current if (o["_sender"], o["patient_no"]) == (r["_sender"], r["patient_no"]) and o["patient_no"]
        ]
        numbers = {o["id_number"] for o in same if o["id_number"]}
        name = r["id_number"] or (numbers.pop() if len(numbers) == 1 else None)
        fallback = (r["_sender"], r["patient_no"]) if r["patient_no"] else r["_row_id"]
        groups[name or fallback].add(r["_row_id"])
    return {frozenset(g) for g in groups.values()}


@pytest.mark.parametrize("seed", [3])
def test_withdrawals_end_the_same_early_or_late(spark, seed):
    given = scenario(seed)
    files = [file(5, 9, "H0"), file(5, 9, "H1"), file(20, 6, "H1")]
    back = [withdrawal(5, "H0"), withdrawal(20, "H1")]
    gone = [r for r in given if any(
        r["_sender"] == f["sender"] and f["first_row_id"] <= r["_row_id"] < f["first_row_id"] + f["rows_read"]
        for f in (files[0], files[2])
    )]  # fmt: skip
    whole = link(history(spark, given + files + back))
    assert gone and partition(whole) == brute_force([r for r in given if r not in gone])
    for pieces in (
        [given + files, back],
        [back, given[:12], [*given[12:], *files]],
        [given[:12] + back[1:], given[12:] + files, back[:1]],
    ):
        assert link(history(spark, *pieces)) == whole


@pytest.mark.parametrize("seed", [1, 2])
def test_any_split_of_the_deliveries_ends_with_the_same_persons_and_ids(spark, seed):
    given, draw = scenario(seed), random.Random(seed)
    whole = link(history(spark, given))
    assert partition(whole) == brute_force(given)
    cuts = [0, *sorted(draw.sample(range(1, len(given)), 2)), len(given)]
    pieces = [given[a:b] for a, b in itertools.pairwise(cuts)]
    assert link(history(spark, *pieces)) == whole


@pytest.mark.parametrize("seed", [4])
def test_any_order_of_arrival_ends_with_the_same_partition(spark, seed):
    given, draw = scenario(seed), random.Random(seed)
    content = {
        r["_row_id"]: (r["_sender"], r["record_key"], r["_learned_at"], r["_row_hash"], r["id_number"]) for r in given
    }
    order = draw.sample(given, len(given))
    again = [{**r, "_row_id": number} for number, r in enumerate(order, start=1)]
    old = {number: r["_row_id"] for number, r in enumerate(order, start=1)}

    def contents(found: set[frozenset[int]]) -> list[list[tuple]]:
        return sorted(sorted(map(str, (content[row] for row in group))) for group in found)

    there = {frozenset(old[row] for row in group) for group in partition(link(history(spark, again[:10], again[10:])))}
    assert contents(there) == contents(partition(link(history(spark, given))))


def test_ids_that_collide_are_minted_again_and_the_same_each_time(spark):
    """Eight bits hold 256 ids: 150 founders can't but collide."""
    founders = spark.createDataFrame([(i,) for i in range(100, 250)], "founder_row_id long")
    nothing = spark.createDataFrame([], "person_id long")
    once = {r.founder_row_id: r.person_id for r in mint(founders, nothing, KEY, bits=8).collect()}
    assert len(once) == len(set(once.values())) == 150
    assert once == {r.founder_row_id: r.person_id for r in mint(founders, nothing, KEY, bits=8).collect()}
    assert once[100] == minted(100, 0, KEY, 8)
    assert any(once[f] != minted(f, 0, KEY, 8) for f in once)
    # an id in use stays with whom it is
    taken = spark.createDataFrame([(minted(100, 0, KEY, 8),)], "person_id long")
    assert mint(founders.where("founder_row_id = 100"), taken, KEY, bits=8).first().person_id == minted(100, 1, KEY, 8)


def test_ids_stay_below_two_to_the_53rd_and_the_key_stays_out_of_the_plan(spark):
    founders = spark.createDataFrame([(i,) for i in range(50)], "founder_row_id long")
    ids = mint(founders, spark.createDataFrame([], "person_id long"), KEY)
    assert all(0 <= r.person_id < 2**53 for r in ids.collect())
    plan = ids._jdf.queryExecution().toString()
    assert KEY.hex() not in plan.lower() and repr(KEY) not in plan


def test_the_state_is_the_newest_revision_of_each_row(spark):
    log = rows(
        spark,
        PERSON_HISTORY,
        (1, 1, 7, None, "a", 1, "new", "2024-01-01", "r"),
        (1, 2, None, 7, "a", 1, "superseded", "2024-01-01", "r"),
        (2, 1, 7, None, "a", 1, "new", "2024-01-01", "r"),
    )
    assert {(r["_row_id"], r.revision) for r in newest(log).collect()} == {(1, 2), (2, 1)}
    assert link(log) == {2: 7}
