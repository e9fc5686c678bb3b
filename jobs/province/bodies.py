"""What is measured of a body: size, blood pressure, blood, smoking.

They follow from the trajectories of a person (``risks``), from illness, and from its treatment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Floats, Ints
from jobs.province.lab_values import treated, value
from jobs.province.people import YEAR
from jobs.province.recording import Scene
from jobs.province.risks import BMI_OF_DAY, body_mass
from jobs.province.risks import smoking as smoking_at

RISING_YEARS, RISES = 6.0, 12.0  # blood pressure before hypertension: the time in which it rises, and how far (assumed)
UNTREATED, A_YEAR, TREATED = 148.5, 0.35, 142.5  # mean systolic pressure (assumed): 9.7% of all the ill below 140/90
OWN_SD, DAY_SD = 7.0, 6.0


@dataclass(frozen=True)
class Measured:
    """One entry a measurement of an adult."""

    height: Floats
    weight: Floats
    systolic: Ints
    diastolic: Ints


def measured(scene: Scene, person: Ints, day: Ints, key: Ints) -> Measured:
    """Height, weight and blood pressure of people on a day."""
    draws, facts, people, share = scene.draws, scene.facts, scene.lives.people, scene.facts.catalogue.share
    no, age = people.no[person], (day - people.birth[person]) / YEAR
    mean = np.array([share["body.height_male"], share["body.height_female"]])[people.sex[person]]
    height = np.round(mean + 5.8 * draws.normal("height", no) - 0.08 * np.maximum(age - 45, 0), 1)
    bmi = body_mass(draws, facts, no, age) + BMI_OF_DAY * draws.normal("bmi of the day", key)
    systolic = _systolic(scene, person, day, age, key)
    diastolic = 0.42 * systolic + 24 + 5 * draws.normal("diastolic", key)
    return Measured(
        height,
        np.round(np.clip(bmi, 13, 45) * (height / 100) ** 2, 1),
        np.rint(systolic).astype(np.int64),
        np.rint(np.minimum(diastolic, systolic - 15)).astype(np.int64),
    )


def _systolic(scene: Scene, person: Ints, day: Ints, age: Floats, key: Ints) -> Floats:
    """Rises with age, faster in the years before hypertension, on and on without treatment; lower when it is treated.

    Who knows of the disease is treated, if regular in taking drugs.
    """
    draws, lives = scene.draws, scene.lives
    c = scene.facts.conditions.index("hypertension")
    no = lives.people.no[person]
    since = np.clip((day - lives.health.onset[person, c]) / YEAR, -99, 40)
    drugs = treated(draws, scene.facts, lives, person, day, c)
    healthy = np.minimum(108 + 0.25 * age, 127.0) + RISES * np.exp(np.minimum(since, 0) / RISING_YEARS)
    ill = np.where(drugs, TREATED, UNTREATED + A_YEAR * np.maximum(since, 0))
    mean = np.where(since >= 0, ill, np.minimum(healthy, 131.0))
    spread = np.where(since >= 0, OWN_SD, 5.5)
    noise = spread * draws.normal("systolic", no) + DAY_SD * draws.normal("systolic of the day", key)
    return np.clip(mean + noise, 85, 220)


def blood(scene: Scene, person: Ints, day: Ints, key: Ints, items: tuple[str, ...]) -> dict[str, Floats]:
    """These items of the laboratory's list in people on a day."""
    lab, size = scene.facts.laboratory, len(items)
    item = np.tile([lab.number(i) for i in items], len(person))
    who, when, taken = (np.repeat(a, size) for a in (person, day, key))
    found = value(scene.draws, scene.facts, scene.lives, who, when, item, taken)
    return dict(zip(items, found.reshape(-1, size).T, strict=True))


def smoking(scene: Scene, person: Ints, day: Ints) -> Ints:
    """Whether a person never smoked, stopped, or smokes on a day."""
    people = scene.lives.people
    age = (day - people.birth[person]) / YEAR
    return smoking_at(scene.draws, scene.facts, people.no[person], people.sex[person], age)
