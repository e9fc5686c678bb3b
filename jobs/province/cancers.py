"""Cancers by site and the registry's cards. Lung cancer is the condition of that name; other sites have own hazards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Choice, Ints
from jobs.province.entries import Entries
from jobs.province.facts import AGES
from jobs.province.feeds import patient_no, unique_text
from jobs.province.people import NEVER, YEAR
from jobs.province.personal import about_person, residence
from jobs.province.recording import Batch, Scene, day_text, event_date, rows_sent, texts
from jobs.province.truth import Event

BEFORE = 0.5  # years before the first day from which cancers may not be found yet (assumed)
BASES = ("7", "6", "5", "4", "2", "1", "9")
REPORTED_AFTER = (20, 120)  # least days, and how many more at most (assumed)
GRADES, GRADE_SHARES = ("1", "2", "3", "4", "9"), (0.1, 0.3, 0.2, 0.03, 0.37)  # (assumed)


@dataclass(frozen=True)
class Cancers(Entries):
    """One entry a cancer. ``site`` is a row of the catalogue's; ``diagnosed`` is ``NEVER`` where it is not found."""

    key: Ints
    person: Ints
    site: Ints
    onset: Ints
    diagnosed: Ints


def cancers(scene: Scene) -> Cancers:
    """Every cancer of these lives, found or not; onset follows from the cumulative hazard from the first day on."""
    draws, lives, share = scene.draws, scene.lives, scene.facts.catalogue.share
    people, sites = lives.people, scene.facts.catalogue.cancers
    before = np.maximum(people.age(people.first) - BEFORE, 0)
    parts = []
    for n in range(1, len(sites.table)):
        u = draws.exponential("cancer", people.no, n)
        age = np.full(len(people), np.inf)
        for s in (0, 1):
            hazard = np.concatenate([[0], np.cumsum(sites.rate[n, s])])
            at, who = np.arange(len(AGES) + 1), people.sex == s
            wanted = np.interp(before[who], at, hazard) + u[who]
            age[who] = np.where(wanted < hazard[-1], np.interp(wanted, hazard, at), np.inf)
        ill = np.flatnonzero(np.isfinite(age))
        onset = people.birth[ill] + (age[ill] * YEAR).astype(np.int64)
        key = people.no[ill] * 100 + n
        delay = (draws.exponential("cancer delay", key) * share["cancer.delay_years"] * YEAR).astype(np.int64)
        found = draws.happens(share["cancer.diagnosed"], "cancer found", key)
        parts.append((key, ill, np.full(len(ill), n), onset, np.where(found, onset + delay, NEVER)))
    lung = scene.facts.conditions.lung
    ill = np.flatnonzero(lives.health.onset[:, lung] < NEVER)
    days = (lives.health.onset[ill, lung], lives.health.diagnosis[ill, lung])
    parts.append((people.no[ill] * 100, ill, np.zeros(len(ill), np.int64), *days))
    return Cancers(*(np.concatenate(p) for p in zip(*parts, strict=True)))


def cancer_card(scene: Scene, found: Cancers) -> Batch:
    """One row a cancer found in a resident, sent months later by the city's centre for disease control."""
    feed, draws, lives, places = "cancer_card", scene.draws, scene.lives, scene.facts.places
    share, table = scene.facts.catalogue.share, scene.facts.catalogue.cancers.table
    found = found.at(np.flatnonzero(lives.resident(found.person, found.diagnosed)))
    county = lives.county(found.person, found.diagnosed)
    hospital = scene.institutions.visited(places, county, draws.uniform("cancer hospital", found.key))
    reported = found.diagnosed + REPORTED_AFTER[0] + draws.whole(REPORTED_AFTER[1], "cancer reported", found.key)
    sender = scene.institutions.disease_control[places.city[county]]
    rows = rows_sent(scene, feed, found.key, found.person, sender, reported)
    e, c = rows.event, found.at(rows.event)
    stages = Choice.of(table[[f"stage_{n}" for n in range(1, 5)]].to_numpy(np.float64))
    unknown = rows.wrong | draws.happens(share["cancer.stage_unknown"], "stage unknown", rows.key)  # or not yet known
    stage = np.where(unknown, 4, stages.pick(draws.uniform("stage", rows.key), c.site))
    basis = Choice.of([share[f"cancer.basis_{b}"] for b in BASES]).pick(draws.uniform("basis", rows.key))
    grade = Choice.of(GRADE_SHARES).pick(draws.uniform("grade", rows.key))
    columns = [
        unique_text(scene, "N", "cancer card", rows.key),
        patient_no(scene, c.person, hospital[e], c.diagnosed),
        *about_person(scene, feed, rows, c.person, c.diagnosed),
        residence(scene, feed, rows, county[e]),
        texts(tuple(table["icd10"]), c.site),
        texts(tuple(table["name_zh"]), c.site),
        texts(tuple(table["morphology"]), c.site),
        texts(GRADES, grade),
        texts(BASES, basis),
        texts(("1", "2", "3", "4", "9"), stage),
        event_date(scene, feed, rows, c.diagnosed),
        day_text(reported[e]),
        texts(("1", "2"), (lives.death[c.person] <= reported[e]).astype(np.int64)),
        texts(scene.institutions.code, hospital[e]),
    ]
    return Batch(feed, rows.sender, rows.period, lives.people.no[c.person], columns, rows.defects)


def cancer_events(scene: Scene, found: Cancers) -> list[Event]:
    """Onset and diagnosis by site while people lived, lung cancer aside, as the truth tells events."""
    events: list[Event] = []
    for n, name in enumerate(scene.facts.catalogue.cancers.table["site"]):
        for kind, days in (("onset", found.onset), ("diagnosis", found.diagnosed)):
            mine = (found.site == n) & (n > 0) & (days <= scene.lives.death[found.person])
            events.append((f"{name}_cancer_{kind}", found.person[mine], days[mine]))
    return events[2:]
