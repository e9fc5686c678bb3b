"""Vaccinations: children by the dated national programme, with delays, missed doses and refusals; influenza in autumn.

Children are vaccinated by the programme of the day that a dose falls due. Doses of a series, of one vaccine or of two
against the same disease, are given in their order, and never sooner after each other than the programme says.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import ndtr

from jobs.province.codebook import AGE_GROUPS, age_group
from jobs.province.draws import Floats, Ints, ranks
from jobs.province.entries import Entries
from jobs.province.feeds import unique_text
from jobs.province.identity import MISSING, MOTHERS
from jobs.province.life import new_year
from jobs.province.opening import appointed, next_open
from jobs.province.people import NEVER, NOBODY, YEAR
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
from jobs.province.vaccinees import missed, refused

OLDEST = 15  # years; nobody older is due for a dose
MONTH = YEAR / 12
CAMPAIGN = 90  # days, mean: how long those are waited for who are due when a dose enters the programme (assumed)
INFLUENZA, AUTUMN = "InfV", (258, 90)  # given from mid-September on, for so many days (assumed)
FIRST_AUTUMN = 39  # number of the first dose against influenza among a person's doses, after the rows of the programme
HABIT = 0.8  # correlation of a person's influenza vaccinations from year to year (assumed)
REACTIONS = ("发热", "局部红肿", "过敏性皮疹", "局部硬结")
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
    by_age = np.flatnonzero(np.isfinite(programme.age_months))
    young = np.flatnonzero(
        (people.birth > scene.schedule.days[0] - OLDEST * YEAR) & ~refused(draws, scene.facts, people.no)
    )
    person, vaccine = np.repeat(young, len(by_age)), np.tile(by_age, len(young))
    key = people.no[person] * 100 + vaccine
    birth, born_from = people.birth[person], programme.born_from[vaccine]
    due = birth + np.rint(programme.age_months[vaccine] * MONTH).astype(np.int64)
    caught_up = (born_from > 0) & (birth >= born_from) & (due < programme.begins[vaccine])
    due = np.where(caught_up, programme.begins[vaccine], due)
    meant = (due >= programme.begins[vaccine]) & (due <= programme.ends[vaccine]) & (birth >= born_from)
    meant &= (programme.sex[vaccine] < 0) | (programme.sex[vaccine] == people.sex[person])
    late = caught_up | draws.happens(share["vaccination.long_delay"], "vaccine late", key)
    mean = share["vaccination.delay_days"] + CAMPAIGN * late
    delay = (draws.exponential("vaccine delay", key) * mean).astype(np.int64)
    in_clinic = programme.age_months[vaccine] > 0  # the others at birth, in the maternity ward
    day = np.where(in_clinic, appointed(draws, "dose put off", due + delay, key), due)
    given = np.flatnonzero(meant & ~missed(draws, scene.facts, key))
    given = given[np.lexsort((vaccine[given], due[given], programme.series[vaccine[given]], person[given]))]
    person, vaccine, key = person[given], vaccine[given], key[given]
    in_order = np.arange(len(person))
    ordinal = ranks(person, programme.name[vaccine], in_order) + 1
    nth = ranks(person, programme.series[vaccine], in_order)
    day = _apart(day[given], nth, programme.least_days[vaccine])
    children = Doses(key, person, day, vaccine, ordinal)
    both = [children.at(np.flatnonzero(day <= lives.death[person])), _in_autumn(scene)]
    given_all = Doses(*(np.concatenate([getattr(d, f.name) for d in both]) for f in fields(Doses)))
    return given_all.at(np.flatnonzero(lives.resident(given_all.person, given_all.day)))


def _apart(day: Ints, nth: Ints, least: Ints) -> Ints:
    """The days of doses that lie in order of person, series and due day, each ``least`` days after the one before."""
    day = day.copy()
    for n in range(1, int(nth.max(initial=0)) + 1):
        later = np.flatnonzero(nth == n)
        day[later] = np.maximum(day[later], next_open(day[later - 1] + least[later]))
    return day


def influenza_coverage(scene: Scene) -> Floats:
    """Share vaccinated against influenza in an autumn, by age group."""
    return np.array(
        [scene.facts.catalogue.share[f"vaccination.influenza_{g.removeprefix('age_')}"] for g in AGE_GROUPS]
    )


def autumn_doses(scene: Scene, seasons: range) -> Ints:
    """The day of each person's dose against influenza in each of these years, or NEVER: [person, year]."""
    draws, people = scene.draws, scene.lives.people
    year, no = np.array(seasons)[None, :], people.no[:, None]
    day = np.array([new_year(y) for y in seasons])[None, :] + AUTUMN[0]
    day = day + draws.whole(AUTUMN[1], "autumn dose day", no, year)
    day = appointed(draws, "autumn dose put off", day, no, year)
    habit = np.sqrt(HABIT) * draws.normal("influenza habit", no)
    wish = ndtr(habit + np.sqrt(1 - HABIT) * draws.normal("influenza dose", no, year))
    age = (day - people.birth[:, None]) / YEAR
    takes = (wish < influenza_coverage(scene)[age_group(age)]) & (age >= 0.5)
    return np.where(takes, day, NEVER)


def _in_autumn(scene: Scene) -> Doses:
    """The doses against influenza from the first simulated year on, which is where their ordinals begin."""
    first = scene.settings.population_on.year
    last = int(np.datetime64(scene.schedule.days[1], "D").astype("M8[Y]").astype(int)) + 1970
    days = autumn_doses(scene, range(first, last + 1))
    days = np.where(scene.lives.resident(np.arange(len(days))[:, None], days), days, NEVER)
    person, season = np.nonzero(days < NEVER)
    row = list(scene.facts.catalogue.vaccines.table["vaccine"]).index(INFLUENZA)
    key = scene.lives.people.no[person] * 100 + FIRST_AUTUMN + season
    ordinal = (days < NEVER).astype(np.int64).cumsum(axis=1)[person, season]
    return Doses(key, person, days[person, season], np.full(len(person), row), ordinal)


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
        *_reaction(scene, d),
    ]
    return Batch(feed, rows.sender, rows.period, people.no[d.person], columns, rows.defects)


def _reaction(scene: Scene, given: Doses) -> list[pa.Array]:
    """Day and kind of a suspected reaction, which are known when the row is sent: of few doses, by the next day."""
    draws = scene.draws
    at = draws.happens(scene.facts.catalogue.share["vaccination.reaction"], "vaccine reaction", given.key)
    day = given.day + draws.whole(2, "vaccine reaction after", given.key)
    day = np.minimum(day, scene.lives.death[given.person])
    which = np.where(at, draws.whole(len(REACTIONS), "which vaccine reaction", given.key), -1)
    return [pc.if_else(pa.array(at), day_text(day), ""), texts(REACTIONS, which)]
