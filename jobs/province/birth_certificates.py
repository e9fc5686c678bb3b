"""Birth certificates (出生医学证明): one a child born in the province, made where it was born."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.childbirth import stay_key
from jobs.province.draws import Ints
from jobs.province.feeds import unique_text
from jobs.province.identity import MOTHERS, TRUE
from jobs.province.institutions import NONE
from jobs.province.life import AWAY
from jobs.province.people import NOBODY
from jobs.province.personal import name_column, residence, sex_column
from jobs.province.personal_details import id_kind
from jobs.province.pregnancies import first_of_birth, newborns
from jobs.province.recording import CERTIFIED_WITHIN, LOOK_BACK, Batch, Scene, event_time, numbers, rows_sent, texts
from jobs.province.registry_feeds import counties
from jobs.province.stays import Described, Stays

IN_HOSPITAL, AT_HOME = "1", "3"  # CV02.01.102 (memory: 2 is a hospital for women and children, 9 another place)


def birth_certificate(scene: Scene, born_here: np.ndarray, stays: Stays, about: Described) -> Batch:
    """One row a birth of those born in the province (by person), filed within days in the city of the hospital."""
    feed, draws, lives = "birth_certificate", scene.draws, scene.lives
    people = lives.people
    recent = scene.schedule.days[0] - LOOK_BACK
    child = np.flatnonzero(born_here & (people.birth == people.first) & (people.birth >= recent))
    child = child[lives.county(child, people.birth[child]) != AWAY]
    home, no = lives.county(child, people.birth[child]), people.no[child]
    county, inside = _birthplace(scene, child, home, stays, about)
    sender = scene.institutions.maternal[scene.facts.places.city[county]]
    filed = people.birth[child] + draws.whole(CERTIFIED_WITHIN, "birth filed", no)
    rows = rows_sent(scene, feed, no, child, sender, filed)
    e = rows.event
    c, at_birth = child[e], newborns(draws, people, child).at(e)
    mother, father, identity = people.mother[c], people.father[c], scene.identity
    named, he = pa.array(father != NOBODY), np.maximum(father, 0)
    hers, his = identity.id_number(c, np.full(len(c), MOTHERS)), identity.id_number(he, np.full(len(c), TRUE))
    his = pc.if_else(named, his, "")
    columns = [
        unique_text(scene, "B", "birth", rows.key),
        texts((), np.full(len(c), -1)),
        name_column(scene, feed, rows, c, people.birth[c], registrar=True),
        sex_column(scene, feed, rows, c),
        event_time(scene, feed, rows, people.birth[c], at_birth.minute),
        counties(scene, county[e]),
        numbers(at_birth.weeks),
        numbers(at_birth.weight * np.where(rows.wrong, 0.1, 1.0)),
        identity.name.take(pa.array(mother)),
        hers,
        pc.if_else(named, identity.name.take(pa.array(he)), ""),
        residence(scene, feed, rows, home[e]),
        id_kind(hers),
        his,
        id_kind(his),
        texts((AT_HOME, IN_HOSPITAL), inside[e].astype(np.int64)),
        numbers(at_birth.before + 1),
        numbers(at_birth.born),
    ]
    return Batch(feed, rows.sender, rows.period, people.no[c], columns, rows.defects)


def _birthplace(scene: Scene, child: Ints, home: Ints, stays: Stays, about: Described) -> tuple[Ints, np.ndarray]:
    """The county in which each child is born, and whether in a hospital: where the mother's stay is, else at home."""
    people = scene.lives.people
    key = stay_key(people.no[first_of_birth(people)[child]])
    order = np.argsort(stays.key)
    keys, hospital = np.append(stays.key[order], -1), np.append(about.hospital[order], 0)
    at = np.searchsorted(keys[:-1], key)
    inside = keys[at] == key
    return np.where(inside, _county_of_hospital(scene)[hospital[at]], home), inside


def _county_of_hospital(scene: Scene) -> Ints:
    """The county of each hospital, by institution; a city's own lies in its largest county (assumed)."""
    places, institutions = scene.facts.places, scene.institutions
    county = np.full(len(institutions.code), AWAY)
    order = np.argsort(places.people, kind="stable")  # the largest last
    city_hospital = institutions.hospital[places.city[order], 0]
    county[city_hospital] = order
    own = np.flatnonzero(institutions.of_county != NONE)
    county[institutions.of_county[own]] = own
    return county
