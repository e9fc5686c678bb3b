"""Outpatient and emergency visits as they are sent, in the order of their contract."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from jobs.province.coding import OUTPATIENT, coded, diagnosis_columns, edition
from jobs.province.draws import Ints
from jobs.province.encounters import Encounters
from jobs.province.feeds import SECOND_SYSTEM, VisitFees, department_columns, doctor_no, patient_no, visit_no, waited
from jobs.province.notes import Notes, visit
from jobs.province.personal import about_person
from jobs.province.personal_details import drug_allergy
from jobs.province.recording import Batch, Scene, event_time, numbers, rows_sent, texts, time_text
from jobs.province.visits import OTHER, PREGNANCY, Visits, finds_condition

FIRST, AGAIN = "1", "2"  # first_visit_code (memory)


def outpatient_visit(scene: Scene, visits: Visits, care: Encounters, fees: VisitFees) -> Batch:
    """One row a visit; ``care`` and ``fees`` begin with the visits, in their order."""
    feed, draws, people = "outpatient_visit", scene.draws, scene.lives.people
    rows = rows_sent(scene, feed, visits.key, visits.person, visits.hospital, visits.day, two_systems=True)
    v = visits.at(rows.event)
    columns = [
        visit_no(scene, rows.key),
        patient_no(scene, v.person, v.hospital + SECOND_SYSTEM * (rows.key < 0), v.day),
        *about_person(scene, feed, rows, v.person, v.day),
        event_time(scene, feed, rows, v.day, v.minute),
        time_text(v.day, v.minute - waited(draws, v.key)),
        *department_columns(scene, v.department, rows.sender),
        doctor_no(draws, v.department, v.key),
        *coded(scene, feed, rows, v.diagnosis, v.person, v.day, OUTPATIENT),
        *diagnosis_columns(scene, v.second, v.hospital),
        edition(scene, v.hospital),
        numbers(fees.total[rows.event], 2),
        texts(scene.institutions.code, rows.sender),
        texts((AGAIN, FIRST), first_visit(scene, v).astype(np.int64)),
        *visit(Notes(scene, care.at(rows.event), v.day, v.key)).values(),
        *_allergy(scene, v.person),
    ]
    return Batch(feed, rows.sender, rows.period, people.no[v.person], columns, rows.defects)


def first_visit(scene: Scene, visits: Visits) -> np.ndarray:
    """Whether the hospital sees a person for the first time for what a visit is about: always where it finds a
    condition; else in a share of the visits, by their kind."""
    share = scene.facts.catalogue.share
    kind = np.where(visits.diagnosis == scene.facts.codes.icd10.index(PREGNANCY), 2, visits.condition == OTHER)
    first = np.array([share[f"visit.first_{of}"] for of in ("condition", "other", "pregnancy")])[kind]
    return finds_condition(visits) | scene.draws.happens(first, "first visit", visits.key)


def _allergy(scene: Scene, person: Ints) -> list[pa.Array]:
    """Whether allergic to a drug, and to which."""
    has, to = drug_allergy(scene, np.arange(len(scene.lives.people)))
    return [texts(("F", "T"), has[person].astype(np.int64)), to.take(pa.array(person))]
