"""What really happened, kept apart from the lake as Parquet: ``person``, ``event``, ``record`` and ``defect``.

``record`` (file, row, person): who each delivered row is about; row 0 is the first after the header. ``defect`` (file,
row, field, kind): what was planted wrong in it, one row a defect; no field where it is the whole row. A file sent again
(``file_repeated``) or under wrong numbers (``file_withdrawn``) has it on each of its rows. ``event``
(person, kind, date, city, county): what happened in the days of the run, and the conditions that people already had
when they first appear; places are those of usual residence, empty outside the province. ``person``: everyone who first
appears in the run, with mother and father. ``cause_of_death``: why each death happened. ``infection``, ``outbreak``
(see ``infections``) and ``undelivered`` (see there) are told beside what they are about; ``cancer``: stage and way of
detection of each cancer found; ``hazard`` and ``readmission``: what could have been foreseen (``foreseen``). Each run
adds files of its own name, so that a later day extends the truth.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.province.deaths import Deaths
from jobs.province.draws import Ints
from jobs.province.identity import TRUE
from jobs.province.illness import RECURRING, episodes
from jobs.province.life import AWAY
from jobs.province.people import NEVER, NOBODY
from jobs.province.pregnancies import pregnancies
from jobs.province.recording import Scene, texts
from jobs.province.registry_feeds import (
    ADDRESS,
    BIRTH,
    DEATH,
    MOVE,
    MOVE_IN,
    MOVE_OUT,
    RegisterEvents,
    counties,
    hukou,
)
from jobs.province.stays import Stays
from jobs.province.visits import Visits

REGISTERED = {BIRTH: "birth", MOVE_IN: "move_in", MOVE: "move", MOVE_OUT: "move_out", DEATH: "death",
              ADDRESS: "change_of_address"}  # fmt: skip
Event = tuple[str, Ints, Ints]  # kind, person (position), day


def events(scene: Scene, registered: RegisterEvents, visits: Visits, stays: Stays, also: list[Event]) -> pa.Table:
    """The events of the run's days, ``also`` others than of residence and care: person, kind, date, city, county."""
    first, last = scene.schedule.days
    lives = scene.lives
    found: list[Event] = [(kind, *_of(registered, code)) for code, kind in REGISTERED.items()]
    found += [("outpatient_visit", visits.person, visits.day), ("inpatient_stay", stays.person, stays.admitted), *also]
    kinds = []
    parts = []
    for kind, person, day in found:
        inside = (day >= first) & (day <= last)
        parts.append((person[inside], day[inside], lives.county(person[inside], day[inside])))
        kinds += [kind] * int(inside.sum())
    for c, name in enumerate(scene.facts.conditions.name):
        for kind, days in (("onset", lives.health.onset[:, c]), ("diagnosis", lives.health.diagnosis[:, c])):
            person, day, county = _condition(scene, days)
            parts.append((person, day, county))
            kinds += [f"{name}_{kind}"] * len(person)
    return _table(scene, kinds, *(np.concatenate(p) for p in zip(*parts, strict=True)))


def episode_events(scene: Scene) -> list[Event]:
    """Every infarction and, by type, every stroke, first or not, while people lived."""
    conditions, lives = scene.facts.conditions, scene.lives
    which = np.array([conditions.index(n) for n in RECURRING])
    found = episodes(scene.draws, scene.facts, lives.people, lives.health, which)
    found = found.at(np.flatnonzero(found.day <= lives.death[found.person]))
    kinds = {(conditions.index("infarction"), 0): "infarction"}
    stroke = conditions.index("stroke")
    kinds |= {(stroke, g): f"stroke_{name}" for g, name in enumerate(conditions.grades[stroke].name)}
    chosen = ((kind, (found.condition == c) & (found.grade == g)) for (c, g), kind in kinds.items())
    return [(kind, found.person[mine], found.day[mine]) for kind, mine in chosen]


def pregnancy_events(scene: Scene) -> list[Event]:
    """When pregnancies that end in a birth began, and when mothers gave birth."""
    mother, child, began = pregnancies(scene.draws, scene.lives.people)
    return [("pregnancy", mother, began), ("delivery", mother, scene.lives.people.birth[child])]


def couple_events(scene: Scene) -> list[Event]:
    """When a man moved in with the mother of his child to be, as an event of both."""
    lives = scene.lives
    man = np.flatnonzero(lives.joins < NEVER)
    return [("couple", np.concatenate([man, lives.partner[man]]), np.tile(lives.joins[man], 2))]


def _of(events_: RegisterEvents, code: int) -> tuple[Ints, Ints]:
    which = events_.code == code
    return events_.person[which], events_.day[which]


def _condition(scene: Scene, days: Ints) -> tuple[Ints, Ints, Ints]:
    """Who is known by this run to have had it on which day: it happened in its days, or the person appears in them."""
    first, last = scene.schedule.days
    lives, known_from = scene.lives, appears(scene)
    known = np.maximum(days, known_from)
    who = np.flatnonzero((days < NEVER) & (days <= lives.death) & (known >= first) & (known <= last))
    before = days[who] < lives.people.first[who]
    return who, days[who], np.where(before, AWAY, lives.county(who, days[who]))


def appears(scene: Scene) -> Ints:
    """The day from which the truth knows each person: the first run's first day, birth, or arrival."""
    start = scene.schedule.days[0] if scene.settings.backload_from else 0
    return np.maximum(scene.lives.people.first, start)


def _table(scene: Scene, kinds: list[str], person: Ints, day: Ints, county: Ints) -> pa.Table:
    places = scene.facts.places
    city = np.where(county == AWAY, -1, places.city[np.maximum(county, 0)])
    order = np.lexsort((day, person))
    return pa.table(
        {
            "person": scene.lives.people.no[person][order],
            "kind": pa.array(kinds).dictionary_encode().take(pa.array(order)),
            "date": pa.array(day[order].astype(np.int32), pa.date32()),
            "city": _none(texts(places.city_code, city[order])),
            "county": _none(counties(scene, county[order])),
        }
    )


def _none(text: pa.Array) -> pa.Array:
    return pa.compute.if_else(pa.compute.equal(text, ""), pa.scalar(None, pa.string()), text)


def persons(scene: Scene) -> pa.Table:
    """Everyone who first appears in the run: number, birth, sex, name, true ID number, places, mother, father."""
    first, last = scene.schedule.days
    people, known_from = scene.lives.people, appears(scene)
    alive = scene.lives.death >= known_from
    who = np.flatnonzero((known_from >= first) & (known_from <= last) & alive)
    mother, father = people.mother[who], people.father[who]
    return pa.table(
        {
            "person": people.no[who],
            "birth_date": pa.array(people.birth[who].astype(np.int32), pa.date32()),
            "sex": texts(("male", "female"), people.sex[who]),
            "name": scene.identity.name.take(pa.array(who)),
            "id_number": _none(scene.identity.id_number(who, np.full(len(who), TRUE))),
            "home_county": _none(counties(scene, scene.lives.county(who, known_from[who]))),
            "hukou_county": hukou(scene, people.hukou[who]),
            "mother": pa.array(people.no[mother], mask=mother == NOBODY),
            "father": pa.array(people.no[father], mask=father == NOBODY),
        }
    )


def causes(scene: Scene, deaths: Deaths) -> pa.Table:
    """The true underlying cause of each death of the run's days: person, date, icd10."""
    first, last = scene.schedule.days
    inside = (deaths.day >= first) & (deaths.day <= last)
    return pa.table(
        {
            "person": scene.lives.people.no[deaths.person[inside]],
            "date": pa.array(deaths.day[inside].astype(np.int32), pa.date32()),
            "icd10": texts(scene.facts.codes.icd10, deaths.cause[inside]),
        }
    )


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a file in one step: under its name there is all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    pq.write_table(table, part)
    os.replace(part, path)
