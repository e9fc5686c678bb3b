"""Rows of the resident register and of death certificates, in the order of their contracts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.care_feeds import EMPLOYEE, RESIDENT, insurance
from jobs.province.coding import CERTIFICATE, coded, diagnosis_columns, edition
from jobs.province.deaths import Deaths, days_ill
from jobs.province.draws import Floats, Ints
from jobs.province.entries import Entries
from jobs.province.facts import OUTSIDE
from jobs.province.feeds import patient_no, unique_text
from jobs.province.identity import MISSING, MOTHERS
from jobs.province.life import AWAY, Lives, death_minute
from jobs.province.people import ELSEWHERE, NEVER, NOBODY, YEAR
from jobs.province.personal import about_person, phone, residence
from jobs.province.personal_details import (
    address_parts,
    country,
    id_kind,
    marital_status,
    nationality,
    occupation,
    registered_blood_group,
)
from jobs.province.recording import (
    CERTIFIED_WITHIN,
    Batch,
    Rows,
    Scene,
    event_date,
    joined,
    numbers,
    rows_sent,
    texts,
    time_text,
)

INITIAL, BIRTH, MOVE_IN, MOVE, MOVE_OUT, DEATH, ADDRESS = range(1, 8)  # event_code of the resident register
MOVES = (MOVE_IN, MOVE, MOVE_OUT, ADDRESS)


@dataclass(frozen=True)
class RegisterEvents(Entries):
    """One entry an event of residence. ``county`` is where the person lives from that day on (AWAY: 5 and 6)."""

    person: Ints
    code: Ints
    day: Ints
    county: Ints
    before: Ints  # county until then, AWAY where there is none


def register_events(lives: Lives, begins: int | None) -> RegisterEvents:
    """What the register notes: births, moves and deaths; if it ``begins`` on a day, first who lives there that day."""
    parts = [_births(lives), _moves(lives), _deaths(lives)]
    if begins is not None:
        parts = [p.at(np.flatnonzero((p.day > begins) | ((p.day == begins) & ~np.isin(p.code, MOVES)))) for p in parts]
        everyone = np.arange(len(lives.people))
        start = np.full(len(everyone), begins)
        there = lives.resident(everyone, start) & (lives.people.birth < begins)
        parts = [_events(lives, everyone[there], INITIAL, start[there]), *parts]
    columns = ("person", "code", "day", "county", "before")
    return RegisterEvents(*(np.concatenate([getattr(p, n) for p in parts]) for n in columns))


def _events(lives: Lives, person: Ints, code: int, day: Ints) -> RegisterEvents:
    county = lives.county(person, day)
    there = np.full(len(person), AWAY) if code in (MOVE_OUT, DEATH) else county
    return RegisterEvents(person, np.full(len(person), code), day, there, lives.county(person, day - 1))


def _births(lives: Lives) -> RegisterEvents:
    people = lives.people
    born = np.flatnonzero(people.birth == people.first)
    born = born[lives.county(born, people.birth[born]) != AWAY]
    return _events(lives, born, BIRTH, people.birth[born])


def _moves(lives: Lives) -> RegisterEvents:
    homes, people = lives.homes, lives.people
    assert homes is not None
    own, theirs = homes.move_day[:, people.household], homes.move_day[:, people.household[lives.partner]]
    own = np.where((own < lives.joins) | (own == people.first), own, NEVER)
    joins = np.where(lives.joins > people.first, lives.joins, NEVER)  # the day of moving in with the partner, and later
    day = np.vstack([own, np.where(theirs > lives.joins, theirs, NEVER), joins])
    row, person = np.nonzero((day < NEVER) & (day >= people.first) & (day > people.birth) & (day < lives.death))
    day = day[row, person]
    before, after = lives.county(person, day - 1), lives.county(person, day)
    before = np.where(people.first[person] == day, AWAY, before)
    code = np.select([before == after, after == AWAY, before == AWAY], [ADDRESS, MOVE_OUT, MOVE_IN], MOVE)
    moved = (before != after) | (before != AWAY)
    return RegisterEvents(person[moved], code[moved], day[moved], after[moved], before[moved])


def _deaths(lives: Lives) -> RegisterEvents:
    dead = np.flatnonzero(lives.death < NEVER)
    dead = dead[lives.resident(dead, lives.death[dead])]
    return _events(lives, dead, DEATH, lives.death[dead])


def counties(scene: Scene, county: Ints) -> pa.Array:
    """County codes; AWAY is empty."""
    return texts(scene.facts.places.county_code, county)


def hukou(scene: Scene, place: Ints) -> pa.Array:
    """Codes of household registration, which may lie outside the province."""
    known = scene.facts.places.county_code
    return texts((*known, *OUTSIDE), np.where(place >= ELSEWHERE, place - ELSEWHERE + len(known), place))


def resident_register(scene: Scene, events: RegisterEvents, told: Ints) -> Batch:
    """One row an event, delivered for the day on which the register is ``told`` of it."""
    feed, people = "resident_register", scene.lives.people
    where = np.where(events.county == AWAY, events.before, events.county)
    sender = scene.institutions.register[scene.facts.places.city[where]]
    key = (people.no[events.person] * 40_000 + events.day) * 10 + events.code
    rows = rows_sent(scene, feed, key, events.person, sender, told)
    e = events.at(rows.event)
    born = e.code == BIRTH
    mother = np.where(born & (people.mother[e.person] != NOBODY), e.person, 0)
    mothers_id = scene.identity.id_number(mother, np.where(born, MOTHERS, MISSING))
    about = about_person(scene, feed, rows, e.person, e.day, registrar=True)
    columns = [
        unique_text(scene, "C", "register", rows.key),
        patient_no(scene, e.person, rows.sender, e.day),
        id_kind(about[0]),
        *about,
        numbers(e.code),
        event_date(scene, feed, rows, e.day),
        residence(scene, feed, rows, e.county),
        hukou(scene, np.where(rows.wrong, ELSEWHERE, people.hukou[e.person])),
        mothers_id,
        *_details(scene, rows, e),
    ]
    return Batch(feed, rows.sender, rows.period, people.no[e.person], columns, rows.defects)


def _details(scene: Scene, rows: Rows, e: RegisterEvents) -> list[pa.Array]:
    """Address from the event on (none of the dead), phone, and what else a register holds of a person."""
    gone = pa.array(e.county == AWAY)
    parts = [pc.if_else(gone, "", part) for part in address_parts(scene, e.person, e.day)]
    province, city, _, *below = parts
    return [
        joined(*parts),
        province,
        city,
        *below,
        phone(scene, "resident_register", rows, e.person, e.day),
        country(scene, e.person),
        nationality(scene, e.person),
        marital_status(scene, e.person, e.day),
        occupation(scene, e.person, e.day),
        texts((EMPLOYEE, RESIDENT), insurance(scene, e.person, e.day)),
        *registered_blood_group(scene, e.person),
    ]


def death_certificate(scene: Scene, deaths: Deaths) -> Batch:
    """One row a death, filed within days."""
    feed, draws, lives = "death_certificate", scene.draws, scene.lives
    no = lives.people.no[deaths.person]
    county = lives.county(deaths.person, deaths.day)
    sender = scene.institutions.disease_control[scene.facts.places.city[county]]
    filed = deaths.day + draws.whole(CERTIFIED_WITHIN, "death filed", no)
    rows = rows_sent(scene, feed, no, deaths.person, sender, filed)
    e = rows.event
    direct = np.where(deaths.immediate[e] >= 0, deaths.immediate[e], deaths.cause[e])
    under = np.where(deaths.immediate[e] >= 0, deaths.cause[e], -1)
    minute = np.where(deaths.day == lives.people.birth[deaths.person], 1439, death_minute(draws, no))  # after birth
    columns = [
        unique_text(scene, "S", "death", rows.key),
        *about_person(scene, feed, rows, deaths.person[e], deaths.day[e]),
        event_date(scene, feed, rows, deaths.day[e]),
        pa.array(deaths.place[e].tolist(), pa.string()),
        residence(scene, feed, rows, county[e]),
        *coded(scene, feed, rows, deaths.cause[e], deaths.person[e], deaths.day[e], CERTIFICATE),
        diagnosis_columns(scene, direct, rows.sender)[0],
        diagnosis_columns(scene, under, rows.sender)[0],
        edition(scene, rows.sender),
        time_text(deaths.day[e], minute[e]),
        _time_ill(days_ill(draws, scene.facts, lives, deaths)[e]),
    ]
    return Batch(feed, rows.sender, rows.period, lives.people.no[deaths.person[e]], columns, rows.defects)


def _time_ill(days: Floats) -> pa.Array:
    """A time in words: hours of less than a day, then days, months, years."""
    unit = np.searchsorted([1, 60, 730], days, side="right")
    size = np.maximum(days / np.array([1 / 24, 1, YEAR / 12, YEAR])[unit], 1)
    return joined(numbers(size), texts(("小时", "天", "个月", "年"), unit))
