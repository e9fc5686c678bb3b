"""Yearly check-ups and quarterly follow-up of chronic disease, by each city's primary care and by hospitals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.bodies import blood, measured, smoking
from jobs.province.care_feeds import insurance
from jobs.province.draws import Ints
from jobs.province.entries import Entries
from jobs.province.feeds import doctor_no, patient_no, unique_text
from jobs.province.lab_values import takes_drugs
from jobs.province.life import new_year
from jobs.province.people import YEAR
from jobs.province.personal import about_person, residence
from jobs.province.recording import (
    Batch,
    Scene,
    day_text,
    event_date,
    numbers,
    rows_sent,
    texts,
)
from jobs.province.units import pressure_texts, weight_text

ELDERLY, CHRONIC, EMPLOYEES = range(3)  # why a check-up is made
FOLLOWED = ("hypertension", "diabetes")
TESTED = ("GLU", "HBA1C", "HGB", "TC", "TG", "HDL-C", "LDL-C", "CREA", "ALT", "UPRO")  # at check-ups
NEVER_TAKES = 0.17  # share of those who are not regular in taking their drugs who take none (assumed)
QUARTER = 90  # days in which a quarter's follow-up falls


@dataclass(frozen=True)
class Checks(Entries):
    """One entry a check-up or follow-up. ``kind``: why it is made, or which disease is followed."""

    key: Ints
    person: Ints
    day: Ints
    kind: Ints
    county: Ints
    sender: Ints


def checkups(scene: Scene, years: range) -> Checks:
    """At most one a person and year: the old and chronically ill in primary care, employees in a hospital."""
    draws, lives, share = scene.draws, scene.lives, scene.facts.catalogue.share
    person = np.repeat(np.arange(len(lives.people)), len(years))
    year = np.tile(np.array(years), len(lives.people))
    key = lives.people.no[person] * 1000 + year - 2000
    day = np.array([new_year(y) for y in years])[year - years.start] + 30 + draws.whole(300, "check-up day", key)
    age = (day - lives.people.birth[person]) / YEAR
    ill = [_known(scene, name, person, day) for name in FOLLOWED]
    employed = (insurance(scene, person, day) == 0) & (age >= 22) & (age < 60)
    kind = np.select([age >= 65, ill[0] | ill[1], employed], [ELDERLY, CHRONIC, EMPLOYEES], -1)
    comes = np.array([share["checkup.elderly"], share["checkup.chronic"], share["checkup.employee"], 0.0])[kind]
    which = np.flatnonzero(lives.resident(person, day) & draws.happens(comes, "check-up", key))
    person, day, kind, key = person[which], day[which], kind[which], key[which]
    county = lives.county(person, day)
    usual = draws.uniform("usual hospital", lives.people.no[person], 0)
    hospital = scene.institutions.visited(scene.facts.places, county, 0, usual)
    primary = scene.institutions.primary[scene.facts.places.city[county]]
    return Checks(key, person, day, kind, county, np.where(kind == EMPLOYEES, hospital, primary))


def followups(scene: Scene, quarters: range) -> Checks:
    """Most quarters (counted from 1970) of a registered patient from a month after the diagnosis on."""
    draws, lives, share = scene.draws, scene.lives, scene.facts.catalogue.share
    first = (np.array(quarters) * 3).astype("M8[M]").astype("M8[D]").astype(np.int64)
    parts = []
    for n, name in enumerate(FOLLOWED):
        known = lives.health.diagnosis[:, scene.facts.conditions.name.index(name)]
        found = np.flatnonzero(known < first[-1] + QUARTER)
        found = found[draws.happens(share["followup.registered"], "registered", lives.people.no[found], n)]
        person = np.repeat(found, len(quarters))
        key = (lives.people.no[person] * 1000 + np.tile(np.array(quarters), len(found))) * 2 + n
        day = np.tile(first, len(found)) + draws.whole(QUARTER, "follow-up day", key)
        done = (day >= known[person] + 30) & draws.happens(share["followup.done"], "follow-up", key)
        which = np.flatnonzero(done & lives.resident(person, day))
        parts.append((key[which], person[which], day[which], np.full(len(which), n)))
    key, person, day, kind = (np.concatenate(p) for p in zip(*parts, strict=True))
    county = lives.county(person, day)
    return Checks(key, person, day, kind, county, scene.institutions.primary[scene.facts.places.city[county]])


def _known(scene: Scene, condition: str, person: Ints, day: Ints) -> np.ndarray:
    return scene.lives.health.diagnosis[person, scene.facts.conditions.name.index(condition)] <= day


def health_checkup(scene: Scene, checks: Checks) -> Batch:
    """One row a check-up, sent on its day."""
    feed, lives = "health_checkup", scene.lives
    rows = rows_sent(scene, feed, checks.key, checks.person, checks.sender, checks.day)
    c = checks.at(rows.event)
    body = measured(scene, c.person, c.day, rows.key)
    found = blood(scene, c.person, c.day, rows.key, TESTED)
    weight = body.weight * np.where(rows.wrong, 2, 1)  # in jin (500 g), corrected later
    bmi = body.weight / (body.height / 100) ** 2
    high, sugar = (body.systolic >= 140) | (body.diastolic >= 90), found["GLU"] >= 7.0
    findings = np.select([high & sugar, high, sugar, bmi >= 28], [3, 1, 2, 4], 0)
    diabetic = pa.array(_known(scene, "diabetes", c.person, c.day))
    grades, protein = scene.facts.laboratory.grades, scene.facts.laboratory.number("UPRO")
    columns = [
        unique_text(scene, "T", "check-up", rows.key),
        patient_no(scene, c.person, rows.sender, c.day),
        *about_person(scene, feed, rows, c.person, c.day),
        residence(scene, feed, rows, c.county),
        texts(("1", "2", "3"), c.kind),
        event_date(scene, feed, rows, c.day),
        numbers(body.height, 1),
        weight_text(scene, feed, rows, weight),
        numbers(bmi, 1),
        *pressure_texts(scene, feed, rows, body.systolic, body.diastolic),
        numbers(found["GLU"], 2),
        pc.if_else(diabetic, numbers(found["HBA1C"], 1), ""),
        numbers(np.rint(found["HGB"])),
        *(numbers(found[lipid], 2) for lipid in ("TC", "TG", "HDL-C", "LDL-C")),
        numbers(np.rint(found["CREA"])),
        numbers(np.rint(found["ALT"])),
        texts(grades.text, grades.of(np.full(len(c.day), protein), found["UPRO"])),
        texts(("1", "2", "3"), smoking(scene, c.person, c.day)),
        texts(("未见明显异常", "血压偏高", "空腹血糖偏高", "血压、空腹血糖偏高", "肥胖"), findings),
    ]
    return Batch(feed, rows.sender, rows.period, lives.people.no[c.person], columns, rows.defects)


def chronic_followup(scene: Scene, checks: Checks) -> Batch:
    """One row a follow-up, sent on its day."""
    feed, draws, lives = "chronic_followup", scene.draws, scene.lives
    rows = rows_sent(scene, feed, checks.key, checks.person, checks.sender, checks.day)
    c = checks.at(rows.event)
    body, of_diabetes = measured(scene, c.person, c.day, rows.key), c.kind == 1
    glucose = np.round(blood(scene, c.person, c.day, rows.key, ("GLU",))["GLU"], 2)
    high, low = (
        np.where(rows.wrong, a, b) for a, b in ((body.diastolic, body.systolic), (body.systolic, body.diastolic))
    )  # exchanged, corrected later
    controlled = np.where(of_diabetes, glucose < 7.0, (body.systolic < 140) & (body.diastolic < 90))
    trouble = draws.whole(100, "follow-up trouble", rows.key)
    judged = np.where(trouble < 2, 2, np.where(trouble < 4, 3, np.where(controlled, 0, 1)))
    regular = takes_drugs(draws, scene.facts, lives.people.no[c.person])
    adherence = np.where(regular, 0, 1 + draws.happens(NEVER_TAKES, "takes none", lives.people.no[c.person]))
    columns = [
        unique_text(scene, "U", "follow-up", rows.key),
        patient_no(scene, c.person, rows.sender, c.day),
        *about_person(scene, feed, rows, c.person, c.day),
        residence(scene, feed, rows, c.county),
        texts(("1", "2"), c.kind),
        event_date(scene, feed, rows, c.day),
        texts(("1", "2", "3"), np.searchsorted([60, 80], draws.whole(100, "follow-up how", rows.key), side="right")),
        *pressure_texts(scene, feed, rows, high, low),
        pc.if_else(pa.array(of_diabetes), numbers(glucose, 2), ""),
        weight_text(scene, feed, rows, body.weight),
        texts(("1", "2", "3"), adherence),
        texts(("T", "F"), 1 - regular),
        texts(("1", "2", "3", "4"), judged),
        day_text(c.day + np.where(judged == 0, QUARTER, 14)),
        doctor_no(draws, np.zeros(len(c.day), np.int64), lives.people.no[c.person]),
    ]
    return Batch(feed, rows.sender, rows.period, lives.people.no[c.person], columns, rows.defects)
