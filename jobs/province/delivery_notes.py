"""Children that women bear in a stay, as the notes of the stay tell of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.draws import Choice, Draws, Ints
from jobs.province.encounters import Encounters
from jobs.province.facts import ProvinceFacts
from jobs.province.people import NOBODY, People
from jobs.province.pregnancies import newborns
from jobs.province.recording import Scene, joined, numbers, texts

DELIVERY, SECTION = "O8", "O82"  # ICD-10
FIVE_MINUTES = (0.01, 0.04, 0.1, 0.85)  # Apgar scores 7 to 10 after five minutes (assumed)
LIGHT = 2500  # grams; below it, scores are a point less (assumed)


@dataclass(frozen=True)
class Children:
    """The ``first`` and ``second`` child (-1: none) that each of some women bears in her days, and the ``count``."""

    first: Ints
    second: Ints
    count: Ints

    @staticmethod
    def of(people: People, mother: Ints, day: Ints, until: Ints) -> Children:
        """Of women (positions), from a day until another, both included."""
        born = np.flatnonzero((people.birth == people.first) & (people.mother != NOBODY))
        when = people.mother[born] * 1_000_000 + people.birth[born]
        order = np.argsort(when, kind="stable")
        first = np.searchsorted(when[order], mother * 1_000_000 + day)
        count = np.searchsorted(when[order], mother * 1_000_000 + until, side="right") - first
        child = np.append(born[order], [-1, -1])
        one, two = (child[np.minimum(first + n, len(born))] for n in (0, 1))
        return Children(np.where(count > 0, one, -1), np.where(count > 1, two, -1), count)


def delivers(facts: ProvinceFacts, care: Encounters) -> np.ndarray:
    """Whether encounters are stays for childbirth."""
    return facts.codes.begins(DELIVERY)[care.diagnosis]


def delivery(scene: Scene, care: Encounters) -> pa.Array:
    """What the notes of stays tell of the children born in them; empty where there is none."""
    draws, people, facts = scene.draws, scene.lives.people, scene.facts
    born = Children.of(people, care.person, care.day, care.until)
    child = np.where(delivers(facts, care), born.first, -1)
    section = facts.codes.begins(SECTION)[care.diagnosis]
    how = texts(("经阴道分娩", "经子宫下段剖宫产娩"), section.astype(np.int64))
    one, two = (_newborn(draws, people, np.maximum(c, 0)) for c in (born.first, born.second))
    single, twins = joined(how, "一活婴，", one, "。"), joined(how, "二活婴，先娩者", one, "；后娩者", two, "。")
    return pc.if_else(pa.array(child < 0), "", pc.if_else(pa.array(born.count > 1), twins, single))


def _newborn(draws: Draws, people: People, child: Ints) -> pa.Array:
    """Weight and Apgar scores of some children."""
    no = people.no[child]
    weight = newborns(draws, people, child).weight
    five = 7 + Choice.of(FIVE_MINUTES).pick(draws.uniform("Apgar score", no)) - (weight < LIGHT)
    one = five - draws.whole(2, "Apgar score at first", no)
    return joined("体重", numbers(weight), "g，Apgar评分1分钟", numbers(one), "分、5分钟", numbers(five), "分")
