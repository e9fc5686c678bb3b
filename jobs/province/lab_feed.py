"""Rows of laboratory results, column by column in the order of their contract (``conf/contract/laboratory.yaml``)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.care_feeds import encounter_no
from jobs.province.draws import Floats, Ints
from jobs.province.feeds import patient_no, short_text
from jobs.province.lab_lists import GROWN, NONE
from jobs.province.laboratory import Results, Taken
from jobs.province.people import YEAR
from jobs.province.personal import about_person
from jobs.province.recording import Batch, Scene, day_text, event_time, joined, numbers, rows_sent, texts, time_text
from jobs.province.units import in_units, item_columns

HIGH, LOW, NORMAL, ABNORMAL = range(4)  # abnormal: of a result without a number
DAY = 1440  # minutes
STATES, STATE_SHARES = ("合格", "溶血", "脂血"), (0.985, 0.995)  # of a specimen (assumed)


def laboratory(scene: Scene, results: Results) -> Batch:
    """One row a result, available on the day of its panel's report."""
    feed, draws, people, lab = "laboratory", scene.draws, scene.lives.people, scene.facts.laboratory
    reported = _reported(scene, results.of)
    rows = rows_sent(scene, feed, results.key, results.of.person, results.of.hospital, reported // DAY)
    e = rows.event
    t, item, reported = results.of.at(e), results.item[e], reported[e]
    value = np.where(rows.wrong, 10.0, 1.0) * results.value[e]  # a decimal point slipped, corrected later
    value = _rounded(value, lab.items["decimals"].to_numpy()[item])
    low, high = (_limit(scene, side, item, t) for side in ("low", "high"))
    grade = _grade(scene, item, results.value[e], rows.wrong)
    unit = in_units(scene, feed, rows, item, value, low, high)
    in_words = pa.array(grade != NONE)
    number = pc.if_else(in_words, "", unit[0])
    specimens, specimen = _pool(scene, "specimen", item)
    came = t.day * DAY + t.minute + 15 + draws.whole(30, "specimen received", t.draw)
    report = short_text(scene, "R", "report", t.report)
    columns = [
        joined(report, "-", numbers(item + 1)),
        report,
        patient_no(scene, t.person, rows.sender, t.day - t.ill_for),
        *about_person(scene, feed, rows, t.person, t.day),
        encounter_no(scene, t.of_stay, t.source),
        texts(scene.facts.codes.department_code, t.department),
        short_text(scene, "B", "specimen", (t.number * 4 + specimen) * 2 + t.of_stay),
        texts(specimens, specimen),
        texts(STATES, np.searchsorted(STATE_SHARES, draws.uniform("specimen state", t.draw, specimen))),
        event_time(scene, feed, rows, t.day, t.minute),
        time_text(came // DAY, came % DAY),
        day_text(reported // DAY),
        time_text(reported // DAY, reported % DAY),
        texts(*_pool(scene, "category", item)),
        *item_columns(scene, feed, rows, item),
        texts(*_pool(scene, "method", item)),
        pc.if_else(in_words, texts(lab.grades.text, grade), number),
        number,
        pc.if_else(in_words, "", unit[1]),
        *unit[2:],
        texts(("H", "L", "N", "A"), _flag(scene, value, low, high, grade)),
    ]
    return Batch(feed, rows.sender, rows.period, people.no[t.person], columns, rows.defects)


def _reported(scene: Scene, taken: Taken) -> Ints:
    """When panels are reported, in minutes: within hours, a fifth a day later."""
    later = scene.draws.happens(0.2, "reported later", taken.draw)
    return (taken.day + later) * DAY + taken.minute + 60 + scene.draws.whole(240, "lab takes", taken.report)


def _rounded(value: Floats, decimals: Ints) -> Floats:
    return np.select([decimals == d for d in (0, 1, 2)], [np.round(value, d) for d in (0, 1, 2)], np.round(value, 3))


def _limit(scene: Scene, side: str, item: Ints, taken: Taken) -> Floats:
    """Of the reference interval by sex; children's are as far from their mean as adults' are from theirs."""
    lab, people = scene.facts.laboratory, scene.lives.people
    sex = people.sex[taken.person]
    limit = lab.items[[f"ref_{side}_male", f"ref_{side}_female"]].to_numpy(np.float64)[item, sex]
    age = (taken.day - people.birth[taken.person]) / YEAR
    of_child = np.flatnonzero((age < GROWN) & lab.of_children[item])
    share = lab.usual(item[of_child], sex[of_child], age[of_child]) / lab.means[item[of_child], sex[of_child], -1]
    limit[of_child] = _rounded(limit[of_child] * share, lab.items["decimals"].to_numpy()[item[of_child]])
    return limit


def _grade(scene: Scene, item: Ints, value: Floats, wrong: np.ndarray) -> Ints:
    """What a result without a number says; at first the opposite, where it is corrected later."""
    grades = scene.facts.laboratory.grades
    grade, none = grades.of(item, value), grades.first[item]
    opposite = np.where(grade == none, none + 1, none)
    return np.where(wrong & (grade != NONE), opposite, grade)


def _flag(scene: Scene, value: Floats, low: Floats, high: Floats, grade: Ints) -> Ints:
    of_number = np.where(value > high, HIGH, np.where(value < low, LOW, NORMAL))
    of_words = np.where(scene.facts.laboratory.grades.abnormal[grade], ABNORMAL, NORMAL)
    return np.where(grade == NONE, of_number, of_words)


def _pool(scene: Scene, column: str, item: Ints) -> tuple[tuple[str, ...], Ints]:
    """The texts of a column of the items, and which of them each item has."""
    found = scene.facts.laboratory.items[column].astype("category")
    return tuple(found.cat.categories), found.cat.codes.to_numpy(np.int64)[item]
