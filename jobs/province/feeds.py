"""Rows of the clinical feeds, column by column in the order of their contracts (``conf/contract``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.childbirth import KEYS
from jobs.province.departments import department_names
from jobs.province.draws import Draws, Floats, Ints, short_numbers
from jobs.province.draws import numbers as unique_numbers
from jobs.province.health_files import FILES, file_key
from jobs.province.people import NUMBERS
from jobs.province.recording import (
    Scene,
    joined,
    numbers,
    texts,
)

SLOTS = 40_000  # of the KEYS of a person's stays, those in use are below this (``courses``)
OWN = 250_000  # people of a block are numbered below this until 2149 (``people``)
SIGNS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
SECOND_SYSTEM = FILES // 2  # beyond any sender's position: an institution's other system numbers patients anew


def unique_text(scene: Scene, prefix: str, purpose: str, key: Ints) -> pa.Array:
    """Local numbers that look random and are unique by construction."""
    return joined(prefix, pc.cast(pa.array(unique_numbers(scene.settings.seed, purpose, key)), pa.string()))


def short_text(scene: Scene, prefix: str, purpose: str, key: Ints) -> pa.Array:
    """The same in letters and digits: the prefix and 13 characters."""
    return joined(prefix, in_letters(unique_numbers(scene.settings.seed, purpose, key), 13))


def patient_no(scene: Scene, person: Ints, sender: Ints, day: Ints) -> pa.Array:
    """An institution's own number of a person, the same at every visit save for those with several files; 14
    characters of the 18 that the element holds."""
    return short_text(scene, "P", "patient", file_key(scene, person, sender, day))


def visit_no(scene: Scene, key: Ints) -> pa.Array:
    return unique_text(scene, "M", "visit", key)


def stay_no(scene: Scene, key: Ints) -> pa.Array:
    """The number of a stay by its key: ten characters, as many as the element holds, unique in the province.

    220,000 blocks (MOST_RESIDENTS) x OWN people x SLOTS stays are fewer than 2**51, and that is less than 36**10.
    """
    no, slot = key // KEYS, key % KEYS
    dense = (no // NUMBERS * OWN + no % NUMBERS) * SLOTS + slot
    return in_letters(short_numbers(scene.settings.seed, "stay", dense, 51), 10)


def in_letters(number: np.ndarray, width: int) -> pa.Array:
    """Numbers as text of this many digits and letters."""
    signs = np.empty((len(number), width), np.uint8)
    rest, base = number.astype(np.uint64), np.uint64(len(SIGNS))
    for n in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, base)
        signs[:, n] = SIGNS[digit]
    ends = np.arange(0, (len(number) + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(len(number), pa.py_buffer(ends), pa.py_buffer(signs.tobytes()))


def department_columns(scene: Scene, department: Ints, hospital: Ints) -> list[pa.Array]:
    """Code of the department, and the name that the hospital gives it."""
    codes = scene.facts.codes.department_code
    return [texts(codes, department), department_names(scene.draws, department, hospital)]


def doctor_no(draws: Draws, department: Ints, key: Ints) -> pa.Array:
    """One of a department's twenty doctors."""
    return joined("D", pc.utf8_lpad(numbers(department * 20 + draws.whole(20, "doctor", key) + 1), 4, "0"))


def waited(draws: Draws, key: Ints) -> Ints:
    """Minutes from registration to the visit."""
    return 5 + draws.whole(55, "waited", key)


@dataclass(frozen=True)
class VisitFees:
    """By encounter, in yuan; 0 for stays. The total holds registration and treatment too."""

    total: Floats
    drugs: Floats
    examinations: Floats
