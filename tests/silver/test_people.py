"""Residence, observation, death and person, each worked out by hand."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, SparkSession

from jobs.silver.omop.death import death
from jobs.silver.omop.observation_period import BY_VISITS, IN_REGISTER, observation_period
from jobs.silver.omop.person import person
from jobs.silver.register_complete import register_complete
from jobs.silver.residence import residence
from jobs.tables.bronze import BRONZE
from jobs.tables.delivery import DELIVERY
from jobs.tables.omop import CONCEPT, DEATH, PERSON, VISIT_OCCURRENCE
from jobs.tables.silver import REGISTER_COMPLETE, RESIDENCE
from jobs.tables.vault import PERSON_LINK, PERSON_RECORD
from tests.identity.people import id_number, named
from tests.support import rows

LIXIA, SHIZHONG, SHINAN = "370102", "370103", "370202"


def event(row: int, code: str, day: str, county: str | None = None, **more: Any) -> dict[str, Any]:
    usual = {"person": 7, "_sender": "370100P001", "_learned_at": "2025-01-01", "_row_hash": row, "hukou_county": LIXIA}
    return {
        "_row_id": row,
        "event_code": code,
        "event_date": day.replace("-", ""),
        "residence_county": county,
        **usual,
        **more,
    }


def lived(spark: SparkSession, *events: dict[str, Any], died: str | None = None, kind: str = "usual") -> list[tuple]:
    register = named(spark, BRONZE["resident_register"], *events)
    links = rows(spark, PERSON_LINK, *((e["_row_id"], e["person"], "c") for e in events))
    deaths = rows(spark, DEATH, *([(7, died)] if died else []))
    found = (
        residence(register, links, deaths, places="shandong")
        .where(f"kind = '{kind}'")
        .orderBy("person_id", "start_date")
    )
    return [(r.place_code, str(r.start_date), r.end_date and str(r.end_date)) for r in found.collect()]


def test_a_move_within_the_province_ends_the_residence_in_the_other_register(spark):
    assert lived(
        spark,
        event(1, "1", "2021-01-01", LIXIA),
        event(2, "4", "2022-05-10", SHINAN, _sender="370200P001"),
        event(3, "4", "2022-09-01", SHINAN, _sender="370200P001"),  # within the county: nothing changes
    ) == [(LIXIA, "2021-01-01", "2022-05-10"), (SHINAN, "2022-05-10", None)]


def test_a_change_of_address_within_the_county_is_no_move(spark):
    assert lived(
        spark,
        event(1, "1", "2021-01-01", LIXIA),
        event(2, "7", "2022-05-10", LIXIA),
        event(3, "4", "2023-03-01", SHINAN),
        event(4, "7", "2023-03-01", LIXIA),  # of one day: the move to another county holds
    ) == [(LIXIA, "2021-01-01", "2023-03-01"), (SHINAN, "2023-03-01", None)]


def test_who_moves_out_has_no_residence_until_coming_back(spark):
    assert lived(
        spark,
        event(1, "1", "2021-01-01", LIXIA),
        event(2, "5", "2021-07-01"),
        event(3, "3", "2023-01-01", LIXIA),
    ) == [(LIXIA, "2021-01-01", "2021-07-01"), (LIXIA, "2023-01-01", None)]


def test_of_one_day_the_arrival_holds_against_the_departure_and_the_move_against_both(spark):
    assert lived(
        spark,
        event(1, "1", "2021-01-01", LIXIA),
        event(2, "5", "2022-05-10"),  # the old register heard of a move away
        event(3, "4", "2022-05-10", SHINAN),  # the new one knows where to
    ) == [(LIXIA, "2021-01-01", "2022-05-10"), (SHINAN, "2022-05-10", None)]
    assert lived(spark, event(1, "1", "2021-01-01", LIXIA), event(2, "5", "2021-01-01")) == []


def test_death_ends_all_and_its_day_still_counts(spark):
    events = [
        event(1, "2", "2021-03-01", LIXIA),
        event(2, "6", "2021-03-20"),
        event(3, "4", "2021-04-01", SHINAN),  # entered for a dead person: a mistake
    ]
    assert lived(spark, *events, died="2021-03-20") == [(LIXIA, "2021-03-01", "2021-03-21")]


def test_registration_is_kept_apart_and_may_lie_outside_and_old_codes_become_new_ones(spark):
    events = [
        event(1, "1", "2021-01-01", "371202", hukou_county="320102"),
        event(2, "4", "2022-01-01", SHIZHONG, hukou_county="320102"),
        event(3, "4", "2023-01-01", SHIZHONG, hukou_county=SHIZHONG),
    ]
    assert lived(spark, *events, kind="registered") == [
        ("outside", "2021-01-01", "2023-01-01"),
        (SHIZHONG, "2023-01-01", None),
    ]
    assert lived(spark, *events) == [("370116", "2021-01-01", "2022-01-01"), (SHIZHONG, "2022-01-01", None)]


def observed(
    spark: SparkSession, homes: list[tuple], born: str | None, visits: list[tuple], **settings: Any
) -> list[tuple]:
    persons = named(spark, PERSON, {"person_id": 7, "birth_datetime": born and f"{born} 00:00:00"})
    complete = rows(spark, REGISTER_COMPLETE, ("370100P001", "2024-12-31"), ("370200P001", "2024-11-30"))
    usual = {"observation_from": "2021-01-01", "register_complete_to": None, **settings}
    residences = rows(spark, RESIDENCE, *((7, "usual", *h, i, "2021-01-01") for i, h in enumerate(homes, start=1)))
    seen = named(spark, VISIT_OCCURRENCE, *visits)
    found = (
        observation_period(residences, persons, seen, complete, **usual)
        .orderBy("observation_period_start_date")
        .collect()
    )
    return [(str(o[2]), str(o[3]), o.period_type_concept_id) for o in found]


def test_observation_runs_from_the_latest_beginning_to_the_earliest_end(spark):
    homes = [(LIXIA, "2019-01-01", "2022-05-10"), (SHINAN, "2022-05-10", None)]
    # one register is complete only to the end of November: beyond it a move out could be unknown
    assert observed(spark, homes, "1980-01-01", []) == [("2021-01-01", "2024-11-30", IN_REGISTER)]
    assert observed(spark, homes, "1980-01-01", [], register_complete_to="2023-12-31")[0][1] == "2023-12-31"
    assert observed(spark, [(LIXIA, "2023-02-03", "2023-02-06")], "2023-02-03", []) == [
        ("2023-02-03", "2023-02-05", IN_REGISTER)
    ]


def test_leaving_and_coming_back_are_two_periods_and_before_observation_there_is_none(spark):
    homes = [(LIXIA, "2021-01-01", "2021-07-01"), (LIXIA, "2023-01-01", None)]
    found = observed(spark, homes, "1980-01-01", [])
    assert found == [("2021-01-01", "2021-06-30", IN_REGISTER), ("2023-01-01", "2024-11-30", IN_REGISTER)]
    assert observed(spark, [(LIXIA, "2019-01-01", "2020-06-01")], "1980-01-01", []) == []


def test_who_is_in_no_register_is_observed_during_visits_only(spark):
    def visit(number: int, start: str, end: str) -> dict[str, Any]:
        return {"visit_occurrence_id": number << 6, "person_id": 7, "visit_start_date": start, "visit_end_date": end}

    visits = [
        visit(1, "2023-01-01", "2023-01-09"),
        visit(2, "2023-01-05", "2023-01-05"),
        visit(3, "2023-01-10", "2023-01-10"),
    ]
    assert observed(spark, [], "1980-01-01", visits) == [
        ("2023-01-01", "2023-01-09", BY_VISITS),
        ("2023-01-10", "2023-01-10", BY_VISITS),
    ]
    assert (
        observed(spark, [("outside", "2021-01-01", None)], "1980-01-01", visits) == []
    )  # known to a register: lives elsewhere


def test_a_register_is_complete_to_what_its_accepted_deliveries_say(spark):
    def delivery(sender: str, status: str, end: str | None, withdraws: str | None = None) -> dict[str, Any]:
        told = {"feed": "resident_register", "sender": sender, "status": status, "period_end": end}
        return told | {"file_sha256": f"{sender} {end}", "withdraws": withdraws}

    told = [
        delivery("A", "accepted", "2024-01-31"),
        delivery("A", "accepted", "2024-02-29"),
        delivery("A", "accepted", "2024-03-31"),  # withdrawn
        delivery("A", "accepted", None, withdraws="A 2024-03-31"),
        delivery("B", "refused", "2024-02-29"),
    ]
    found = register_complete(named(spark, DELIVERY, *told)).collect()
    assert [(r.sender, str(r.complete_to)) for r in found] == [("A", "2024-02-29")]


def died(
    spark: SparkSession, certificates: list[dict], register: list[dict], stays: list[dict], links: list[tuple]
) -> list:
    concepts = rows(
        spark,
        CONCEPT,
        (2_000_000_064, "肺癌", "Condition", "ICD10", "Local", None, "C34.9", None, None, None, "ICD-10", 443388),
    )
    frames = [
        named(spark, BRONZE[f], *given)
        for f, given in (
            ("death_certificate", certificates),
            ("resident_register", register),
            ("inpatient_home_page", stays),
            ("synthea_patients", []),
        )
    ]
    return death(*frames, rows(spark, PERSON_LINK, *links), concepts).orderBy("person_id").collect()


def test_one_death_a_person_from_the_first_source_by_precedence(spark):
    origin = {"_sender": "370100C001", "_learned_at": "2024-05-01", "_row_hash": 1}
    found = died(
        spark,
        [
            {
                **origin,
                "_row_id": 1,
                "death_date": "20240310",
                "underlying_cause_code": "C34.9",
                "code_edition": "ICD-10",
            },
            {**origin, "_row_id": 6, "death_date": "20240311", "_learned_at": "2024-04-01"},  # learned earlier
        ],
        [
            {**origin, "_row_id": 2, "event_code": "6", "event_date": "20240312"},
            {**origin, "_row_id": 3, "event_code": "6", "event_date": "20240401"},
            {**origin, "_row_id": 9, "event_code": "1", "event_date": "20200101"},
        ],
        [
            {**origin, "_row_id": 4, "discharge_way": "5", "discharged_at": "2024-03-31 23:00:00"},
            {**origin, "_row_id": 5, "discharge_way": "1", "discharged_at": "2024-03-31 23:00:00"},
        ],
        [(1, 7, "c"), (2, 7, "c"), (6, 7, "c"), (3, 8, "c"), (4, 8, "c"), (5, 10, "c"), (9, 11, "c")],
    )
    assert [(d.person_id, str(d.death_date), d.cause_source_value, d.cause_concept_id) for d in found] == [
        (7, "2024-03-10", "C34.9", 443388),
        (8, "2024-04-01", None, None),
    ]


def someone(spark: SparkSession, *records: dict[str, Any], cluster: str = "L:H1|a", homes: tuple = ()) -> list:
    told = [
        {"_sender": "H1", "_learned_at": "2024-01-01", "_row_hash": 1, **r, "_row_id": i} for i, r in enumerate(records)
    ]
    links = rows(spark, PERSON_LINK, *((i, 7, cluster) for i in range(len(records))))
    residences = rows(spark, RESIDENCE, *homes)
    return person(links, named(spark, PERSON_RECORD, *told), residences).collect()


def test_birth_and_sex_come_from_the_best_source(spark):
    clinic = {"feed": "outpatient_visit", "birth_date": "1980-05-16", "sex_code": "2", "_learned_at": "2024-09-01"}
    register = {"feed": "resident_register", "birth_date": "1980-05-15", "sex_code": "1"}
    [one] = someone(
        spark,
        clinic,
        register,
        homes=((7, "usual", LIXIA, "2021-01-01", "2022-01-01"), (7, "usual", SHINAN, "2022-01-01")),
    )
    assert (one.year_of_birth, one.month_of_birth, one.day_of_birth, one.gender_concept_id) == (1980, 5, 15, 8507)
    assert one.location_id == int(SHINAN) and one.person_source_value is None


def test_the_id_number_gives_the_birth_date_and_the_sex_that_nobody_states(spark):
    [one] = someone(spark, {"feed": "laboratory", "sex_code": "9"}, cluster=f"I:{id_number('19751224', 14)}")
    assert (str(one.birth_datetime), one.gender_concept_id) == ("1975-12-24 00:00:00", 8532)
    assert (
        someone(spark, {"feed": "laboratory", "sex_code": "1"}) == []
    )  # no birth date anywhere: OMOP has no place for it


def test_frames_have_the_declared_columns(spark):
    links, deaths = rows(spark, PERSON_LINK), rows(spark, DEATH)
    made: DataFrame = residence(named(spark, BRONZE["resident_register"]), links, deaths, places="shandong")
    assert made.columns == RESIDENCE.column_names
