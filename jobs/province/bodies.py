"""What is measured of a body: size, blood pressure, blood values, smoking. They follow from the person and illness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Floats, Ints
from jobs.province.laboratory import value
from jobs.province.recording import Scene

NEVER_SMOKED, STOPPED, SMOKES = range(3)
WITH_METABOLIC = 0.4  # how far the body mass index goes with the factor behind hypertension and diabetes (assumed)


@dataclass(frozen=True)
class Measured:
    """One entry a measurement of an adult."""

    height: Floats
    weight: Floats
    systolic: Ints
    diastolic: Ints
    glucose: Floats
    hba1c: Floats
    haemoglobin: Floats


def measured(scene: Scene, person: Ints, day: Ints, key: Ints) -> Measured:
    """Height, weight, blood pressure and blood of people on a day."""
    draws, people, share = scene.draws, scene.lives.people, scene.facts.catalogue.share
    no, age = people.no[person], (day - people.birth[person]) / 365.2425
    mean = np.array([share["body.height_male"], share["body.height_female"]])[people.sex[person]]
    height = np.round(mean + 5.8 * draws.normal("height", no) - 0.08 * np.maximum(age - 45, 0), 1)
    own = WITH_METABOLIC * draws.normal("metabolic", no) + np.sqrt(1 - WITH_METABOLIC**2) * draws.normal("bmi", no)
    bmi = share["body.bmi_mean"] + share["body.bmi_sd"] * own + 0.4 * draws.normal("bmi of the day", key)
    systolic = _systolic(scene, person, day, age, key)
    diastolic = 0.42 * systolic + 24 + 5 * draws.normal("diastolic", key)
    blood = (value(draws, scene.facts, scene.lives, person, day, _item(scene, i), key) for i in ("GLU", "HBA1C", "HGB"))
    return Measured(
        height,
        np.round(np.clip(bmi, 15, 45) * (height / 100) ** 2, 1),
        np.rint(systolic).astype(np.int64),
        np.rint(np.minimum(diastolic, systolic - 15)).astype(np.int64),
        *blood,
    )


def _systolic(scene: Scene, person: Ints, day: Ints, age: Floats, key: Ints) -> Floats:
    """Below 140 as a rule without hypertension, above it with, in between where a doctor knows of it (assumed)."""
    draws, lives = scene.draws, scene.lives
    c = scene.facts.conditions.name.index("hypertension")
    ill, known = lives.health.onset[person, c] <= day, lives.health.diagnosis[person, c] <= day
    mean = np.where(ill, np.where(known, 141.0, 151.0), np.minimum(110 + 0.25 * age, 128.0))
    own = draws.normal("systolic", lives.people.no[person])
    return np.clip(mean + np.where(ill, 8.0, 6.0) * own + 6.0 * draws.normal("systolic of the day", key), 85, 220)


def _item(scene: Scene, item: str) -> int:
    """The first row of the laboratory's items that has this one."""
    return int(np.flatnonzero(scene.facts.laboratory.items["item"] == item)[0])


def smoking(scene: Scene, person: Ints) -> Ints:
    """Whether a person never smoked, stopped, or smokes."""
    draws, people, share = scene.draws, scene.lives.people, scene.facts.catalogue.share
    smokes = np.array([share["body.smoking_male"], share["body.smoking_female"]])[people.sex[person]]
    u, ever = draws.uniform("smoking", people.no[person]), smokes / (1 - share["body.stopped"])
    return np.select([u < smokes, u < ever], [SMOKES, STOPPED], NEVER_SMOKED)
