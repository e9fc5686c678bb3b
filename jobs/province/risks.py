"""Risk factors as trajectories: smoking, drinking, body mass, and factors that no record holds.

Each is a function of person and age, so that onset (``hazards``) and what a check-up measures (``bodies``) agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from jobs.province.conditions import AGES, Factor
from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts, population_by_age
from jobs.province.people import YEAR, People
from jobs.province.vaccinees import HEPATITIS_B, relative_to_cohort

Singles = NDArray[np.float32]
UNRECORDED = ("metabolic", "vessels", "airways", "immunity", "mood", "bones", "gut", "air")  # normal, of a person
OWN = "own"  # likewise, but each condition's own
COUNTY = "county"  # likewise, of the county of the household register
UNVACCINATED = "unvaccinated"  # against hepatitis B, among those of about the same age
START, START_SD, EARLIEST = 20.0, 3.5, 11.0  # age at which smokers begin (assumed)
QUIT_FROM, QUIT_RATE = 30.0, 0.011  # smokers give up from this age on, a year (assumed)
PACK_YEARS, MOST_PACKS = 20.0, 2.0  # years of smoking that count as 1, and the most that counts (assumed)
WITH_METABOLIC = 0.4  # how far body mass goes with the factor behind hypertension and diabetes (assumed)
TURN = 45.0  # years in which a person's body mass relative to others turns by one radian (assumed)
BMI_AGES = (0, 18, 35, 50, 65, 80, 110)
BMI_BY_AGE = (-2.5, -1.8, 0.1, 0.9, 0.6, -0.4, -1.2)  # about the adults' mean (assumed)
BMI_OF_DAY = 0.4
THIN, OVERWEIGHT, OBESE = 18.5, 24.0, 28.0
NEVER_SMOKED, STOPPED, SMOKES = range(3)


@dataclass(frozen=True)
class Levels:
    """What brings the trajectories to the published shares of adults."""

    ever_smokes: Floats  # by sex
    bmi_by_age: Floats  # by whole age
    bmi_sd: float


@cache
def levels(facts: ProvinceFacts) -> Levels:
    """Ever smokers by sex, mean body mass by age and its spread, by the census ages."""
    share, people = facts.catalogue.share, population_by_age(facts.places)
    age = AGES + 0.5
    smoking_now = ndtr((age - START) / START_SD) * np.exp(-QUIT_RATE * np.maximum(age - QUIT_FROM, 0))
    counted = people * (AGES >= 15)
    now = np.array([share["body.smoking_male"], share["body.smoking_female"]])
    curve, adults = np.interp(age, BMI_AGES, BMI_BY_AGE), people.sum(axis=0) * (AGES >= 18)
    curve = curve - np.average(curve, weights=adults)
    rest = share["body.bmi_sd"] ** 2 - BMI_OF_DAY**2 - np.average(curve**2, weights=adults)
    ever = now * counted.sum(axis=1) / (counted * smoking_now).sum(axis=1)
    return Levels(ever, share["body.bmi_mean"] + curve, float(np.sqrt(rest)))


def smoking_ages(draws: Draws, facts: ProvinceFacts, no: Ints, sex: Ints) -> tuple[Floats, Floats]:
    """Ages at which people begin to smoke (infinite: never) and give up."""
    ever = draws.uniform("smoking", no) < levels(facts).ever_smokes[sex]
    start = np.maximum(START + START_SD * draws.normal("smoking begins", no), EARLIEST)
    gives_up = QUIT_FROM + draws.exponential("smoking ends", no) / QUIT_RATE
    return np.where(ever, start, np.inf), np.where(ever, np.maximum(gives_up, start + 1), np.inf)


def smoking(draws: Draws, facts: ProvinceFacts, no: Ints, sex: Ints, age: Floats) -> Ints:
    """Whether people never smoked, stopped, or smoke at an age."""
    start, end = smoking_ages(draws, facts, no, sex)
    return np.select([age < start, age < end], [NEVER_SMOKED, SMOKES], STOPPED)


def drinkers(draws: Draws, facts: ProvinceFacts, no: Ints, sex: Ints) -> np.ndarray:
    """Who drinks alcohol (in any 30 days), by number and sex; for life."""
    share = np.array([facts.catalogue.share["body.drinks_male"], facts.catalogue.share["body.drinks_female"]])
    return draws.happens(share[sex], "drinks", no)


def body_mass(draws: Draws, facts: ProvinceFacts, no: Ints, age: Floats) -> Floats:
    """Body mass index at an age: a person's place among others moves slowly through life. Broadcasts."""
    level = levels(facts)
    own = np.cos(age / TURN) * draws.normal("bmi", no) + np.sin(age / TURN) * draws.normal("bmi later", no)
    place = WITH_METABOLIC * draws.normal("metabolic", no) + np.sqrt(1 - WITH_METABOLIC**2) * own
    return np.maximum(np.interp(age, AGES + 0.5, level.bmi_by_age) + level.bmi_sd * place, 13.5)


class Factors:
    """Every factor by person and whole age (one column where it does not change), and by person its most in life."""

    def __init__(self, draws: Draws, facts: ProvinceFacts, people: People) -> None:
        self._draws, self._facts, self._people = draws, facts, people
        self._normal: dict[str, Floats] = {}
        no, sex = people.no, people.sex
        start, end = (a.astype(np.float32)[:, None] for a in smoking_ages(draws, facts, no, sex))
        age = (AGES + 0.5).astype(np.float32)[None, :]
        mass = body_mass(draws, facts, no[:, None], (AGES[None, :] + 0.5).astype(np.float64)).astype(np.float32)
        smoked = np.clip(np.minimum(age, end) - start, 0, MOST_PACKS * PACK_YEARS)
        self._held: dict[str, Singles] = {
            "smokes": ((age >= start) & (age < end)).astype(np.float32),
            "stopped": (age >= end).astype(np.float32),
            "packs": smoked / np.float32(PACK_YEARS),
            "thin": (mass < THIN).astype(np.float32),
            "overweight": ((mass >= OVERWEIGHT) & (mass < OBESE)).astype(np.float32),
            "obese": (mass >= OBESE).astype(np.float32),
            "drinks": drinkers(draws, facts, no, sex).astype(np.float32)[:, None],
        }
        self._most = {name: held.max(axis=1) if held.size else held[:, 0] for name, held in self._held.items()}

    def has(self, condition: str, onset: Ints) -> None:
        """Note from which day on each person has a condition: it counts from the next birthday."""
        age = ((onset - self._people.birth) / YEAR).astype(np.float32)[:, None]
        self._held[condition] = held = (AGES.astype(np.float32)[None, :] >= age).astype(np.float32)
        self._most[condition] = held[:, -1]

    def held(self, names: tuple[str, ...], who: Ints | slice) -> Singles:
        """The product of some factors of people, between 0 and 1 (``packs``: 2)."""
        held = self._held[names[0]][who]
        for name in names[1:]:
            held = held * self._held[name][who]
        return held

    def most(self, names: tuple[str, ...]) -> Singles:
        """By person, no less than their product ever is."""
        most = self._most[names[0]]
        for name in names[1:]:
            most = most * self._most[name]
        return most

    def lifelong(self, factor: Factor, condition: int) -> Singles:
        """By person, what a factor that never changes multiplies a hazard by, mean 1."""
        (name,) = factor.names
        if name == UNVACCINATED:
            return relative_to_cohort(self._draws, self._facts, self._people, HEPATITIS_B, factor.ratio).astype(
                np.float32
            )
        by = np.log(factor.ratio)
        return np.exp(by * self._normals(name, condition) - by**2 / 2).astype(np.float32)

    def _normals(self, name: str, condition: int) -> Floats:
        """What no record holds of each person, standard normal."""
        if name == OWN:
            return self._draws.normal("own risk", self._people.no, condition)
        if name == COUNTY:
            return self._draws.normal("county risk", self._people.hukou, condition)
        if name not in self._normal:
            self._normal[name] = self._draws.normal(name, self._people.no)
        return self._normal[name]


def is_lifelong(factor: Factor) -> bool:
    """Whether a factor is the same all life long, and has mean 1."""
    return factor.names[0] in (OWN, COUNTY, UNVACCINATED, *UNRECORDED)
