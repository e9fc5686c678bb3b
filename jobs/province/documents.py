"""EMR documents in Chinese: the notes of stays from admission to discharge or death, reports of imaging studies."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.care_feeds import encounter_no
from jobs.province.defects import Defect
from jobs.province.draws import Draws, Ints, repeated
from jobs.province.encounters import Encounters
from jobs.province.entries import Entries
from jobs.province.feeds import department_columns, doctor_no, patient_no, unique_text
from jobs.province.imaging import Studies, report_no, reports
from jobs.province.notes import WRITE, Notes, Texts
from jobs.province.personal import about_person
from jobs.province.recording import Batch, Scene, event_time, line_ends, rows_sent, texts, time_text
from jobs.province.stays import DIED

REPORT, ADMISSION, FIRST, PROGRESS, DISCHARGE, DEATH = range(6)
CODES = ("C0006", "C0034", "C0037", "C0038", "C0049", "C0050")  # WS/T 500
TITLES = ("检查报告", "入院记录", "首次病程记录", "日常病程记录", "出院记录", "死亡记录")
NUMBER = 16  # documents of a stay are numbered below this: by their kind, later notes of the course behind all kinds
MOST, EVERY = 4, 2.5  # later notes of the course at most, and the days from one to the next in short stays (assumed)
PARTS = ("chief_complaint", "present_illness", "past_history", "physical_examination", "narrative", "findings",
         "impression")  # fmt: skip
BROKEN = {
    "chief_complaint": Defect.COMPLAINT_LINE_END,
    "present_illness": Defect.ILLNESS_LINE_END,
    "narrative": Defect.NARRATIVE_LINE_END,
    "impression": Defect.TEXT_LINE_END,
}
"""The defect of each part in which a line may end."""


@dataclass(frozen=True)
class Documents(Entries):
    """One entry a document. ``number``: among those of its encounter. ``study``: position of the one reported."""

    kind: Ints
    of: Encounters
    day: Ints
    minute: Ints
    study: Ints
    number: Ints

    @property
    def key(self) -> Ints:
        """Unique among all documents."""
        return self.of.numbered(self.number, np.where(self.of.of_stay, NUMBER, 4).astype(np.int64))


def documents(draws: Draws, care: Encounters, done: Studies) -> Documents:
    """The notes of each stay and a report of each study."""
    stay = care.at(np.flatnonzero(care.of_stay))
    died = stay.way == DIED
    end = np.minimum(stay.left + 1, 1439)
    made = _documents(REPORT, done.of, done.reported_day, done.reported_minute, np.arange(len(done)))
    for part in (
        _documents(ADMISSION, stay, stay.day, np.minimum(stay.minute + 90, 1434)),
        _first(draws, stay),
        _later(draws, stay),
        _documents(DISCHARGE, stay, stay.until, end).at(np.flatnonzero(~died)),
        _documents(DEATH, stay, stay.until, end).at(np.flatnonzero(died)),
    ):
        made = made.and_(part)
    return made


def _documents(kind: int, of: Encounters, day: Ints, minute: Ints, study: Ints | None = None) -> Documents:
    number = np.full(len(of), kind)
    return Documents(number, of, day, minute, np.full(len(of), -1) if study is None else study, number)


def _first(draws: Draws, stay: Encounters) -> Documents:
    """The first note of the course, within eight hours of admission and before the patient leaves."""
    after = 100 + draws.whole(350, "first note after", stay.key)
    left = (stay.until - stay.day) * 1440 + stay.left
    minute = np.minimum(stay.minute + after, np.maximum(left - 1, stay.minute))
    return _documents(FIRST, stay, stay.day + minute // 1440, minute % 1440)


def _later(draws: Draws, stay: Encounters) -> Documents:
    """Later notes, from the day after admission to the one before the patient leaves, farther apart in long stays."""
    between = np.maximum(stay.until - stay.day - 1, 0)
    many = np.minimum(np.ceil(between / EVERY), MOST).astype(np.int64)
    of, nth = repeated(many)
    stay = stay.at(of)
    key = stay.numbered(len(CODES) + nth, NUMBER)
    part = (nth + draws.uniform("note day", key)) / many[of]
    day = stay.day + 1 + (part * between[of]).astype(np.int64)
    afternoon = draws.happens(0.3, "note in the afternoon", key)
    minute = 480 + draws.whole(200, "note minute", key) + afternoon * 370
    return replace(_documents(PROGRESS, stay, day, minute), number=len(CODES) + nth)


def emr_document(scene: Scene, written: Documents, done: Studies) -> Batch:
    """One row a document, sent on its day."""
    feed, people = "emr_document", scene.lives.people
    rows = rows_sent(scene, feed, written.key, written.of.person, written.of.hospital, written.day)
    d = written.at(rows.event)
    c, told = d.of, _told(scene, d, done)
    told["impression"] = pc.if_else(pa.array(rows.wrong), "待查", told["impression"])  # filled in later
    told |= {part: line_ends(scene, feed, rows, told[part], kind) for part, kind in BROKEN.items()}
    columns = [
        unique_text(scene, "W", "document", rows.key),
        texts(CODES, d.kind),
        texts(TITLES, d.kind),
        patient_no(scene, c.person, rows.sender, c.day),
        *about_person(scene, feed, rows, c.person, d.day),
        encounter_no(scene, c.of_stay, c.source),
        time_text(c.day, c.minute),
        pc.if_else(pa.array(np.isin(d.kind, (DISCHARGE, DEATH))), time_text(c.until, c.left), ""),
        pc.if_else(pa.array(d.kind == REPORT), report_no(scene, c.key), ""),
        texts(scene.institutions.code, rows.sender),
        *department_columns(scene, c.department, rows.sender),
        doctor_no(scene.draws, c.department, c.source),
        event_time(scene, feed, rows, d.day, d.minute),
        *told.values(),
    ]
    return Batch(feed, rows.sender, rows.period, people.no[c.person], columns, rows.defects)


def _told(scene: Scene, written: Documents, done: Studies) -> Texts:
    """What the parts of documents say; a part that a kind of document does not have is empty."""
    at = [np.flatnonzero(written.kind == kind) for kind in range(len(CODES))]
    by_kind: list[Texts] = []
    for kind, some in enumerate(at):
        if kind == REPORT:
            findings, impression = reports(scene, done.at(written.study[some]))
            by_kind.append({"findings": findings, "impression": impression})
            continue
        d = written.at(some)
        key = np.where(d.kind == PROGRESS, d.key, d.of.key)  # the same patient at admission, in two notes
        by_kind.append(WRITE[CODES[kind]](Notes(scene, d.of, d.day, key)))
    back = pa.array(np.argsort(np.concatenate(at)))
    none = [pa.array([""] * len(some), pa.string()) for some in at]
    return {p: pa.concat_arrays([t.get(p, none[k]) for k, t in enumerate(by_kind)]).take(back) for p in PARTS}
