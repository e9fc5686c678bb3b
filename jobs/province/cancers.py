"""Cancers by site as the registry sees them: its cards, and the truth about stage and screening."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.province.courses import cancer_treatment
from jobs.province.draws import Ints
from jobs.province.entries import Entries
from jobs.province.feeds import patient_no, unique_text
from jobs.province.illness import attends_screening
from jobs.province.people import NEVER, YEAR
from jobs.province.personal import about_person, residence
from jobs.province.recording import Batch, Scene, day_text, event_date, rows_sent, texts
from jobs.province.tumours import (
    BASES,
    CERTIFICATE_ONLY,
    GRADES,
    findings,
    first_operation,
    morphologies,
    treatment,
)

STAGES = ("1", "2", "3", "4", "9", "")  # none where a cancer is not staged
UNKNOWN, NOT_STAGED = 4, 5
TREATMENTS = ("99", "01", "02", "03")  # none of these, surgery, chemotherapy, radiotherapy: CV06.00.203 (memory)
REPORTED_AFTER = (20, 120)  # least days, and how many more at most (assumed)
TREATED_AFTER = 16  # days of life after the diagnosis that the first treatment needs


@dataclass(frozen=True)
class Cancers(Entries):
    """One entry a cancer. ``site`` is a row of the catalogue's; ``diagnosed`` is ``NEVER`` where it is not found."""

    key: Ints
    person: Ints
    site: Ints
    onset: Ints
    diagnosed: Ints
    stage: Ints  # 0 to 3, at diagnosis
    screened: np.ndarray  # found at a screening
    at_death: np.ndarray  # found no earlier


def cancers(scene: Scene) -> Cancers:
    """Every cancer of these lives, found or not; who dies of one before it is found is known by the death."""
    lives, conditions = scene.lives, scene.facts.conditions
    health, people = lives.health, lives.people
    person, site = np.nonzero(health.onset[:, conditions.cancers] < NEVER)
    c, no = conditions.cancers[site], people.no[person]
    onset = health.onset[person, c]
    seen = attends_screening(scene.draws, scene.facts, no, c, (onset - people.birth[person]) / YEAR)
    stage = health.grade[person, c].astype(np.int64)
    diagnosed, death = health.diagnosis[person, c], lives.death[person]
    at_death = (diagnosed < NEVER) & (onset <= death) & (diagnosed > death)
    return Cancers(
        tumour_key(no, site), person, site, onset, np.where(at_death, death, diagnosed), stage, seen, at_death
    )


def tumour_key(no: Ints, site: Ints) -> Ints:
    """The key of a person's cancer of a site."""
    return no * 100 + site


def cancer_card(scene: Scene, found: Cancers) -> Batch:
    """One row a cancer found in a resident, sent months later by the city's centre for disease control."""
    feed, draws, lives, places = "cancer_card", scene.draws, scene.lives, scene.facts.places
    share, table = scene.facts.catalogue.share, scene.facts.catalogue.cancers.table
    found = found.at(np.flatnonzero(lives.resident(found.person, found.diagnosed)))
    county = lives.county(found.person, found.diagnosed)
    severity = scene.facts.conditions.severity[scene.facts.conditions.cancers[found.site]]
    hospital = scene.institutions.visited(places, county, severity, draws.uniform("cancer hospital", found.key))
    reported = found.diagnosed + REPORTED_AFTER[0] + draws.whole(REPORTED_AFTER[1], "cancer reported", found.key)
    sender = scene.institutions.disease_control[places.city[county]]
    rows = rows_sent(scene, feed, found.key, found.person, sender, reported)
    e, c = rows.event, found.at(rows.event)
    sites, only = tuple(table["site"]), share["cancer.death_certificate_only"]
    seen = findings(draws, sites, c.site, c.at_death, only, rows.key)
    unknown = rows.wrong | draws.happens(share["cancer.stage_unknown"], "stage unknown", rows.key)  # or not yet known
    unknown |= seen.basis == CERTIFICATE_ONLY
    related = draws.happens(share["cancer.family_history"], "cancer in the family", rows.key)
    columns = [
        unique_text(scene, "N", "cancer card", rows.key),
        patient_no(scene, c.person, hospital[e], c.diagnosed),
        *about_person(scene, feed, rows, c.person, c.diagnosed),
        residence(scene, feed, rows, county[e]),
        texts(tuple(table["icd10"]), c.site),
        texts(tuple(table["name_zh"]), c.site),
        texts(morphologies(), seen.morphology),
        texts(GRADES, seen.grade),
        texts(BASES, seen.basis),
        *_extent(scene, c, unknown),
        *_treatment(scene, c, seen.basis == CERTIFICATE_ONLY),
        texts(("F", "T"), related.astype(np.int64)),
        event_date(scene, feed, rows, c.diagnosed),
        day_text(reported[e]),
        texts(("1", "2"), (lives.death[c.person] <= reported[e]).astype(np.int64)),
        texts(scene.institutions.code, hospital[e]),
    ]
    return Batch(feed, rows.sender, rows.period, lives.people.no[c.person], columns, rows.defects)


def _extent(scene: Scene, c: Cancers, unknown: np.ndarray) -> list[pa.Array]:
    """Clinical stage, stage by TNM, whether the cancer has spread, and where to: nothing of the last if not staged."""
    table = scene.facts.catalogue.cancers.table
    by = table["staged_by"].to_numpy()[c.site]
    stage = np.where(unknown, UNKNOWN, c.stage)
    spread = (by == "tnm") & (c.stage == 3)
    places = [t.split("|") for t in table["spreads_to"].fillna("")]
    first = np.cumsum([0, *map(len, places)])
    which = scene.draws.uniform("cancer spread to", c.key) * np.diff(first)[c.site]
    where = first[c.site] + which.astype(np.int64)
    return [
        texts(STAGES, np.where(by == "none", NOT_STAGED, stage)),
        texts(STAGES, np.where(by == "tnm", stage, NOT_STAGED)),
        texts(("F", "T"), np.where(unknown, -1, spread)),
        texts(tuple(p for mine in places for p in mine), np.where(spread & ~unknown, where, -1)),
    ]


def _treatment(scene: Scene, c: Cancers, unseen: np.ndarray) -> list[pa.Array]:
    """The first treatment, and the kind of first operation, as the courses of ``courses`` have it."""
    draws, facts, lives = scene.draws, scene.facts, scene.lives
    no, condition = lives.people.no[c.person], facts.conditions.cancers[c.site]
    lived = lives.death[c.person] > c.diagnosed + TREATED_AFTER
    operated, *others = (t & lived for t in cancer_treatment(draws, facts, no, condition, c.stage))
    return [
        texts(TREATMENTS, np.where(unseen, -1, treatment(operated, *others))),
        texts(("1", "2", "3"), first_operation(draws, c.stage, operated, c.key)),
    ]


def cancer_truth(scene: Scene, found: Cancers) -> pa.Table:
    """Of each cancer diagnosed in the run's days: person, site, onset, day of diagnosis, stage, whether screening found
    it."""
    first, last = scene.schedule.days
    dead = scene.lives.death[found.person]
    c = found.at(np.flatnonzero((found.diagnosed >= first) & (found.diagnosed <= np.minimum(last, dead))))
    return pa.table(
        {
            "person": scene.lives.people.no[c.person],
            "site": texts(tuple(scene.facts.catalogue.cancers.table["site"]), c.site),
            "onset": pa.array(c.onset.astype(np.int32), pa.date32()),
            "diagnosed": pa.array(c.diagnosed.astype(np.int32), pa.date32()),
            "stage": pa.array((c.stage + 1).astype(np.int32)),
            "screened": pa.array(c.screened),
        }
    )
