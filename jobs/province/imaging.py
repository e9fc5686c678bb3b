"""Imaging studies at visits and stays, by what was diagnosed: their metadata, and what their reports say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.province.care_feeds import encounter_no
from jobs.province.childbirth import days_to_birth
from jobs.province.delivery_notes import Children, delivers
from jobs.province.draws import Draws, Ints
from jobs.province.encounters import Encounters
from jobs.province.entries import Entries
from jobs.province.facts import ProvinceFacts
from jobs.province.feeds import patient_no, unique_text
from jobs.province.life import Lives
from jobs.province.personal import about_person
from jobs.province.pregnancies import LENGTH
from jobs.province.recording import Batch, Scene, event_time, numbers, rows_sent, texts, time_text
from jobs.province.visits import OTHER
from jobs.province.wording import CHILDREN, about_patient, filled, treated_before


@dataclass(frozen=True)
class Studies(Entries):
    """One entry a study; ``of`` says which encounters they belong to. ``use``, ``item``: rows of the catalogue.

    ``treated``: for a condition that has been treated by then.
    """

    of: Encounters
    day: Ints
    minute: Ints
    reported_day: Ints
    reported_minute: Ints
    use: Ints
    item: Ints
    abnormal: np.ndarray
    treated: np.ndarray

    def __len__(self) -> int:
        return len(self.day)

    @property
    def key(self) -> Ints:
        """One study an encounter, so theirs."""
        return self.of.key


def studies(draws: Draws, facts: ProvinceFacts, lives: Lives, care: Encounters) -> Studies:
    """The study at a share of encounters: the same hour at a visit, by the next day of a stay, a mother's by the day
    after the birth."""
    imaging = facts.catalogue.imaging
    share = np.where(care.of_stay, imaging.at_stay[care.diagnosis], imaging.at_visit[care.diagnosis])
    done = care.at(np.flatnonzero(draws.happens(share, "study", care.key)))
    use = imaging.choice.pick(draws.uniform("study of", done.key), _studied_for(facts, done))
    next_day = done.of_stay & (done.until > done.day)
    born = np.where(delivers(facts, done), days_to_birth(draws, done.source), 0)
    day = np.minimum(done.day + born + next_day, done.until)
    minute = np.where(next_day, 480 + draws.whole(480, "study minute", done.key), np.minimum(done.minute + 30, 1430))
    minute = np.where(next_day & (day == done.until), np.minimum(minute, done.left - 20), minute)
    later = draws.happens(0.25, "study reported later", done.key)
    wait = 40 + draws.whole(180, "study reported after", done.key)
    reported = np.where(later, 500 + wait, np.minimum(minute + wait, 1438))
    abnormal = draws.happens(imaging.abnormal[use], "study abnormal", done.key)
    item, treated = imaging.item_of_use[use], treated_before(facts, lives, done)
    made = Studies(done, day, minute, day + later, reported, use, item, abnormal, treated)
    return made.at(np.flatnonzero(day <= lives.death[done.person]))


def _studied_for(facts: ProvinceFacts, care: Encounters) -> Ints:
    """The diagnosis that a study is about: of a cancer, that of its site, whatever is done about it."""
    site = facts.conditions.site[np.maximum(care.condition, 0)]
    number = {code: n for n, code in enumerate(facts.codes.icd10)}
    of_site = np.array([number[code] for code in facts.catalogue.cancers.table["icd10"]])
    return np.where((care.condition != OTHER) & (site >= 0), of_site[site], care.diagnosis)


def reports(scene: Scene, done: Studies) -> tuple[pa.Array, pa.Array]:
    """What the reports of studies say: findings, impression."""
    imaging = scene.facts.catalogue.imaging
    later = done.treated & imaging.uses["treated_findings"].notna().to_numpy()[done.use]
    which = np.where(done.abnormal, done.use + later * len(imaging.uses), done.item + 2 * len(imaging.uses))
    told = (
        texts((*imaging.uses[c], *imaging.uses[f"treated_{c}"].fillna(""), *imaging.items[c]), which)
        for c in ("findings", "impression")
    )
    born = Children.of(scene.lives.people, done.of.person, done.day, done.day + LENGTH).count
    children = texts(("单活胎", "双活胎"), np.clip(born, 1, 2) - 1)
    findings, impression = (filled(about_patient(scene, done.of, t), CHILDREN, children) for t in told)
    return findings, impression


def report_no(scene: Scene, key: Ints) -> pa.Array:
    """The number of a study's report."""
    return unique_text(scene, "X", "report", key)


def imaging_study(scene: Scene, done: Studies) -> Batch:
    """One row a study, available on the day of the report."""
    feed, draws, items = "imaging_study", scene.draws, scene.facts.catalogue.imaging.items
    rows = rows_sent(scene, feed, done.key, done.of.person, done.of.hospital, done.reported_day)
    s = done.at(rows.event)
    c = s.of
    images = items["images"].to_numpy()[s.item] * (0.8 + 0.4 * draws.uniform("images", rows.key))
    images = np.maximum(np.rint(images), 1) - rows.wrong  # sent before the last image had come

    def of_item(column: str) -> pa.Array:
        return texts(tuple(items[column]), s.item)

    columns = [
        unique_text(scene, "2.25.", "study", rows.key),
        report_no(scene, rows.key),
        patient_no(scene, c.person, rows.sender, c.day),
        *about_person(scene, feed, rows, c.person, s.day),
        encounter_no(scene, c.of_stay, c.source),
        of_item("modality"),
        of_item("body_part"),
        of_item("category"),
        of_item("item"),
        of_item("name_zh"),
        texts(scene.facts.codes.department_code, c.department),
        event_time(scene, feed, rows, s.day, s.minute),
        time_text(s.reported_day, s.reported_minute),
        numbers(items["series"].to_numpy()[s.item]),
        numbers(images),
    ]
    return Batch(feed, rows.sender, rows.period, scene.lives.people.no[c.person], columns, rows.defects)
