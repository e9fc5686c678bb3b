"""Rows that follow from visits and stays: registrations, payments and settlements."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.draws import Floats, Ints
from jobs.province.encounters import Encounters
from jobs.province.feeds import (
    VisitFees,
    department_columns,
    doctor_no,
    patient_no,
    stay_no,
    unique_text,
    visit_no,
    waited,
)
from jobs.province.home_page_fees import DRUGS, EXAMINATIONS, bill
from jobs.province.people import YEAR
from jobs.province.personal import about_person, phone
from jobs.province.recording import (
    Batch,
    Scene,
    event_time,
    numbers,
    rows_sent,
    texts,
)
from jobs.province.visits import EMERGENCIES, Visits

EMPLOYEE, RESIDENT, SELF_PAID = "01", "02", "07"  # CV07.10.003


def encounter_no(scene: Scene, of_stay: np.ndarray, source: Ints) -> pa.Array:
    """The number of the visit or stay."""
    return pc.if_else(pa.array(of_stay), stay_no(scene, source), visit_no(scene, source))


def insurance(scene: Scene, person: Ints, day: Ints) -> Ints:
    """Which basic insurance a person has: 0 employees', 1 residents'."""
    adult = day - scene.lives.people.birth[person] >= 18 * YEAR
    share = scene.facts.catalogue.share["insurance.employee"]
    return 1 - (adult & scene.draws.happens(share, "employee", scene.lives.people.no[person])).astype(np.int64)


def registration(scene: Scene, visits: Visits) -> Batch:
    """One row a registration: that of each visit, and some cancelled in the days before it."""
    feed, draws, share = "registration", scene.draws, scene.facts.catalogue.share
    given_up = np.flatnonzero(draws.happens(share["registration.cancelled"], "registration given up", visits.key))
    cancelled = np.repeat([0, 1], [len(visits), len(given_up)])
    of = np.concatenate([np.arange(len(visits)), given_up])
    key = visits.key[of] * 2 + cancelled
    day = visits.day[of] - cancelled * (1 + draws.whole(3, "given up before", key))
    rows = rows_sent(scene, feed, key, visits.person[of], visits.hospital[of], day)
    v, day, no = visits.at(of[rows.event]), day[rows.event], cancelled[rows.event]
    expert, emergency = _expert(scene, rows.key), _emergency(scene, v.department)
    channels = np.cumsum([share["registration.online"], share["registration.machine"]])
    columns = [
        unique_text(scene, "G", "registration", rows.key),
        patient_no(scene, v.person, rows.sender, v.day),
        *about_person(scene, feed, rows, v.person, day),
        pc.if_else(pa.array(no == 1), "", visit_no(scene, v.key)),
        event_time(scene, feed, rows, day, v.minute - waited(draws, v.key)),
        texts(("1", "2", "3"), np.where(emergency, 2, expert)),
        texts(("3", "2", "1"), np.searchsorted(channels, draws.uniform("channel", rows.key))),
        texts(("1", "2"), np.where(rows.wrong, 1 - no, no)),  # attended and cancelled mixed up, corrected later
        *department_columns(scene, v.department, rows.sender),
        doctor_no(draws, v.department, v.key),
        texts((EMPLOYEE, RESIDENT), insurance(scene, v.person, day)),
        numbers(registration_fee(scene, v.department, rows.key)),
        phone(scene, feed, rows, v.person, day),
    ]
    return Batch(feed, rows.sender, rows.period, scene.lives.people.no[v.person], columns, rows.defects)


def registration_fee(scene: Scene, department: Ints, key: Ints) -> Floats:
    """What registrations cost, in yuan: twice as much for an expert."""
    twice = _expert(scene, key) & ~_emergency(scene, department)
    return scene.facts.catalogue.share["registration.fee"] * (1.0 + twice)


def _expert(scene: Scene, key: Ints) -> np.ndarray:
    return scene.draws.happens(scene.facts.catalogue.share["registration.expert"], "expert", key)


def _emergency(scene: Scene, department: Ints) -> np.ndarray:
    return department == scene.facts.codes.department_code.index(EMERGENCIES)


def payment(scene: Scene, care: Encounters, fees: VisitFees) -> Batch:
    """One row a visit, paid at its end, and one a stay, settled at discharge."""
    feed, draws, share = "payment", scene.draws, scene.facts.catalogue.share
    rows = rows_sent(scene, feed, care.key, care.person, care.hospital, care.until)
    c = care.at(rows.event)
    insured = insurance(scene, c.person, c.day)
    fee, drugs, tests = (of_visits[rows.event] for of_visits in (fees.total, fees.drugs, fees.examinations))
    self_paid = draws.happens(share["insurance.self_paid"], "self paid", rows.key)
    own = fee - np.where(self_paid, 0.0, _fund(scene, c, insured, fee))
    at = np.flatnonzero(c.of_stay)
    spent = bill(draws, scene.facts, c.source[at], c.diagnosis[at], c.until[at] - c.day[at], c.operated[at])
    amounts = (spent.total, spent.own, spent.sum_of(DRUGS), spent.sum_of(EXAMINATIONS))
    for amount, of_stays in zip((fee, own, drugs, tests), amounts, strict=True):
        amount[at] = of_stays / 100
    self_paid[at] = spent.self_paid
    twice = np.where(self_paid & rows.wrong, 2, 1)  # charged twice at first
    fee, drugs, tests = fee * twice, drugs * twice, tests * twice
    own = np.where(rows.wrong, fee, own)  # others: first settled without the insurance
    of_stay, none = pa.array(c.of_stay), pa.scalar("")
    amount = numbers(fee, 2)
    columns = [
        unique_text(scene, "J", "settlement", rows.key),
        patient_no(scene, c.person, rows.sender, c.day),
        *about_person(scene, feed, rows, c.person, c.until),
        encounter_no(scene, c.of_stay, c.source),
        texts(("1", "2"), c.of_stay.astype(np.int64)),
        event_time(scene, feed, rows, c.until, c.left),
        texts((EMPLOYEE, RESIDENT, SELF_PAID), np.where(self_paid | rows.wrong, 2, insured)),
        texts((EMPLOYEE, RESIDENT), insured),
        pc.if_else(of_stay, none, amount),
        pc.if_else(of_stay, amount, none),
        numbers(drugs, 2),
        numbers(tests, 2),
        numbers(np.round(fee, 2) - np.round(own, 2), 2),
        numbers(own, 2),
    ]
    return Batch(feed, rows.sender, rows.period, scene.lives.people.no[c.person], columns, rows.defects)


def _fund(scene: Scene, care: Encounters, insured: Ints, fee: Floats) -> Floats:
    """What the fund pays of a visit's fee: a rate of what is listed and above the deductible, up to a ceiling."""
    share, draws = scene.facts.catalogue.share, scene.draws
    rate, ceiling = (
        np.array([share[f"payment.{who}_{what}"] for who in ("employee", "resident")])[insured]
        for what in ("fund", "ceiling")
    )
    city = np.isin(care.hospital, scene.institutions.hospital[:, 0])
    listed = fee * (1 - share["payment.unlisted"] * draws.uniform("not listed", care.key))
    above = np.maximum(listed - share["payment.deductible"] * (1 + city), 0.0)
    return np.minimum(above * (rate - share["payment.city_less"] * city), ceiling)
