"""What a delivered row says about the person: whose ID number it carries, and its natural key."""

from pyspark.sql import Row, SparkSession

from jobs.identity.person_record import FEEDS, judged, one_form, person_record, read
from jobs.identity.typed import as_time
from jobs.tables.bronze import BRONZE, CONTRACTS
from jobs.tables.vault import PERSON_RECORD
from tests.identity.people import id_number, named

WANG = id_number("19800515")
MOTHER = id_number("19920301", 22)


def outpatient(spark: SparkSession, *records: dict) -> list[Row]:
    origin = {"_sender": "370102H001", "_learned_at": "2024-03-02", "_row_hash": 1}
    told = named(spark, BRONZE["outpatient_visit"], *({**origin, "_row_id": i, **r} for i, r in enumerate(records)))
    return judged(read(one_form("outpatient_visit", told))).orderBy("_row_id").collect()


def test_an_id_number_is_the_persons_own_only_if_it_is_valid_and_could_be_the_persons(spark):
    wrong_digit = WANG[:-1] + ("0" if WANG[-1] != "0" else "1")
    found = outpatient(
        spark,
        {"id_number": WANG, "birth_date": "19800515"},
        {"id_number": wrong_digit, "birth_date": "19800515"},
        {"id_number": None, "birth_date": "19800515"},
        {"id_number": " " + WANG.lower(), "birth_date": "19800515"},
        {"id_number": "379001800515011"},  # fifteen digits of 1980-05-15
        {"id_number": "37900180051501X"},  # fifteen characters, but not all digits
        # a newborn seen on 2024-03-02 under the number of somebody born in 1992
        {"id_number": MOTHER, "birth_date": "20240228", "visit_time": "2024-03-01 09:00:00"},
        # a child whose birth date was mistyped by a year keeps the number
        {"id_number": id_number("20150607"), "birth_date": "20160607", "visit_time": "2024-03-01 09:00:00"},
        # an adult whose birth date is far off keeps it too: the date is typed by hand, the number is checked
        {"id_number": WANG, "birth_date": "19990515", "visit_time": "2024-03-01 09:00:00"},
    )
    assert [r.id_status for r in found] == ["own", "invalid", "absent", "own", "own", "invalid", "other", "own", "own"]
    assert found[0].id_number == found[3].id_number == WANG
    assert found[4].id_number[:17] == "37900119800515011"
    assert (found[6].id_number, found[6].other_id_number) == (None, MOTHER)


def test_the_mothers_number_on_a_birth_certificate_is_not_the_childs(spark):
    certificate = {
        "_row_id": 1,
        "_sender": "370102M001",
        "_learned_at": "2024-03-02",
        "_row_hash": 1,
        "certificate_no": "B1",
        "birth_time": "2024-02-28 04:05:06",
        "id_number": MOTHER,
        "mother_id_number": MOTHER,
        "sex_code": "2",
    }
    feed = "birth_certificate"
    found = judged(read(one_form(feed, named(spark, BRONZE[feed], certificate)))).first()
    assert (found.id_status, found.id_number, found.patient_no) == ("other", None, "B1")
    assert (found.mother_id_number, str(found.birth_date), found.sex_code) == (MOTHER, "2024-02-28", "2")


def test_every_feed_about_persons_has_one_form(spark):
    empty = {feed: named(spark, table) for feed, table in FEEDS.items()}
    assert person_record(empty).columns == PERSON_RECORD.column_names
    assert {"resident_register", "laboratory", "synthea_patients", "synthea_claims"} <= set(FEEDS)
    assert not {f for f in FEEDS if CONTRACTS[f].about != "person"}


def test_rows_of_a_feed_without_a_key_correct_nothing(spark):
    condition = {"_sender": "synthea", "_learned_at": "2024-01-01", "_row_hash": 1, "PATIENT": "p", "CODE": "c"}
    told = named(spark, BRONZE["synthea_conditions"], {**condition, "_row_id": 7}, {**condition, "_row_id": 8})
    assert {r.record_key for r in one_form("synthea_conditions", told).collect()} == {"#7", "#8"}


def test_texts_are_times_by_the_contracts_formats(spark):
    forms = ["%Y-%m-%dT%H:%M:%SZ", "%Y%m%d", "%d.%m.%Y %H:%M"]
    texts = ["2024-02-29T23:59:59Z", "20240229", "29.02.2024 07:08", "20230229", "2024-02-29", "", None]
    frame = spark.createDataFrame([(t,) for t in texts], "t string")
    found = [r[0] and str(r[0]) for r in frame.select(as_time("t", forms)).collect()]
    # a day that is none, and a form that the contract does not name, are no time
    assert found == ["2024-02-29 23:59:59", "2024-02-29 00:00:00", "2024-02-29 07:08:00", None, None, None, None]
