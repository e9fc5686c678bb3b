"""Names and ID numbers of simulated people with all their variants in records, and the defect that each variant is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.province import id_numbers, naming
from jobs.province.codebook import Names
from jobs.province.defects import Defect
from jobs.province.dirt import Dirt
from jobs.province.draws import Draws, Ints
from jobs.province.people import NOBODY, People

# variants of a person's ID number in a record
TRUE, OLD, TYPED_WRONG, TYPED_WRONG_2, MOTHERS, MISSING, BORROWED, WIDE, MILITARY = range(9)
NUMBERS_ARE = (
    None,
    Defect.ID_15_DIGIT,
    Defect.ID_MISTYPED,
    Defect.ID_MISTYPED,
    Defect.ID_OF_MOTHER,
    Defect.ID_MISSING,
    Defect.ID_BORROWED,
    Defect.ID_FULL_WIDTH,
    Defect.ID_MILITARY,
)
# variants of a name; the last are the other forms of the middle dot
NAMED, HOMOPHONE, SPACED, TEMPORARY, CUT_SHORT, PINYIN, DOTTED = range(7)
NAMES_ARE = (
    None,
    Defect.NAME_HOMOPHONE,
    Defect.NAME_SPACED,
    Defect.NAME_TEMPORARY,
    Defect.NAME_CUT_SHORT,
    Defect.NAME_PINYIN,
    *[Defect.NAME_DOT] * len(naming.OTHER_DOTS),
)


@dataclass(frozen=True)
class Variants:
    """Texts by variant and person, at ``variant * people + person``, and the marks of the defects that they are."""

    texts: pa.Array
    marks: Ints
    people: int

    @staticmethod
    def of(variants: list[np.ndarray], are: tuple[Defect | None, ...], true_marks: Ints) -> Variants:
        """``are``: the defect of each variant where it differs from the first, the true one, and is not empty (save the
        missing one); ``true_marks``: of the true text."""
        true = variants[0]
        marks = []
        for texts, kind in zip(variants, are, strict=True):
            said = (texts != "") | (kind is Defect.ID_MISSING)
            marks.append(np.where(texts == true, true_marks, np.where(said, kind.bit if kind is not None else 0, 0)))
        joined = np.concatenate([v.astype(object) for v in variants])
        return Variants(pa.array(joined, pa.string()), np.concatenate(marks), len(true))

    def take(self, person: Ints, variant: Ints) -> tuple[pa.Array, Ints]:
        """The texts that records of these people carry, and their marks."""
        at = variant * self.people + person
        return self.texts.take(pa.array(at)), self.marks[at]


@dataclass(frozen=True)
class Identity:
    """Names and numbers by person, in the order of ``People``."""

    numbers: Variants
    names: Variants
    name: pa.Array  # true ones
    soldier: np.ndarray
    dotted: np.ndarray
    outside_gbk: np.ndarray
    cut_short: np.ndarray  # whether a name is longer than a short field

    def id_number(self, person: Ints, variant: Ints) -> pa.Array:
        """The ID number that a record of a person carries."""
        return self.numbers.take(person, variant)[0]


def identity(draws: Draws, names: Names, people: People, dirt: Dirt) -> Identity:
    """Names and ID numbers of these people."""
    kind = id_numbers.kinds(draws, dirt, people)
    numbers, card = _numbers(draws, dirt, people, kind)
    true = naming.true_names(draws, names, dirt, people, kind >= id_numbers.FOREIGN_CARD)
    rare = naming.outside_gbk(names, true)
    variants = [
        true,
        naming.homophones(draws, names, dirt, people, true),
        np.array([" ".join(n) for n in true], dtype=object),
        naming.temporary(people, true),
        np.array([n[: naming.FIELD] for n in true], dtype=object),
        naming.pinyin(names, true),
        *naming.dotted(true),
    ]
    return Identity(
        numbers,
        Variants.of(variants, NAMES_ARE, rare * Defect.NAME_OUTSIDE_GBK.bit),
        pa.array(true, pa.string()),
        card != "",
        np.array([naming.DOT in n for n in true]),
        rare,
        np.array([len(n) > naming.FIELD for n in true]),
    )


def _numbers(draws: Draws, dirt: Dirt, people: People, kind: Ints) -> tuple[Variants, np.ndarray]:
    true, digits, has = id_numbers.true_numbers(draws, dirt, people, kind)
    card = id_numbers.military(draws, dirt, people)
    variants = [
        true,
        id_numbers.of_1989(people, true, digits, has),
        *(id_numbers.mistyped(draws, people.no, true, digits, has, n) for n in (0, 1)),
        np.where(people.mother != NOBODY, true[people.mother], ""),
        np.full(len(true), "", dtype=object),
        true[id_numbers.lender(draws, people)],
        np.array([n.translate(id_numbers.FULL_WIDTH) for n in true], dtype=object),
        card,
    ]
    marks = np.select(
        [true == "", kind == id_numbers.PERMIT, kind >= id_numbers.FOREIGN_CARD],
        [Defect.ID_NONE.bit, Defect.ID_PERMIT.bit, Defect.ID_FOREIGN.bit],
        0,
    )
    return Variants.of(variants, NUMBERS_ARE, marks), card
