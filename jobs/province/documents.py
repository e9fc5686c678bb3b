"""EMR documents in Chinese: admission, progress and discharge notes of stays, reports of imaging studies."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.bodies import measured
from jobs.province.care_feeds import encounter_no
from jobs.province.defects import Defect
from jobs.province.draws import Ints
from jobs.province.encounters import Encounters
from jobs.province.entries import Entries
from jobs.province.feeds import department_columns, doctor_no, patient_no, unique_text
from jobs.province.imaging import Studies, report_no
from jobs.province.life import Lives
from jobs.province.people import YEAR
from jobs.province.personal import about_person
from jobs.province.recording import (
    Batch,
    Scene,
    event_time,
    joined,
    line_ends,
    numbers,
    rows_sent,
    texts,
)

REPORT, ADMISSION, PROGRESS, DISCHARGE = range(4)
CODES, TITLES = ("C0006", "C0034", "C0038", "C0049"), ("检查报告", "入院记录", "日常病程记录", "出院记录")  # WS/T 500


@dataclass(frozen=True)
class Documents(Entries):
    """One entry a document. ``study`` is the position of the study it reports, else 0."""

    kind: Ints
    of: Encounters
    day: Ints
    minute: Ints
    study: Ints


def documents(lives: Lives, care: Encounters, done: Studies) -> Documents:
    """Three notes of each stay (the progress note from the second day on) and a report of each study."""
    stay = care.at(np.flatnonzero(care.of_stay))
    longer = stay.at(np.flatnonzero(stay.until - stay.day >= 2))
    parts = (
        (REPORT, done.of, done.reported_day, done.reported_minute),
        (ADMISSION, stay, stay.day, np.minimum(stay.minute + 90, 1434)),
        (PROGRESS, longer, longer.day + 1, np.full(len(longer), 555)),
        (DISCHARGE, stay, stay.until, np.minimum(stay.left + 1, 1439)),
    )
    every = Documents(
        np.repeat([p[0] for p in parts], [len(p[1]) for p in parts]),
        Encounters(*(np.concatenate([getattr(p[1], f.name) for p in parts]) for f in fields(Encounters))),
        np.concatenate([p[2] for p in parts]),
        np.concatenate([p[3] for p in parts]),
        np.concatenate([np.arange(len(done)), np.zeros(2 * len(stay) + len(longer), np.int64)]),
    )
    dead_before = (every.kind != REPORT) & (every.day > lives.death[every.of.person])
    return every.at(np.flatnonzero(~dead_before))


def emr_document(scene: Scene, written: Documents, done: Studies) -> Batch:
    """One row a document, sent on its day."""
    feed, people = "emr_document", scene.lives.people
    rows = rows_sent(
        scene, feed, written.of.numbered(written.kind, 4), written.of.person, written.of.hospital, written.day
    )
    d = written.at(rows.event)
    c, words = d.of, _Words(scene, d)
    reported, findings, told = _report(scene, d, done)
    none = pa.scalar("")
    of_kind = {k: pa.array(d.kind == k) for k in (ADMISSION, PROGRESS, DISCHARGE)}
    concluded = pc.if_else(reported, told, words.diagnosis)
    narrative = pc.if_else(of_kind[PROGRESS], words.progress, pc.if_else(of_kind[DISCHARGE], words.course, none))
    impression = pc.if_else(pa.array(rows.wrong), "待查", concluded)  # filled in later
    columns = [
        unique_text(scene, "W", "document", rows.key),
        texts(CODES, d.kind),
        texts(TITLES, d.kind),
        patient_no(scene, c.person, rows.sender, c.day),
        *about_person(scene, feed, rows, c.person, d.day),
        encounter_no(scene, c.of_stay, c.source),
        pc.if_else(reported, report_no(scene, c.key), none),
        *department_columns(scene, c.department, rows.sender),
        doctor_no(scene.draws, c.department, c.source),
        event_time(scene, feed, rows, d.day, d.minute),
        line_ends(scene, feed, rows, pc.if_else(of_kind[ADMISSION], words.since, none), Defect.COMPLAINT_LINE_END),
        line_ends(scene, feed, rows, pc.if_else(of_kind[ADMISSION], words.illness, none), Defect.ILLNESS_LINE_END),
        pc.if_else(of_kind[ADMISSION], words.past, none),
        pc.if_else(of_kind[ADMISSION], words.examined, none),
        line_ends(scene, feed, rows, narrative, Defect.NARRATIVE_LINE_END),
        pc.if_else(reported, findings, none),
        line_ends(scene, feed, rows, impression),
    ]
    return Batch(feed, rows.sender, rows.period, people.no[c.person], columns, rows.defects)


def _report(scene: Scene, written: Documents, done: Studies) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Which documents are reports; findings and impression of the study that each would report."""
    imaging, reported = scene.facts.catalogue.imaging, written.kind == REPORT
    study = np.where(reported, written.study, -1)
    size = len(imaging.uses)
    which = np.where(done.abnormal, done.use, size + done.item)[study] if len(done) else study
    told = (texts((*imaging.uses[c], *imaging.items[c]), which) for c in ("findings", "impression"))
    return pa.array(reported), *told


class _Words:
    """Texts of the notes of stays, row by row: what a diagnosis brings with it, and what is the patient's own."""

    def __init__(self, scene: Scene, written: Documents) -> None:
        draws, c, symptoms = scene.draws, written.of, scene.facts.catalogue.symptoms
        lasted = numbers(1 + draws.whole(14, "complaint days", c.source))
        complaint, history, examination = (
            texts(tuple(symptoms[n]), scene.facts.catalogue.symptom_of[c.diagnosis])
            for n in ("complaint", "history", "examination")
        )
        names = tuple(n.replace(",", "，") for n in scene.facts.codes.name)
        self.diagnosis = texts(names, c.diagnosis)
        self.since = joined(complaint, lasted, "天")
        self.illness = joined("患者", lasted, "天前无明显诱因出现", complaint, "，", history, "，为进一步诊治收入院。")
        self.past = joined(_known_conditions(scene, c), "，否认药物过敏史。")
        self.examined = joined(_vital_signs(scene, c), examination, "。")
        stayed = numbers(written.day - c.day + 1)
        self.progress = joined(
            "患者入院第", stayed, "天，", complaint, "较前减轻。查体：", examination, "。诊断：", self.diagnosis,
            "，继续目前治疗，注意观察病情变化。",
        )  # fmt: skip
        died = pa.array(scene.lives.death[c.person] == c.until)
        end = pc.if_else(died, "病情加重，经抢救无效死亡。", "症状好转，准予出院，门诊随访。")
        operated = pc.if_else(pa.array(c.operated), "并行手术治疗，", "")
        self.course = joined(
            "患者因", self.since, "入院，入院后完善相关检查，给予对症支持治疗，", operated, "住院",
            numbers(np.maximum(c.until - c.day, 1)), "天，", end,
        )  # fmt: skip


def _known_conditions(scene: Scene, care: Encounters) -> pa.Array:
    """The chronic conditions known when the patient came."""
    labels = scene.facts.conditions.table["label_zh"].tolist()
    known = scene.lives.health.diagnosis[care.person] < care.day[:, None]
    sets, of = np.unique(known, axis=0, return_inverse=True)
    lists = ("、".join(labels[c] for c in np.flatnonzero(s)) for s in sets)
    pool = tuple(f"既往有{told}病史" if told else "既往体健" for told in lists)
    return texts(pool, of.reshape(-1))


def _vital_signs(scene: Scene, care: Encounters) -> pa.Array:
    """Temperature, pulse, breathing, and the blood pressure of those over 14."""
    draws, key = scene.draws, care.key
    body = measured(scene, care.person, care.day, key)
    warm = numbers(36.2 + np.round(1.2 * draws.uniform("temperature", key) ** 2, 1), 1)
    pulse, breath = (numbers(a + draws.whole(b, n, key)) for a, b, n in ((62, 38, "pulse"), (16, 6, "breath")))
    pressure = joined("，BP ", numbers(body.systolic), "/", numbers(body.diastolic), "mmHg")
    grown = pa.array(care.day - scene.lives.people.birth[care.person] >= 14 * YEAR)
    return joined("T ", warm, "℃，P ", pulse, "次/分，R ", breath, "次/分", pc.if_else(grown, pressure, ""), "。")
