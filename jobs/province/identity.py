"""Names and ID numbers of simulated people, and the wrong ones that records carry.

ID numbers use the region prefix 379, which has never been assigned, and a valid check digit: they look real
and can't be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.province.codebook import Names
from jobs.province.draws import Draws, Ints, ranks
from jobs.province.people import NOBODY, People

PREFIX = 379
SLOTS = 500_000  # people of one birthday and sex: 1,000 areas x 500 sequence numbers
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])  # GB 11643-1999, ISO 7064 MOD 11-2
CHECK = np.array(list("10X98765432"))
TRUE, OLD, TYPED_WRONG, TYPED_WRONG_2, MOTHERS, MISSING = range(6)  # variants of a person's ID number in a record


@dataclass(frozen=True)
class Identity:
    """Texts by person, in the order of ``People``. ``ids`` holds the variants one after the other."""

    ids: pa.Array  # variant * people + person
    name: pa.Array
    people: int

    def id_number(self, person: Ints, variant: Ints) -> pa.Array:
        """The ID number that a record of a person carries."""
        return self.ids.take(pa.array(variant * self.people + person))


def identity(draws: Draws, names: Names, people: People, without: float) -> Identity:
    """Names and ID numbers of these people; a share ``without`` has no ID number."""
    digits, check, has = _digits(draws, people, without)
    true = np.where(has, _text(digits, check), "")
    born_1900s = (digits[:, 6] == 1) & (digits[:, 7] == 9)
    old = np.where(has & born_1900s, _text(np.delete(digits, [6, 7], axis=1), np.full(len(check), "")), true)
    mothers = np.where(people.mother != NOBODY, true[people.mother], "")
    wrong = [np.where(has, _text(_typed_wrong(draws, digits, people.no, n), check), "") for n in (0, 1)]
    texts = np.concatenate([true, old, *wrong, mothers, np.full(len(true), "")])
    return Identity(pa.array(texts.tolist()), pa.array(_names(draws, names, people)), len(people))


def _digits(draws: Draws, people: People, without: float) -> tuple[Ints, np.ndarray, np.ndarray]:
    """The 17 digits and check digit of each person, unique by construction, and who has a number at all."""
    same_day = ranks(people.block, people.birth, people.sex, people.first * 10_000_000 + people.no % 10_000_000)
    start = (draws.bits("id numbers of a day", people.birth, people.sex) % np.uint64(SLOTS)).astype(np.int64)
    slot = ((people.block * 2 + same_day) * 314_159 + start) % SLOTS  # 314,159 and 500,000 have no common factor
    area, sequence = slot // 500, (slot % 500) * 2 + (people.sex == 0)
    born = people.birth.astype("M8[D]")
    month = born.astype("M8[M]").astype(np.int64)
    ymd = (1970 + month // 12) * 10_000 + (month % 12 + 1) * 100 + (born - born.astype("M8[M]")).astype(np.int64) + 1
    number = ((PREFIX * 1000 + area) * 100_000_000 + ymd) * 1000 + sequence
    digits = number[:, None] // 10 ** np.arange(16, -1, -1)[None, :] % 10
    has = (same_day < 2) & ~draws.happens(without, "no id", people.no)
    return digits, CHECK[digits @ WEIGHTS % 11], has


def _typed_wrong(draws: Draws, digits: Ints, no: Ints, nth: int) -> Ints:
    """One digit after the prefix replaced by another, which the check digit always shows."""
    place = 3 + draws.whole(14, "typed where", no, nth)
    wrong, rows = digits.copy(), np.arange(len(no))
    wrong[rows, place] = (digits[rows, place] + 1 + draws.whole(9, "typed what", no, nth)) % 10
    return wrong


def _text(digits: Ints, check: np.ndarray) -> np.ndarray:
    width = digits.shape[1]
    joined = (digits + ord("0")).astype(np.uint8).tobytes().decode("ascii")
    return np.array([joined[i * width : (i + 1) * width] + c for i, c in enumerate(check)])


def _names(draws: Draws, names: Names, people: People) -> list[str]:
    """Surname (the father's where he is known) and a given name of one or two characters."""
    own = names.surname_choice.pick(draws.uniform("surname", people.no))
    surname = np.where(people.father != NOBODY, own[people.father], own)
    sizes = np.array([len(names.given[0]), len(names.given[1])])[people.sex]
    first = draws.whole(sizes, "given", people.no, 1)
    second = np.where(draws.happens(0.85, "two characters", people.no), draws.whole(sizes, "given", people.no, 2), -1)
    return [
        names.surname[s] + names.given[x][a] + (names.given[x][b] if b >= 0 else "")
        for s, x, a, b in zip(surname.tolist(), people.sex.tolist(), first.tolist(), second.tolist(), strict=True)
    ]
