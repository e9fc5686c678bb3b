"""Temperature, pulse, breathing and blood pressure of patients, by age and by what they have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.bodies import measured
from jobs.province.draws import Ints
from jobs.province.people import YEAR
from jobs.province.recording import Scene, joined, numbers

AGES = (0.0, 1.0, 3.0, 6.0, 10.0, 14.0, 18.0)  # years at which the healthy have these means (assumed)
PULSE = (135.0, 118.0, 106.0, 96.0, 88.0, 80.0, 76.0)
BREATH = (40.0, 30.0, 26.0, 22.0, 20.0, 18.0, 17.0)
PULSE_SD, BREATH_SD = 6.0, 1.2  # (assumed)
BY_FEVER = (10.0, 2.0)  # beats and breaths a minute that a degree adds (assumed)
BREATHS_OF_PULSE = 0.2  # breaths that come with a beat that the illness adds (assumed)
RECOVERS = 3.0  # days in which fever and shock fall to a third (assumed)
GROWN = 14  # years from which blood pressure is measured at every note


@dataclass(frozen=True)
class VitalSigns:
    """``told``: all of them as notes have them. ``pulse``: the beats a minute that ``told`` has, as text."""

    told: pa.Array
    pulse: pa.Array


def vital_signs(scene: Scene, person: Ints, day: Ints, key: Ints, diagnosis: Ints, since: Ints) -> VitalSigns:
    """Of people on a day, ill with a diagnosis (position in Codes), ``since`` days after they came to be treated."""
    draws, symptoms = scene.draws, scene.facts.catalogue.symptoms
    of = scene.facts.catalogue.symptom_of[diagnosis]
    left = np.exp(-since / RECOVERS)
    fever, faster, pressure = (symptoms[c].to_numpy(np.float64)[of] * left for c in ("fever", "pulse", "pressure"))
    age = (day - scene.lives.people.birth[person]) / YEAR
    fever = fever * (0.6 + 0.8 * draws.uniform("fever", key))
    warm = np.round(36.2 + 1.0 * draws.uniform("temperature", key) ** 2 + fever, 1)
    pulse = np.interp(age, AGES, PULSE) + BY_FEVER[0] * fever + faster + PULSE_SD * draws.normal("pulse", key)
    breath = np.interp(age, AGES, BREATH) + BY_FEVER[1] * fever + BREATHS_OF_PULSE * faster
    breath = breath + BREATH_SD * draws.normal("breath", key)
    body = measured(scene, person, day, key)
    systolic = np.maximum(body.systolic + pressure, 70)
    diastolic = np.minimum(np.maximum(body.diastolic + pressure / 2, 40), systolic - 15)
    beats = numbers(np.rint(np.clip(pulse, 44, 190)))
    grown = pa.array(age >= GROWN)
    told = joined(
        "T ", numbers(warm, 1), "℃，P ", beats, "次/分，R ", numbers(np.rint(np.maximum(breath, 12))), "次/分",
        pc.if_else(grown, joined("，BP ", numbers(systolic), "/", numbers(diastolic), "mmHg"), ""), "。",
    )  # fmt: skip
    return VitalSigns(told, beats)
