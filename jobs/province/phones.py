"""Whose phone number a person gives: the own one, which changes with the years for some; a parent's or a child's."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.draws import Ints
from jobs.province.people import NOBODY, YEAR, People
from jobs.province.recording import Scene, joined, numbers

PREFIX, DIGITS = "12379", 6  # no mobile number begins with 12
CHILD_UNDER, OLD_FROM, GROWN = 14 * YEAR, 75 * YEAR, 18 * YEAR  # days of age (assumed)
KEPT_FOR = 2200  # days that a number is kept by those who change it (assumed)


def phone_number(scene: Scene, person: Ints, day: Ints) -> pa.Array:
    """The number that each person gives on each day."""
    draws, people, share = scene.draws, scene.lives.people, scene.facts.catalogue.share
    whose = _parent(scene, person, day)
    with_child = day - people.birth[person] >= OLD_FROM
    with_child &= draws.happens(share["phone.of_child"], "phone of a child", people.no)[person]
    child = eldest_child(people)[person]
    here = with_child & (child != NOBODY) & (day - people.birth[child] >= GROWN) & (scene.lives.death[child] > day)
    whose = np.where(here, child, whose)
    since = draws.whole(KEPT_FOR, "phone since", people.no)
    changes = draws.happens(share["phone.changed"], "phone changes", people.no)
    nth = np.where(changes[whose], (day + since[whose]) // KEPT_FOR, 0)
    elsewhere = with_child & ~here  # a child whom the province does not know
    number = draws.whole(10**DIGITS, "phone", people.no[whose], nth, elsewhere)
    return joined(PREFIX, pc.utf8_lpad(numbers(number), DIGITS, "0"))


def _parent(scene: Scene, person: Ints, day: Ints) -> Ints:
    """The living mother of a child, else the father; for the others, and for orphans, the person."""
    people, death = scene.lives.people, scene.lives.death
    whose = person.copy()
    small = np.flatnonzero(day - people.birth[person] < CHILD_UNDER)
    for parents in (people.father, people.mother):
        parent = parents[person[small]]
        lives = (parent != NOBODY) & (death[parent] > day[small])
        whose[small[lives]] = parent[lives]
    return whose


def eldest_child(people: People) -> Ints:
    """The first child that a person has in the province, or ``NOBODY``."""
    child = np.full(len(people), NOBODY)
    youngest_first = np.lexsort((people.no, -people.birth))
    for parents in (people.father, people.mother):
        born = youngest_first[parents[youngest_first] != NOBODY]
        child[parents[born]] = born
    return child
