"""Hazards of onset: what a person's factors and conditions multiply a baseline by, and the baselines.

Baselines by sex and age are found once on a fixed sample of residents, condition by condition, so that with all
factors, their interactions and what no record holds the published prevalence or incidence comes out. Before a person
appears (as an adult, as a rule) only onsets that people outlive count; from then on the full hazard does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from jobs.province.conditions import AGES, Conditions, Factor, cumulative_excess, onset_age_factor
from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.people import NEVER, YEAR, People, residents
from jobs.province.risks import Factors, Singles, is_lifelong

SAMPLE = Draws(37)  # not the simulation's seed: another seed has the same rates
BLOCKS = 24  # of the sample
NEAR = 4.0  # years of age: residents of about an age tell the mean of that age
WANE = np.minimum(1.0, 1.0 - (AGES + 0.5 - 50.0) / 80.0).astype(np.float32)  # of factors that matter less in old age
ROUNDS = 3
QUARTER = np.array([0.25])
WHOLE_YEARS = np.arange(len(AGES) + 1.0)
LATER = 2  # in ``EXCESS_UNTIL``
MORTALITY = 0.79  # only to replace those who die of a condition (simulate.rate.mortality_scale)
IMPLIED = {"infarction": "ihd", "kidney_replacement": "ckd"}  # who has the one has the other


@dataclass(frozen=True)
class Baseline:
    """A condition's hazard a year by sex and whole age, before a person appears and after; ``outlived``: the share of
    onsets of a whole age that people outlive until so many years later (the first: as they appear)."""

    before: Singles
    after: Singles
    outlived: Singles | None

    @staticmethod
    def of(conditions: Conditions, c: int, before: Floats, after: Floats) -> Baseline:
        """Of a condition with a prevalence, or (``before`` and ``after`` are the same) with an incidence."""
        outlived = None
        if not conditions.prevalence[c].any() and c in conditions.deadly:
            outlived = np.hstack([np.ones((len(AGES), 1)), survival(conditions, c)[:, :-1]])
            outlived[:, 1] = (1 + survival(conditions, c, QUARTER)[:, 0]) / 2  # half of that age is still to come
        return Baseline(
            before.astype(np.float32),
            after.astype(np.float32),
            None if outlived is None else outlived.astype(np.float32),
        )


def survival(conditions: Conditions, c: int, years: Floats = WHOLE_YEARS) -> Floats:
    """By whole age at onset, the share of a condition's cases that it has not killed so many years later."""
    older = onset_age_factor(conditions.site[c], AGES + 0.5)
    gathered = older[:, None] * cumulative_excess(conditions.excess[c], years)[None, :]
    grades = conditions.grades.get(c)
    if grades is None:
        return np.exp(-gathered)
    alive = (grades.share[:, None, None] * np.exp(-grades.excess[:, None, None] * gathered)).sum(axis=0)
    return alive / grades.share.sum()


class Ageing:
    """Onsets of some people, condition by condition in the order of the table, as later ones depend on earlier."""

    def __init__(self, draws: Draws, facts: ProvinceFacts, people: People) -> None:
        self.draws, self.conditions, self.people = draws, facts.conditions, people
        self.factors = Factors(draws, facts, people)
        self._constants: dict[int, Singles] = {}
        entry = np.floor(people.age(people.first)).astype(np.int64)
        self.lag = np.clip(entry[:, None] - AGES[None, :], -1, AGES[-1]) + 1
        self.day = np.full((len(people), len(facts.conditions.name)), NEVER)
        self.asked = {n for fs in facts.conditions.factors for f in fs for n in f.names}

    def relative(self, c: int, who: Ints | slice = slice(None)) -> Singles:
        """What their factors multiply a condition's hazard by, by whole age (or one column)."""
        constant, by_age = self._constant(c)[who, None], None
        for f in self._changing(c):
            more = (f.ratio - 1) * (WANE if f.wanes else np.ones(1, np.float32))
            part = self.factors.held(f.names, who) * more.astype(np.float32) + np.float32(1)
            if part.shape[1] == 1:
                constant = constant * part
            else:
                by_age = part if by_age is None else by_age * part
        return constant if by_age is None else by_age * constant

    def _changing(self, c: int) -> list[Factor]:
        return [f for f in self.conditions.factors[c] if not is_lifelong(f)]

    def _constant(self, c: int) -> Singles:
        """By person, what the factors that never change multiply a condition's hazard by."""
        if c not in self._constants:
            constant = np.ones(len(self.people), np.float32)
            for f in self.conditions.factors[c]:
                if is_lifelong(f):
                    constant = constant * self.factors.lifelong(f, c)
            self._constants[c] = constant
        return self._constants[c]

    def _most(self, c: int) -> Singles:
        """By person, no less than the relative hazard ever is."""
        most = self._constant(c)
        for f in self._changing(c):
            if f.ratio > 1:
                most = most * (1 + np.float32(f.ratio - 1) * self.factors.most(f.names))
        return most

    def fall_ill(self, c: int, base: Baseline) -> None:
        """Set the days of onset of a condition: when the hazard gathered through life exceeds a number of their own.

        Most people's numbers are beyond what they could ever gather; the others are followed age by age.
        """
        people = self.people
        wanted = self.draws.exponential("onset", people.no, c).astype(np.float32)
        highest = np.maximum(base.before, base.after).sum(axis=1)
        could = np.flatnonzero(wanted < self._most(c) * highest[people.sex] * np.float32(1.001))
        sex, lag = people.sex[could], self.lag[could]
        hazard = self.relative(c, could) * np.where(lag > 0, base.before[sex], base.after[sex])
        if base.outlived is not None:
            hazard *= base.outlived[AGES[None, :], lag]
        gathered = np.cumsum(hazard, axis=1)
        ill = np.flatnonzero(wanted[could] < gathered[:, -1])
        at = (gathered[ill] <= wanted[could[ill], None]).sum(axis=1)
        age = at + 1 - (gathered[ill, at] - wanted[could[ill]]) / hazard[ill, at]
        self.day[:, c] = NEVER
        self.day[could[ill], c] = people.birth[could[ill]] + (age * YEAR).astype(np.int64)

    def note(self, c: int) -> None:
        """Let later conditions depend on this one, and on what it implies."""
        name = self.conditions.name[c]
        implied = IMPLIED.get(name)
        if implied:
            other = self.conditions.index(implied)
            self.day[:, other] = np.minimum(self.day[:, other], self.day[:, c])
            self.factors.has(implied, self.day[:, other])
        if name in self.asked:
            self.factors.has(name, self.day[:, c])


@cache
def calibrated(facts: ProvinceFacts) -> tuple[Ageing, tuple[Baseline, ...]]:
    """The sample, fallen ill, and the baselines found on it."""
    people, _ = residents(SAMPLE, facts.places, np.arange(BLOCKS), 0)
    ageing = Ageing(SAMPLE, facts, people)
    near = nearness(people)
    found = []
    for c in range(len(facts.conditions.name)):
        relative = np.broadcast_to(ageing.relative(c), (len(people), len(AGES)))
        if facts.conditions.prevalence[c].any():
            base = Baseline.of(facts.conditions, c, *_of_prevalence(facts, c, relative, people.sex))
            ageing.fall_ill(c, base)
        else:
            well = np.ones(len(people), bool)
            for _ in range(ROUNDS):  # those who are ill already leave those at lower risk
                at_risk = relative * well[:, None]
                mean = np.array([mean_by_age(near, people.sex, s, at_risk) for s in (0, 1)])
                rate = facts.conditions.incidence[c] / mean
                base = Baseline.of(facts.conditions, c, rate, rate)
                ageing.fall_ill(c, base)
                well = ageing.day[:, c] > people.first
        ageing.note(c)
        found.append(base)
    return ageing, tuple(found)


def nearness(people: People) -> Floats:
    """Weight of each person of the sample for each whole age."""
    away = (people.age(people.first)[:, None] - (AGES + 0.5)[None, :]) / NEAR
    return np.exp(-np.minimum(away**2 / 2, 60))


def mean_by_age(near: Floats, sex: Ints, s: int, value: np.ndarray) -> Floats:
    """Mean of a value (by person, or by person and whole age) of the people of a sex who are about each age."""
    mine = sex == s
    value = value[mine] if value.ndim == 2 else value[mine, None]
    return (near[mine] * value).sum(axis=0) / near[mine].sum(axis=0)


def _of_prevalence(facts: ProvinceFacts, c: int, relative: Singles, sex: Ints) -> tuple[Floats, Floats]:
    """Age by age, what makes as many fall ill as the share who have it rises; later also those who replace the dead."""
    share = facts.conditions.prevalence[c]
    before = np.zeros((2, len(AGES)))
    for s in (0, 1):
        mine = np.ascontiguousarray(relative[sex == s].T, dtype=np.float64)
        well = np.ones(mine.shape[1])
        for age in AGES[:-1]:
            new = share[s, age + 1] - share[s, age] + (share[s, 0] if age == 0 else 0.0)
            if new > 0:
                before[s, age] = _solve(well, mine[age], new)
                well = well * np.exp(-before[s, age] * mine[age])
    more = facts.conditions.numbers("mortality_ratio")[c] - 1
    lost = share * (facts.rates.death * MORTALITY * more / (1 + share * more) * (1 - share))
    lost += share * facts.conditions.excess[c, LATER]
    goes_on = facts.conditions.numbers("goes_on")[c]
    rising = np.diff(share, axis=1, append=share[:, -1:])
    replaced = np.divide(lost, rising, out=np.zeros_like(lost), where=rising > 0)
    flat = (rising <= 0) & (lost > 0)
    after = before * (goes_on + replaced)
    after[flat] = lost[flat]
    return before, after


def _solve(well: Floats, relative: Floats, new: float) -> float:
    """The baseline by which a share ``new`` of all fall ill, of those who are still ``well`` (by Newton's method)."""
    size = len(well)
    hazard = new * size / float(well @ relative)
    for _ in range(3):
        escaped = well * np.exp(-hazard * relative)
        missing = new * size - float(well.sum() - escaped.sum())
        hazard += missing / float(escaped @ relative)
    return hazard
