"""Notifiable infections: an intensity by disease, age, month and county, and the report cards of those infected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.codebook import age_group
from jobs.province.draws import Ints
from jobs.province.entries import Entries
from jobs.province.feeds import patient_no, unique_text
from jobs.province.people import YEAR
from jobs.province.personal import about_person, age, phone, residence
from jobs.province.recording import Batch, Scene, day_text, event_date, rows_sent, texts
from jobs.province.truth import Event
from jobs.province.visits import cells, month_starts

SUSPECTED, CLINICAL, CONFIRMED = range(3)  # class of case less 1
LONGEST_WAIT = 60  # days until a case is diagnosed
GROWN_UP = (9, 10, 11, 11, 11, 14, 16, 17)  # groups of the population of adults of working age, by number (assumed)


@dataclass(frozen=True)
class Infections(Entries):
    """One entry a case. ``disease`` is a row of the catalogue's."""

    key: Ints
    person: Ints
    onset: Ints
    diagnosed: Ints
    disease: Ints
    county: Ints


def infections(scene: Scene, months: range) -> Infections:
    """Cases that begin in these months. A county's months differ, so that cases come together."""
    draws, lives, diseases = scene.draws, scene.lives, scene.facts.catalogue.infections
    first = month_starts(months)
    person, month = cells(lives, months)
    no, absolute = lives.people.no[person], month + months.start
    start = np.maximum(first[month], lives.people.first[person])
    county = lives.county(person, start)
    person, month, no, absolute, county = (x[county >= 0] for x in (person, month, no, absolute, county))
    group = age_group((first[month] - lives.people.birth[person]) / YEAR)
    which = np.arange(len(diseases.table))[None, :]
    spread = scene.facts.catalogue.share["infection.county_spread"]
    local = np.exp(spread * draws.normal("epidemic", county[:, None], absolute[:, None], which) - spread**2 / 2)
    mean = diseases.monthly[which, group[:, None], absolute[:, None] % 12] * local
    cell, disease = np.nonzero(draws.happens(-np.expm1(-mean), "infection", no[:, None], absolute[:, None], which))
    key = (no[cell] * 10_000 + absolute[cell]) * 10 + disease
    length = (first[1:] - first[:-1])[month[cell]]
    onset = first[month[cell]] + draws.whole(length, "infection day", key)
    wait = diseases.table["diagnosed_after"].to_numpy(np.float64)[disease]
    wait = np.minimum(draws.exponential("infection diagnosed", key) * wait, LONGEST_WAIT)
    diagnosed = onset + wait.astype(np.int64)
    person = person[cell]
    here = lives.resident(person, onset) & lives.resident(person, diagnosed)
    found = Infections(key, person, onset, diagnosed, disease, lives.county(person, diagnosed))
    return found.at(np.flatnonzero(here))


def infectious_card(scene: Scene, cases: Infections) -> Batch:
    """One row a case, reported by a hospital within a day and sent by its city's centre for disease control."""
    feed, draws, lives = "infectious_card", scene.draws, scene.lives
    table, places, institutions = scene.facts.catalogue.infections.table, scene.facts.places, scene.institutions
    hospital = institutions.visited(places, cases.county, draws.uniform("card hospital", cases.key))
    reported = cases.diagnosed + draws.whole(2, "card after", cases.key)
    sender = institutions.disease_control[institutions.city[hospital]]
    rows = rows_sent(scene, feed, cases.key, cases.person, sender, reported)
    c, hospital, reported = cases.at(rows.event), hospital[rows.event], reported[rows.event]
    same_city = institutions.city[hospital] == places.city[c.county]
    belongs = np.where(institutions.of_county[c.county] == hospital, 0, np.where(same_city, 1, 2))
    confirmed = draws.happens(table["confirmed"].to_numpy()[c.disease], "confirmed", rows.key)
    kind = np.where(rows.wrong, SUSPECTED, np.where(confirmed, CONFIRMED, CLINICAL))  # corrected later
    death = lives.death[c.person]
    dead = death <= reported
    columns = [
        unique_text(scene, "I", "infectious card", rows.key),
        patient_no(scene, c.person, hospital),
        *about_person(scene, feed, rows, c.person, c.onset),
        residence(scene, feed, rows, c.county),
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
        age(scene, feed, rows, c.person, c.onset),
        phone(scene, feed, rows, c.person),
    ]
    return Batch(feed, rows.sender, rows.period, lives.people.no[c.person], columns, rows.defects)


def _population(scene: Scene, cases: Infections, key: Ints) -> Ints:
    """The group of the population (传染病报告卡 人群分类) by age."""
    age = (cases.onset - scene.lives.people.birth[cases.person]) / YEAR
    adult = np.array(GROWN_UP)[scene.draws.whole(len(GROWN_UP), "population group", key)]
    retired = np.where(adult == 14, 15, 11)
    return np.select([age < 3, age < 6, age < 18, age < 60], [2, 1, 3, adult], retired)


def infection_events(scene: Scene, cases: Infections) -> list[Event]:
    """The onset of every case, as the truth tells events."""
    names = scene.facts.catalogue.infections.table["disease"]
    return [(f"{n}_case", *(x[cases.disease == i] for x in (cases.person, cases.onset))) for i, n in enumerate(names)]
