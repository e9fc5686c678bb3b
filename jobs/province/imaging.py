"""Imaging studies at visits and stays, by what was diagnosed: their metadata. The report is an EMR document."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.province.care_feeds import encounter_no
from jobs.province.draws import Draws, Ints
from jobs.province.encounters import Encounters
from jobs.province.entries import Entries
from jobs.province.facts import ProvinceFacts
from jobs.province.feeds import patient_no, unique_text
from jobs.province.life import Lives
from jobs.province.personal import about_person
from jobs.province.recording import Batch, Scene, event_time, numbers, rows_sent, texts, time_text


@dataclass(frozen=True)
class Studies(Entries):
    """One entry a study; ``of`` says which encounters they belong to. ``use``, ``item``: rows of the catalogue."""

    of: Encounters
    day: Ints
    minute: Ints
    reported_day: Ints
    reported_minute: Ints
    use: Ints
    item: Ints
    abnormal: np.ndarray

    def __len__(self) -> int:
        return len(self.day)

    @property
    def key(self) -> Ints:
        """One study an encounter, so theirs."""
        return self.of.key


def studies(draws: Draws, facts: ProvinceFacts, lives: Lives, care: Encounters) -> Studies:
    """The study at a share of encounters: the same hour at a visit, by the next day of a stay."""
    imaging = facts.catalogue.imaging
    share = np.where(care.of_stay, imaging.at_stay[care.diagnosis], imaging.at_visit[care.diagnosis])
    done = care.at(np.flatnonzero(draws.happens(share, "study", care.key)))
    use = imaging.choice.pick(draws.uniform("study of", done.key), done.diagnosis)
    next_day = done.of_stay & (done.until > done.day)
    day = done.day + next_day
    minute = np.where(next_day, 480 + draws.whole(480, "study minute", done.key), np.minimum(done.minute + 30, 1430))
    later = draws.happens(0.25, "study reported later", done.key)
    wait = 40 + draws.whole(180, "study reported after", done.key)
    reported = np.where(later, 500 + wait, np.minimum(minute + wait, 1438))
    abnormal = draws.happens(imaging.abnormal[use], "study abnormal", done.key)
    made = Studies(done, day, minute, day + later, reported, use, imaging.item_of_use[use], abnormal)
    return made.at(np.flatnonzero(day <= lives.death[done.person]))


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
