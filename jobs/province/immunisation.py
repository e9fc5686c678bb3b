"""Vaccinations of children by the dated national programme, with delays, missed doses and refusals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Ints, ranks
from jobs.province.entries import Entries
from jobs.province.feeds import unique_text
from jobs.province.identity import MISSING, MOTHERS
from jobs.province.people import NOBODY, YEAR
from jobs.province.personal import about_person, residence
from jobs.province.recording import (
    Batch,
    Scene,
    day_text,
    event_date,
    joined,
    numbers,
    rows_sent,
    texts,
)

OLDEST = 15  # years; nobody older is due for a dose
MONTH = YEAR / 12
MAKERS = ("甲生物制品公司", "乙生物制品公司")  # invented


@dataclass(frozen=True)
class Doses(Entries):
    """One entry a dose given in the province. ``vaccine`` is a row of the programme; ``ordinal`` counts from 1."""

    key: Ints
    person: Ints
    day: Ints
    vaccine: Ints
    ordinal: Ints


def doses(scene: Scene) -> Doses:
    """Every dose from birth on, so that ordinals count those before the first day; kept are those of residents."""
    draws, lives, share = scene.draws, scene.lives, scene.facts.catalogue.share
    people, programme = lives.people, scene.facts.catalogue.vaccines
    young = people.birth > scene.schedule.days[0] - OLDEST * YEAR
    young &= ~draws.happens(share["vaccination.refused"], "vaccines refused", people.no)
    person = np.repeat(np.flatnonzero(young), len(programme.table))
    vaccine = np.tile(np.arange(len(programme.table)), int(young.sum()))
    key = people.no[person] * 100 + vaccine
    due = people.birth[person] + np.rint(programme.age_months[vaccine] * MONTH).astype(np.int64)
    meant = (due >= programme.begins[vaccine]) & (due <= programme.ends[vaccine])
    meant &= (programme.sex[vaccine] < 0) | (programme.sex[vaccine] == people.sex[person])
    meant &= people.birth[person] >= programme.born_from[vaccine]
    late = draws.happens(share["vaccination.long_delay"], "vaccine late", key)
    mean = share["vaccination.delay_days"] + 90 * late
    delay = (draws.exponential("vaccine delay", key) * mean).astype(np.int64)
    day = due + np.where(programme.age_months[vaccine] > 0, delay, 0)
    given = meant & (day <= lives.death[person]) & ~draws.happens(share["vaccination.dose_missed"], "dose missed", key)
    person, day, vaccine, key = person[given], day[given], vaccine[given], key[given]
    ordinal = ranks(person, programme.name[vaccine], day * 100 + vaccine) + 1
    return Doses(key, person, day, vaccine, ordinal).at(np.flatnonzero(lives.resident(person, day)))


def immunisation(scene: Scene, given: Doses) -> Batch:
    """One row a dose, sent by the city's centre for disease control the day after."""
    feed, draws, lives = "immunisation", scene.draws, scene.lives
    people, places = lives.people, scene.facts.places
    table = scene.facts.catalogue.vaccines.table
    county = lives.county(given.person, given.day)
    sender = scene.institutions.disease_control[places.city[county]]
    rows = rows_sent(scene, feed, given.key, given.person, sender, given.day + 1)
    d, county = given.at(rows.event), county[rows.event]
    mother = np.where(people.mother[d.person] != NOBODY, MOTHERS, MISSING)
    maker = draws.whole(2, "vaccine maker", d.vaccine, d.day // 90)
    quarter = day_text(d.day // 90 * 90, None, "%Y%m")
    batch = joined(quarter, numbers(d.vaccine + 10))
    columns = [
        unique_text(scene, "V", "dose", rows.key),
        unique_text(scene, "K", "vaccination card", people.no[d.person]),
        *about_person(scene, feed, rows, d.person, d.day),
        scene.identity.id_number(d.person, mother),
        residence(scene, feed, rows, county),
        texts(tuple(table["vaccine"]), d.vaccine),
        texts(tuple(table["name_zh"]), d.vaccine),
        numbers(np.where(rows.wrong, d.ordinal + 1, d.ordinal)),  # counted wrong, corrected later
        event_date(scene, feed, rows, d.day),
        batch,
        texts(MAKERS, maker),
        texts(tuple(table["route"]), d.vaccine),
        texts(tuple(f"{c}预防接种门诊" for c in places.county_code), county),
    ]
    return Batch(feed, rows.sender, rows.period, people.no[d.person], columns, rows.defects)
