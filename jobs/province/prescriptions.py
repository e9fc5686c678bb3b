"""What is prescribed at visits and ordered on wards, by diagnosis, age, sex and pregnancy; and the rows that tell.

Whoever has a chronic condition has the same drugs for it at every visit. What is dispensed is paid in whole tablets,
vials or bottles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.province.care_feeds import encounter_no
from jobs.province.coding import INPATIENT, OUTPATIENT, coded, edition
from jobs.province.draws import Draws, Floats, Ints
from jobs.province.drugs import FEMALE, LINES, NONE, PREGNANT, SETTINGS, Drugs
from jobs.province.encounters import Encounters
from jobs.province.entries import Entries
from jobs.province.facts import ProvinceFacts
from jobs.province.feeds import department_columns, doctor_no, patient_no, unique_text
from jobs.province.life import Lives
from jobs.province.people import YEAR
from jobs.province.personal import about_person
from jobs.province.pregnancies import pregnancies
from jobs.province.recording import Batch, Scene, event_time, numbers, quoted, rows_sent, texts
from jobs.province.visits import OTHER

CHEMOTHERAPY = "Z51.1"
WEIGHT = ((0.0, 1.0, 2.0, 6.0, 12.0, 15.0, 18.0), (3.5, 9.5, 12.0, 20.0, 40.0, 54.0, 60.0))  # kg by age (assumed)
LATER_LINES, LATER_DAYS = 2, 7  # from the third on, orders begin in a stay's first half, in its first week (assumed)
INFUSED = "404"  # route
VALID_DAYS = 3  # of a prescription


@dataclass(frozen=True)
class Prescribed(Entries):
    """One entry a drug, by encounter. ``of``: position of the encounter; ``item``: number in its prescription."""

    of: Ints
    line: Ints
    item: Ints
    drug: Ints  # row of the drugs' table
    begins: Ints  # day
    days: Ints
    dose: Floats
    total: Floats
    price: Floats  # yuan


def prescribed(draws: Draws, facts: ProvinceFacts, lives: Lives, care: Encounters) -> Prescribed:
    """What is prescribed at these visits and ordered in these stays."""
    drugs = facts.catalogue.drugs
    use, age = _use(facts, care), (care.day - lives.people.birth[care.person]) / YEAR
    none = ~care.of_stay & draws.happens(facts.catalogue.share["prescription.none"], "no prescription", care.key)
    some = np.flatnonzero((use != NONE) & ~none)
    c, line = care.at(some), np.arange(LINES)[:, None]
    kind = np.where(_pregnant(draws, lives, c), PREGNANT, np.minimum(lives.people.sex[c.person], FEMALE))
    chronic = c.condition != OTHER
    who, why = np.where(chronic, lives.people.no[c.person], c.key), np.where(chronic, c.condition, OTHER)
    u = draws.uniform("drug", who, why, line)
    drug = drugs.pick(u, drugs.cells(use[some], drugs.patients(kind, age[some]), line)).T
    at, line = np.nonzero(drug != NONE)
    item = np.cumsum(drug != NONE, axis=1)[at, line]
    return _as_given(draws, drugs, care, some[at], line, item, drug[at, line], age)


def _use(facts: ProvinceFacts, care: Encounters) -> Ints:
    """What each encounter is treated by; a stay for chemotherapy by the person's cancer."""
    drugs = facts.catalogue.drugs
    use = drugs.use[np.where(care.of_stay, SETTINGS.index("I"), SETTINGS.index("O")), care.diagnosis]
    site = np.where(care.condition != OTHER, facts.conditions.site[care.condition], NONE)
    course = care.of_stay & (care.diagnosis == facts.codes.icd10.index(CHEMOTHERAPY)) & (site != NONE)
    return np.where(course, drugs.of_site[site], use)


def _pregnant(draws: Draws, lives: Lives, care: Encounters) -> np.ndarray:
    """Who is with a child that will be born."""
    mother, child, began = pregnancies(draws, lives.people)
    order = np.lexsort((began, mother))
    mother, born, key = mother[order], lives.people.birth[child[order]], (mother * 100_000 + began)[order]
    if not len(mother):
        return np.zeros(len(care), bool)
    at = np.maximum(np.searchsorted(key, care.person * 100_000 + care.day, side="right") - 1, 0)
    return (mother[at] == care.person) & (began[order][at] <= care.day) & (care.day <= born[at])


def _as_given(
    draws: Draws, drugs: Drugs, care: Encounters, of: Ints, line: Ints, item: Ints, drug: Ints, age: Floats
) -> Prescribed:
    """Days, doses and prices of drugs."""
    stay, lies, table = care.of_stay[of], (care.until - care.day)[of], drugs.table

    def column(name: str) -> Floats:
        return table[name].to_numpy(np.float64)[drug]

    later = stay & (line >= LATER_LINES)
    after = later * draws.whole(np.minimum(lies // 2 + 1, LATER_DAYS), "order begins", care.key[of], line)
    days = np.where(stay, np.clip(lies - after, 1, column("stay_days")), column("days")).astype(np.int64)
    per_kg, most, step = column("per_kg"), column("dose"), column("step")
    by_weight = np.maximum(np.rint(per_kg * np.interp(age[of], *WEIGHT) / step), 1) * step
    dose = np.where(np.isnan(per_kg), most, np.minimum(by_weight, most))
    total = dose * np.maximum(np.rint(column("times") * days), 1)
    price = np.round(np.ceil(total / column("contents") - 1e-6) * column("unit_price"), 2)
    return Prescribed(of, line, item, drug, care.day[of] + after, days, dose, total, price)


def prescription(scene: Scene, care: Encounters, given: Prescribed) -> Batch:
    """One row a drug, available on the day on which it is prescribed or ordered."""
    feed, draws, drugs = "prescription", scene.draws, scene.facts.catalogue.drugs
    of = care.at(given.of)
    rows = rows_sent(scene, feed, of.numbered(given.line, LINES), of.person, of.hospital, given.begins)
    c, g = of.at(rows.event), given.at(rows.event)
    infused = (drugs.table["route"] == INFUSED).to_numpy()[g.drug]

    def of_drug(column: str) -> pa.Array:
        return texts(tuple(quoted(t) for t in drugs.table[column]), g.drug)

    columns = [
        unique_text(scene, "F", "prescription", c.key),
        numbers(g.item),
        numbers(np.where(infused, 1, g.item + 1)),  # infusions are given together
        patient_no(scene, c.person, rows.sender, c.day),
        *about_person(scene, feed, rows, c.person, c.day),
        encounter_no(scene, c.of_stay, c.source),
        texts(("1", "2"), c.of_stay.astype(np.int64)),
        texts(("1",), np.zeros(len(c), np.int64)),
        event_time(scene, feed, rows, g.begins, np.where(g.begins > c.day, 480 + c.minute % 60, c.minute + 10)),
        *department_columns(scene, c.department, rows.sender),
        doctor_no(draws, c.department, c.source),
        *coded(scene, feed, rows, c.diagnosis, c.person, c.day, np.where(c.of_stay, INPATIENT, OUTPATIENT)),
        edition(scene, rows.sender),
        of_drug("atc"),
        of_drug("name_zh"),
        of_drug("specification"),
        of_drug("form"),
        of_drug("form_code"),
        numbers(g.dose, 4),
        of_drug("unit"),
        of_drug("frequency"),
        of_drug("route"),
        numbers(g.total * np.where(rows.wrong, 10, 1), 3),  # typed wrong, corrected
        numbers(g.days),
        numbers(np.where(c.of_stay, g.days, VALID_DAYS)),
        numbers(g.price, 2),
    ]
    return Batch(feed, rows.sender, rows.period, scene.lives.people.no[c.person], columns, rows.defects)
