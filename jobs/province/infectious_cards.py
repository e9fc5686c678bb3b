"""Report cards of notifiable infections (传染病报告卡): one a report of a case."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.draws import Ints
from jobs.province.feeds import patient_no, unique_text
from jobs.province.notifying import Reports
from jobs.province.people import YEAR
from jobs.province.personal import about_person, age, phone, residence
from jobs.province.recording import Batch, Scene, day_text, event_date, rows_sent, texts

SUSPECTED, CLINICAL, CONFIRMED = range(3)  # class of case less 1
GROWN_UP = (9, 10, 11, 11, 11, 14, 16, 17)  # groups of the population of adults of working age, by number (assumed)


def infectious_card(scene: Scene, cases: Reports) -> Batch:
    """One row a report, made by the hospital within a day, sent by its city's disease control."""
    feed, draws, lives = "infectious_card", scene.draws, scene.lives
    table, places, institutions = scene.facts.catalogue.infections.table, scene.facts.places, scene.institutions
    county = lives.county(cases.person, cases.diagnosed)
    reported = cases.diagnosed + draws.whole(2, "card after", cases.key)
    sender = institutions.disease_control[institutions.city[cases.hospital]]
    rows = rows_sent(scene, feed, cases.key, cases.person, sender, reported)
    c, county, reported = cases.at(rows.event), county[rows.event], reported[rows.event]
    hospital = c.hospital
    same_city = institutions.city[hospital] == places.city[county]
    belongs = np.where(institutions.of_county[county] == hospital, 0, np.where(same_city, 1, 2))
    confirmed = draws.happens(table["confirmed"].to_numpy()[c.disease], "confirmed", rows.key)
    kind = np.where(rows.wrong, SUSPECTED, np.where(confirmed, CONFIRMED, CLINICAL))  # corrected later
    death = lives.death[c.person]
    dead = death <= reported
    columns = [
        unique_text(scene, "I", "infectious card", rows.key),
        patient_no(scene, c.person, hospital, c.diagnosed),
        *about_person(scene, feed, rows, c.person, c.diagnosed),
        residence(scene, feed, rows, county),
        texts(("1", "2", "3"), belongs),
        texts(tuple(str(n) for n in range(1, 19)), _population(scene, c, rows.key) - 1),
        texts(("1", "2", "3"), kind),
        texts(tuple(table["class_zh"]), c.disease),
        texts(tuple(table["icd10"]), c.disease),
        texts(tuple(table["name_zh"]), c.disease),
        event_date(scene, feed, rows, c.onset),
        day_text(c.diagnosed),
        pc.if_else(pa.array(dead), day_text(np.where(dead, death, reported)), ""),
        day_text(reported),
        texts(institutions.code, hospital),
        age(scene, feed, rows, c.person, c.diagnosed),
        phone(scene, feed, rows, c.person, c.diagnosed),
    ]
    return Batch(feed, rows.sender, rows.period, lives.people.no[c.person], columns, rows.defects)


def _population(scene: Scene, cases: Reports, key: Ints) -> Ints:
    """The group of the population (传染病报告卡 人群分类) by age."""
    years = (cases.diagnosed - scene.lives.people.birth[cases.person]) / YEAR
    adult = np.array(GROWN_UP)[scene.draws.whole(len(GROWN_UP), "population group", key)]
    retired = np.where(adult == 14, 15, 11)
    return np.select([years < 3, years < 6, years < 18, years < 60], [2, 1, 3, adult], retired)
