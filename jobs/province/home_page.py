"""The inpatient home page (病案首页): one row a stay, in the order of its contract."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.cancers import tumour_key
from jobs.province.care_feeds import EMPLOYEE, RESIDENT, SELF_PAID, insurance
from jobs.province.childbirth import KEYS, is_childbirth
from jobs.province.coding import INPATIENT, coded, diagnosis_columns, edition
from jobs.province.comorbidity import OTHER_DIAGNOSES
from jobs.province.courses import NO_TREATMENT
from jobs.province.draws import Draws, Ints
from jobs.province.feeds import department_columns, doctor_no, patient_no, stay_no, unique_text
from jobs.province.home_page_fees import SURGICAL, Bill, bill, examined
from jobs.province.home_page_operations import operation_columns
from jobs.province.people import YEAR
from jobs.province.personal import about_person, age, phone
from jobs.province.personal_details import (
    address,
    blood_group,
    country,
    drug_allergy,
    id_kind,
    marital_status,
    nationality,
    occupation,
)
from jobs.province.pregnancies import newborns
from jobs.province.recorded_codes import SAID
from jobs.province.recording import Batch, Rows, Scene, event_time, joined, numbers, rows_sent, texts, time_text
from jobs.province.stay_course import TO_PRIMARY_CARE, operation_days, route, way_of_leaving
from jobs.province.stay_kinds import stay_kinds
from jobs.province.stays import DIED, TRANSFERRED, Described, Stays, stay_minutes
from jobs.province.tumours import morphologies, morphology_of

PRESENT = (0.92, 0.96, 0.98)  # on admission: yes, undecided, unknown, no (assumed)
WARDS = ("03.01", "03.02", "03.03", "03.04", "03.06", "04.01", "04.02", "20")  # between which adults are moved
MOVED_WARD = 0.06  # share moved on the way, most of them to another (assumed)
LOOKED_INTO = 0.15  # share whose diagnosis was a suspicion before admission (assumed)
UNTYPED, NOT_TYPED = 0.3, "4"  # share of stays without operation whose blood was not typed; CV04.50.020
AUTOPSY = 0.01  # of deaths (assumed)
PLANNED_AGAIN = 0.01  # of other stays (assumed)
QUALITY = (0.95, 0.995)  # first, second grade (assumed)
CHEMOTHERAPY, RADIOTHERAPY = "Z51.1", "Z51.0"
AGAIN = ("继续化疗", "继续放疗", "复查")
TRAFFIC, FALL = "V89.2", "W19"
INJURY, CANCER = "S", "C"


def inpatient_home_page(scene: Scene, stays: Stays, about: Described) -> Batch:
    """One row a stay, available on the day of discharge."""
    feed, draws, facts, people = "inpatient_home_page", scene.draws, scene.facts, scene.lives.people
    rows = rows_sent(scene, feed, stays.key, stays.person, about.hospital, stays.discharged)
    s, e = stays.at(rows.event), rows.event
    main, operated, department = about.diagnosis[e], about.operated[e], about.department[e]
    spent = bill(draws, facts, s.key, main, s.days, operated)
    way = way_of_leaving(draws, s, (s.admitted - people.birth[s.person]) / YEAR)
    minute, leaving = stay_minutes(draws, s)
    operation = np.where(operated, about.operation[e], -1)
    day = operation_days(draws, facts, s, main)
    columns = [
        stay_no(scene, s.key),
        patient_no(scene, s.person, rows.sender, s.admitted),
        numbers(s.nth),
        texts((EMPLOYEE, RESIDENT, SELF_PAID), np.where(spent.self_paid, 2, insurance(scene, s.person, s.admitted))),
        *_person(scene, rows, s),
        event_time(scene, feed, rows, s.admitted, minute),
        time_text(s.discharged, leaving),
        numbers(np.maximum(s.days, 1)),
        numbers(route(draws, facts, s, main)),
        *_departments(scene, s.key, department, rows.sender),
        numbers(way),
        *_afterwards(scene, s, way, main, rows.sender),
        *_before(scene, s.key, main, rows.sender),
        *coded(scene, feed, rows, main, s.person, s.admitted, INPATIENT),
        _on_admission(draws, s.key, main >= 0),
        *_other_diagnoses(scene, s.key, about, rows),
        *_injury(scene, s.key, main, rows.sender),
        *_pathology(scene, s, main, operated),
        *_allergy_and_blood(scene, s, operated, way),
        *_staff(draws, s.key, department),
        *operation_columns(draws, facts.codes, s.key, main, operation, day, way, department),
        edition(scene, rows.sender),
        *_fees(spent),
    ]
    return Batch(feed, rows.sender, rows.period, people.no[s.person], columns, rows.defects)


def _person(scene: Scene, rows: Rows, stays: Stays) -> list[pa.Array]:
    feed, people, who, day = "inpatient_home_page", scene.lives.people, stays.person, stays.admitted
    about = about_person(scene, feed, rows, who, day)
    days = day - people.birth[who]
    infant = pa.array(days < 365)
    return [
        id_kind(about[0]),
        *about,
        age(scene, feed, rows, who, day),
        pc.if_else(infant, numbers(np.minimum(days // 30, 11)), ""),
        _birth_weight(scene, stays),
        country(scene, who),
        nationality(scene, who),
        marital_status(scene, who, day),
        occupation(scene, who, day),
        address(scene, who, day),
        phone(scene, feed, rows, who, day),
    ]


def _birth_weight(scene: Scene, stays: Stays) -> pa.Array:
    """The child's weight of stays for childbirth, as on its certificate."""
    people = scene.lives.people
    childbirth = np.flatnonzero(is_childbirth(stays.key))
    order = np.argsort(people.no)
    child = order[np.searchsorted(people.no[order], stays.key[childbirth] // KEYS)]
    weight = np.full(len(stays), -1.0)
    weight[childbirth] = newborns(scene.draws, people, child).weight
    return pc.if_else(pa.array(weight > 0), numbers(weight), "")


def _departments(scene: Scene, key: Ints, department: Ints, hospital: Ints) -> list[pa.Array]:
    """Code and name on admission; the one moved to; code and name at discharge."""
    draws, codes = scene.draws, scene.facts.codes
    wards = np.array([codes.department_code.index(w) for w in WARDS])
    other = wards[draws.whole(len(WARDS), "which ward", key)]
    moved = draws.happens(MOVED_WARD, "moved ward", key) & np.isin(department, wards) & (other != department)
    return [
        *department_columns(scene, department, hospital),
        pc.if_else(pa.array(moved), department_columns(scene, other, hospital)[1], ""),
        *department_columns(scene, np.where(moved, other, department), hospital),
    ]


def _afterwards(scene: Scene, stays: Stays, way: Ints, main: Ints, sender: Ints) -> list[pa.Array]:
    """Where one is transferred to; whether one is to come again within 31 days, and what for."""
    draws, hospitals, code = scene.draws, scene.institutions, scene.facts.codes.icd10
    city = hospitals.city[sender]
    of_city, capital = hospitals.hospital[city, 0], hospitals.hospital[0, 0]
    further = np.where(sender == capital, hospitals.hospital[0, -1], capital)
    to = np.where(way == TO_PRIMARY_CARE, hospitals.primary[city], np.where(sender == of_city, further, of_city))
    course = np.select([main == code.index(CHEMOTHERAPY), main == code.index(RADIOTHERAPY)], [0, 1], 2)
    share = np.where((course == 0) & (stays.treatment != NO_TREATMENT), 0.8, PLANNED_AGAIN)
    again = draws.happens(share, "comes again", stays.key) & (way != DIED)
    return [
        texts(hospitals.code, np.where(np.isin(way, (TRANSFERRED, TO_PRIMARY_CARE)), to, -1)),
        texts(("F", "T"), again.astype(np.int64)),
        texts(AGAIN, np.where(again, course, -1)),
    ]


def _before(scene: Scene, key: Ints, main: Ints, sender: Ints) -> list[pa.Array]:
    """The diagnosis before admission: the main one, or a suspicion of it."""
    code, _ = diagnosis_columns(scene, main, sender)
    suspected = scene.draws.happens(LOOKED_INTO, "suspected before", key)
    said = np.where(suspected, scene.draws.whole(len(SAID), "said before", key), -1)
    return [code, scene.facts.codes.recorded.name(main, said)]


def _on_admission(draws: Draws, key: Ints, there: np.ndarray) -> pa.Array:
    u = draws.uniform("on admission", key)
    return texts(("1", "2", "3", "4"), np.where(there, np.searchsorted(PRESENT, u, side="right"), -1))


def _other_diagnoses(scene: Scene, key: Ints, about: Described, rows: Rows) -> list[pa.Array]:
    columns: list[pa.Array] = []
    for n, others in enumerate(about.others):
        other = others[rows.event]
        columns += diagnosis_columns(scene, other, rows.sender)
        columns.append(_on_admission(scene.draws, key * OTHER_DIAGNOSES + n, other >= 0))
    return columns


def _injury(scene: Scene, key: Ints, main: Ints, sender: Ints) -> list[pa.Array]:
    """The external cause of an injury: traffic, or a fall."""
    code = scene.facts.codes.icd10
    injured = scene.facts.codes.begins(INJURY)[main]
    traffic = scene.draws.happens(stay_kinds(code).traffic[main], "in traffic", key)
    cause = np.where(traffic, code.index(TRAFFIC), code.index(FALL))
    return diagnosis_columns(scene, np.where(injured, cause, -1), sender)


def _pathology(scene: Scene, stays: Stays, main: Ints, operated: np.ndarray) -> list[pa.Array]:
    """Specimen, what the pathologist says, and the morphology of a cancer."""
    facts = scene.facts
    seen = examined(scene.draws, stay_kinds(facts.codes.icd10), stays.key, main, operated)
    site = np.maximum(facts.conditions.site[np.maximum(stays.condition, 0)], 0)
    cancer = seen & facts.codes.begins(CANCER)[main]
    key = tumour_key(scene.lives.people.no[stays.person], site)
    morphology = morphology_of(scene.draws, tuple(facts.catalogue.cancers.table["site"]), site, seen, key)
    return [
        pc.if_else(pa.array(seen), unique_text(scene, "L", "specimen", stays.key), ""),
        facts.codes.recorded.name(np.where(seen, main, -1)),
        texts(morphologies(), np.where(cancer, morphology, -1)),
    ]


def _allergy_and_blood(scene: Scene, stays: Stays, operated: np.ndarray, way: Ints) -> list[pa.Array]:
    draws, dead = scene.draws, pa.array(way == DIED)
    allergic, to = drug_allergy(scene, stays.person)
    abo, rh = blood_group(scene, stays.person)
    untyped = pa.array(~operated & draws.happens(UNTYPED, "blood not typed", stays.key))
    examined_after = texts(("F", "T"), draws.happens(AUTOPSY, "autopsy", stays.key).astype(np.int64))
    return [
        texts(("F", "T"), allergic.astype(np.int64)),
        to,
        pc.if_else(dead, examined_after, ""),
        pc.if_else(untyped, "6", abo),
        pc.if_else(untyped, NOT_TYPED, rh),
    ]


def _staff(draws: Draws, key: Ints, department: Ints) -> list[pa.Array]:
    """Numbers of the head, the chief, the attending and the resident doctor and the nurse; the record's grade."""
    head = joined("D", pc.utf8_lpad(numbers(department * 20 + 1), 4, "0"))
    nurse = joined("N", pc.utf8_lpad(numbers(department * 30 + draws.whole(30, "nurse", key) + 1), 4, "0"))
    chief, resident = (doctor_no(draws, department, key * 4 + n) for n in (1, 2))
    quality = np.searchsorted(QUALITY, draws.uniform("record quality", key), side="right")
    return [head, chief, doctor_no(draws, department, key), resident, nurse, texts(("1", "2", "3"), quality)]


def _fees(spent: Bill) -> list[pa.Array]:
    """Total and own payment, then every item; parts behind what they are a part of."""
    columns = {"total": spent.total, "own": spent.own}
    for field, amount in spent.items.items():
        if field == SURGICAL[0]:
            columns["surgical"] = spent.sum_of(SURGICAL)
        columns[field] = amount
        if field == "fee_nonsurgical_treatment":
            columns["physical"] = spent.physical
        if field == "fee_western_drugs":
            columns["antimicrobials"] = spent.antimicrobials
    return [numbers(amount / 100, 2) for amount in columns.values()]
