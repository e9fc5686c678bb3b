"""What never reaches the centre, or late: decided for each event of a life, by place and age, before rows are made.

Deaths at home without a certificate; births and care outside the province; infections nobody notified; the dead and
the departed whom the register still holds; residents who are given a new number at an institution now and then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.province.childbirth import days_to_birth, is_childbirth
from jobs.province.codebook import age_group
from jobs.province.deaths import HOME, Deaths
from jobs.province.draws import Ints
from jobs.province.health_files import several_files
from jobs.province.notifying import Infections, Reports
from jobs.province.people import NEVER, NOBODY, YEAR
from jobs.province.recording import Scene
from jobs.province.registry_feeds import DEATH, MOVE_OUT, RegisterEvents
from jobs.province.shares import Shares
from jobs.province.stays import Stays
from jobs.province.truth import appears
from jobs.province.visits import Visits

TOLD_AFTER = (30, 700)  # days until the register hears of it at last: at least, and how many more at most


@dataclass(frozen=True)
class Delivered:
    """What is delivered, by position among what happened. ``told``: when the register hears of each of its events."""

    visit: np.ndarray
    stay: np.ndarray
    death: np.ndarray
    birth: np.ndarray  # by person
    told: Ints


def delivered(
    scene: Scene, visits: Visits, stays: Stays, deaths: Deaths, registered: RegisterEvents, reports: Reports
) -> Delivered:
    """Draw what of all this is delivered; visits at which an infection is reported are."""
    share = scene.settings.undelivered
    at_home = deaths.place == HOME
    notified_here = np.isin(visits.key, reports.key)
    uncertified = at_home & _happens(scene, share.home_death, "home death", deaths.person, deaths.day)
    return Delivered(
        notified_here
        | ~_happens(scene, share.care_elsewhere, "visit elsewhere", visits.person, visits.day, visits.key),
        ~_stay_elsewhere(scene, stays),
        ~uncertified,
        ~_born_elsewhere(scene),
        _told(scene, registered, deaths.person[uncertified]),
    )


def _happens(scene: Scene, share: Shares, purpose: str, person: Ints, day: Ints, key: Ints | None = None) -> np.ndarray:
    """Whether it happens to each of these people that day, by place and age; drawn by key, else by person."""
    most = max(*share.urban, *share.rural)
    u = scene.draws.uniform(purpose, scene.lives.people.no[person] if key is None else key)
    maybe = np.flatnonzero(u < most)  # few: the rest is decided without looking up places
    person, day = person[maybe], day[maybe]
    county = scene.lives.county(person, day)
    group = age_group((day - scene.lives.people.birth[person]) / YEAR)
    happens = np.zeros(len(u), bool)
    happens[maybe] = (u[maybe] < share.of(scene.facts.places.urban[county], group)) & (county >= 0)
    return happens


def _stay_elsewhere(scene: Scene, stays: Stays) -> np.ndarray:
    """Childbirth follows the birth; other stays have the share of visits."""
    share = scene.settings.undelivered
    other = _happens(scene, share.care_elsewhere, "stay elsewhere", stays.person, stays.admitted, stays.key)
    elsewhere = _birth_elsewhere(scene, stays.person, stays.admitted + days_to_birth(scene.draws, stays.key))
    return np.where(is_childbirth(stays.key), elsewhere, other)


def _birth_elsewhere(scene: Scene, mother: Ints, day: Ints) -> np.ndarray:
    key = scene.lives.people.no[mother] * 100_000 + day
    return _happens(scene, scene.settings.undelivered.birth_elsewhere, "birth elsewhere", mother, day, key)


def _born_elsewhere(scene: Scene) -> np.ndarray:
    """Who of all people is born outside the province to a resident."""
    people = scene.lives.people
    child = np.flatnonzero((people.birth == people.first) & (people.mother != NOBODY))
    elsewhere = np.zeros(len(people), bool)
    elsewhere[child] = _birth_elsewhere(scene, people.mother[child], people.birth[child])
    return elsewhere


def _told(scene: Scene, registered: RegisterEvents, uncertified: Ints) -> Ints:
    """The day on which the register hears of each event: at once, save of some deaths and departures."""
    share, person, day = scene.settings.undelivered, registered.person, registered.day
    key = scene.lives.people.no[person] * 40_000 + day
    after = TOLD_AFTER[0] + scene.draws.whole(TOLD_AFTER[1] - TOLD_AFTER[0] + 1, "register told after", key)
    home = (registered.code == DEATH) & np.isin(person, uncertified)
    leaves = np.isin(registered.code, (DEATH, MOVE_OUT)) & ~home
    the_day_before = day - 1  # where those who depart still live
    never, late = (
        _happens(scene, s, purpose, person, the_day_before, key)
        for s, purpose in ((share.register_never, "register never told"), (share.register_late, "register told late"))
    )
    unheard = _happens(scene, share.home_death_unheard, "home death unheard of", person, the_day_before, key)
    never, late = np.where(home, unheard, leaves & never), home | (leaves & late)
    return np.where(never, NEVER, np.where(late, day + after, day))


def undelivered(
    scene: Scene,
    visits: Visits,
    stays: Stays,
    deaths: Deaths,
    registered: RegisterEvents,
    infected: Infections,
    reaches: Delivered,
) -> pa.Table:
    """What of the run's days a feed never delivers: kind, person, date, feed; ``known`` where it is told late.

    ``several_files`` are the residents (on the day the truth knows them from) with several numbers at an institution.
    """
    people = scene.lives.people
    lost = ~reaches.stay
    childbirth = is_childbirth(stays.key)
    late = np.flatnonzero(reaches.told != registered.day)
    uncertified = deaths.person[~reaches.death]
    home = (registered.code[late] == DEATH) & np.isin(registered.person[late], uncertified)
    born = np.flatnonzero(~reaches.birth)
    several = np.flatnonzero(several_files(scene))
    told = reaches.told[late]
    parts = [
        ("care_elsewhere", "outpatient_visit", visits.person[~reaches.visit], visits.day[~reaches.visit], None),
        ("care_elsewhere", "inpatient_home_page", *_of(stays, lost & ~childbirth), None),
        ("birth_elsewhere", "inpatient_home_page", *_of(stays, lost & childbirth), None),
        ("birth_elsewhere", "birth_certificate", born, people.birth[born], None),
        ("home_death", "death_certificate", uncertified, deaths.day[~reaches.death], None),
        ("home_death", "resident_register", registered.person[late[home]], registered.day[late[home]], told[home]),
        (
            "still_registered",
            "resident_register",
            registered.person[late[~home]],
            registered.day[late[~home]],
            told[~home],
        ),
        (
            "unnotified",
            "infectious_card",
            infected.person[~infected.notified],
            infected.day[~infected.notified],
            None,
        ),
        ("several_files", None, several, appears(scene)[several], None),
    ]
    return pa.concat_tables([_rows(scene, *p) for p in parts])


def _of(stays: Stays, which: np.ndarray) -> tuple[Ints, Ints]:
    return stays.person[which], stays.admitted[which]


def _rows(scene: Scene, kind: str, feed: str | None, person: Ints, day: Ints, known: Ints | None) -> pa.Table:
    first, last = scene.schedule.days
    inside = (day >= first) & (day <= last)
    known = np.full(len(day), NEVER) if known is None else known
    n = int(inside.sum())
    return pa.table(
        {
            "kind": pa.array([kind] * n, pa.string()),
            "person": scene.lives.people.no[person[inside]],
            "date": pa.array(day[inside].astype(np.int32), pa.date32()),
            "feed": pa.array([feed] * n, pa.string()),
            "known": pa.array(
                np.where(known >= NEVER, 0, known)[inside].astype(np.int32), pa.date32(), mask=known[inside] >= NEVER
            ),
        }
    )
