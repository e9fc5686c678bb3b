"""Published indicators of treatment, blood and habits, counted in the truth like those of ``calibrate_counts``.

Bodies are measured once, in the middle of the years. Who is treated knows of the disease and takes drugs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow.compute as pc

from jobs.province.bodies import Measured, blood, measured, smoking
from jobs.province.calibrate_counts import Counting, Counts, by_middle
from jobs.province.calibrate_published import Published
from jobs.province.calibrate_sample import Sample
from jobs.province.draws import Floats, Ints
from jobs.province.lab_values import treated
from jobs.province.personal_details import nationality
from jobs.province.risks import SMOKES, drinkers

HAN = "01"  # GB/T 3304
SYSTOLIC, DIASTOLIC, HBA1C, ALBUMIN, CHOLESTEROL = 140, 90, 7.0, 30.0, 6.2  # the surveys' limits


def body(what: Callable[[Measured], np.ndarray]) -> Counting:
    """The mean of something measured of a body."""

    def count(sample: Sample, row: Published) -> Counts:
        there = sample.of_age(row, sample.middle)
        return _measured(sample, there, what), there * 1.0

    return count


def bmi(measures: Measured) -> Floats:
    return measures.weight / (measures.height / 100) ** 2


def smokers(sample: Sample, row: Published) -> Counts:
    there, everyone = sample.of_age(row, sample.middle), np.arange(len(sample))
    return there * (smoking(sample.scene, everyone, np.full(len(sample), sample.middle)) == SMOKES), there * 1.0


def drinking(sample: Sample, row: Published) -> Counts:
    there, people = sample.of_age(row, sample.middle), sample.scene.lives.people
    return there * drinkers(sample.scene.draws, sample.scene.facts, people.no, people.sex), there * 1.0


def of_a_minority(sample: Sample, row: Published) -> Counts:
    there, everyone = sample.of_age(row, sample.middle), np.arange(len(sample))
    code = nationality(sample.scene, everyone)
    other = np.asarray(pc.and_(pc.not_equal(code, HAN), pc.not_equal(code, "")))
    return there * other * 1.0, there * 1.0


def taking_drugs(*conditions: str) -> Counting:
    """People treated for any of these, among those who have it."""

    def count(sample: Sample, row: Published) -> Counts:
        ill = sample.of_age(row, sample.middle) * by_middle(sample, conditions, "onset")
        return ill * _treated(sample, conditions), ill

    return count


def taking_drugs_of_known(*conditions: str) -> Counting:
    """People treated for any of these, among those of whom a doctor knows."""

    def count(sample: Sample, row: Published) -> Counts:
        found = sample.of_age(row, sample.middle) * by_middle(sample, conditions, "diagnosis")
        return found * _treated(sample, conditions), found

    return count


def pressure_controlled(sample: Sample, row: Published) -> Counts:
    """People treated for hypertension whose pressure is below the limits, among those who have it."""
    ill = sample.of_age(row, sample.middle) * by_middle(sample, ("hypertension",), "onset")
    low = _measured(sample, ill > 0, lambda b: (b.systolic < SYSTOLIC) & (b.diastolic < DIASTOLIC))
    return low * _treated(sample, ("hypertension",)), ill


def sugar_controlled(*conditions: str) -> Counting:
    """People treated for diabetes with little glycated haemoglobin, among the treated."""

    def count(sample: Sample, row: Published) -> Counts:
        mine = sample.of_age(row, sample.middle) * _treated(sample, conditions)
        return _in_blood(sample, mine > 0, "HBA1C", lambda v: v < HBA1C), mine

    return count


def high_cholesterol(sample: Sample, row: Published) -> Counts:
    there = sample.of_age(row, sample.middle)
    return _in_blood(sample, there, "TC", lambda v: v >= CHOLESTEROL), there * 1.0


def kidney_disease(sample: Sample, row: Published) -> Counts:
    """People with an eGFR below 60 or albumin in the urine."""
    there = sample.of_age(row, sample.middle)
    albumin = _in_blood(sample, there, "ACR", lambda v: v >= ALBUMIN)
    return np.maximum(there * by_middle(sample, ("ckd",), "onset"), albumin), there * 1.0


def _treated(sample: Sample, conditions: tuple[str, ...]) -> np.ndarray:
    """Who is treated for any of these."""
    scene, everyone = sample.scene, np.arange(len(sample))
    day = np.full(len(sample), sample.middle)
    numbers = [scene.facts.conditions.index(c) for c in conditions if c in scene.facts.conditions.name]
    each = [treated(scene.draws, scene.facts, scene.lives, everyone, day, np.full(len(sample), c)) for c in numbers]
    return np.any(each, axis=0)


def _measured(sample: Sample, which: np.ndarray, what: Callable[[Measured], np.ndarray]) -> Floats:
    """Something measured of the bodies of some people; 0 of all others."""
    who, day, no = _drawn(sample, which)
    found = np.zeros(len(sample))
    found[who] = what(measured(sample.scene, who, day, no))
    return found


def _in_blood(sample: Sample, which: np.ndarray, item: str, what: Callable[[Floats], np.ndarray]) -> Floats:
    """Whether the laboratory's value of some people is so; 0 of all others."""
    who, day, no = _drawn(sample, which)
    found = np.zeros(len(sample))
    found[who] = what(blood(sample.scene, who, day, no, (item,))[item])
    return found


def _drawn(sample: Sample, which: np.ndarray) -> tuple[Ints, Ints, Ints]:
    """These people, the day, and the key of what is drawn that day."""
    who = np.flatnonzero(which)
    return who, np.full(len(who), sample.middle), sample.scene.lives.people.no[who]
