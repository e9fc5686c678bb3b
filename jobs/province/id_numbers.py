"""Numbers of identity documents: the true ones, which can't be anybody's, and the wrong ones that records carry.

Citizens' numbers use the region prefix 379, which has never been assigned, and a valid check digit. Residence permits
of Hong Kong, Macao and Taiwan have it behind their 81, 82 or 83 (real ones have 0000 there); foreigners' cards name
the country 999, which is none; passports and older cards begin with ZZ, which no country has.
"""

from __future__ import annotations

import numpy as np

from jobs.province.dirt import Dirt
from jobs.province.draws import Choice, Draws, Ints, ranks
from jobs.province.people import BLOCK, NOBODY, NUMBERS, People

PREFIX, FOREIGN = 379, 937_999
SLOTS = 500_000  # people of one birthday and sex: 1,000 areas x 500 sequence numbers
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])  # GB 11643-1999, ISO 7064 MOD 11-2
CHECK = np.array(list("10X98765432"))
NEW_CARDS = (np.datetime64("1999-10-01") - np.datetime64("1970-01-01")).astype(int)  # 18-digit numbers from then on
CITIZEN, PERMIT, FOREIGN_CARD, OLD_CARD, PASSPORT = range(5)
FULL_WIDTH = {c: c + 0xFEE0 for c in range(0x21, 0x7F)}  # of characters of ASCII


def kinds(draws: Draws, dirt: Dirt, people: People) -> Ints:
    """The document of each person."""
    u = draws.uniform("document", people.no)
    cards = dirt.foreigner_new_card, dirt.foreigner_old_card
    card = FOREIGN_CARD + Choice.of([*cards, 1 - sum(cards)]).pick(draws.uniform("foreigner's document", people.no))
    permit = u < dirt.person_permit
    foreign = ~permit & (u < dirt.person_permit + dirt.person_foreign) & (people.mother == NOBODY)
    return np.select([permit, foreign], [PERMIT, card], CITIZEN)


def true_numbers(draws: Draws, dirt: Dirt, people: People, kind: Ints) -> tuple[np.ndarray, Ints, np.ndarray]:
    """The number of each person (empty for those without), its 17 digits, and who has one in digits.

    Citizens' are unique by construction. Permits and cards have fewer places: a few pairs in a whole province meet.
    """
    same_day = ranks(people.block, people.birth, people.sex, people.first * NUMBERS + people.no % NUMBERS)
    start = (draws.bits("id numbers of a day", people.birth, people.sex) % np.uint64(SLOTS)).astype(np.int64)
    slot = ((people.block * 2 + same_day) * 314_159 + start) % SLOTS  # 314,159 and 500,000 have no common factor
    area, sequence = slot // 500, (slot % 500) * 2 + (people.sex == 0)
    permits = dirt.permit_hong_kong, dirt.permit_macao
    which = Choice.of([*permits, 1 - sum(permits)]).pick(draws.uniform("permit of", people.no))
    region = np.select(
        [kind == PERMIT, kind == FOREIGN_CARD],
        [(81 + which) * 10_000 + PREFIX * 10 + area % 10, FOREIGN],
        PREFIX * 1000 + area,
    )
    number = (region * 100_000_000 + _ymd(people.birth)) * 1000 + sequence
    digits = number[:, None] // 10 ** np.arange(16, -1, -1)[None, :] % 10
    has = (same_day < 2) & ~draws.happens(dirt.person_without_id, "no id", people.no)
    text = np.where(has, as_text(digits, CHECK[digits @ WEIGHTS % 11]), "").astype(object)
    for n in np.flatnonzero(kind >= OLD_CARD):
        own = f"{slot[n]:06}"
        text[n] = f"ZZ{PREFIX}{own}" if kind[n] == PASSPORT else f"ZZZ{PREFIX}{own}{people.birth[n] % 1000:03}"
    return text, digits, has & (kind < OLD_CARD)


def of_1989(people: People, true: np.ndarray, digits: Ints, has: np.ndarray) -> np.ndarray:
    """The 15 digits that those born in the 1900s, before 18-digit cards, had; for the others their true number."""
    had = has & (digits[:, 6] == 1) & (digits[:, 7] == 9) & (people.birth < NEW_CARDS) & (digits[:, 0] == 3)
    return np.where(had, as_text(np.delete(digits, [6, 7], axis=1), np.full(len(true), "")), true)


def mistyped(draws: Draws, no: Ints, true: np.ndarray, digits: Ints, has: np.ndarray, nth: int) -> np.ndarray:
    """One digit after the prefix replaced by another, which the check digit always shows; other documents as are."""
    place = 3 + draws.whole(14, "typed where", no, nth)
    wrong, rows = digits.copy(), np.arange(len(no))
    wrong[rows, place] = (digits[rows, place] + 1 + draws.whole(9, "typed what", no, nth)) % 10
    return np.where(has, as_text(wrong, CHECK[digits @ WEIGHTS % 11]), true)


def lender(draws: Draws, people: People) -> Ints:
    """Whose number a person borrows: the spouse's, else the mother's, else that of somebody else of the block."""
    start = np.searchsorted(np.unique(people.block), people.block) * BLOCK  # a block's first residents lie together
    local = people.no - people.no[start]
    other = start + (local + 1 + draws.whole(BLOCK - 1, "lender", people.no)) % BLOCK
    return np.select([people.spouse != NOBODY, people.mother != NOBODY], [people.spouse, people.mother], other)


def military(draws: Draws, dirt: Dirt, people: People) -> np.ndarray:
    """The military card of the men who are soldiers at some time; empty for the others."""
    soldier = (people.sex == 0) & draws.happens(dirt.person_soldier, "soldier", people.no)
    number = draws.whole(10_000, "military card", people.no)
    return np.array([f"军字第{PREFIX}{n:04}号" if s else "" for n, s in zip(number.tolist(), soldier, strict=True)])


def _ymd(birth: Ints) -> Ints:
    born = birth.astype("M8[D]")
    month = born.astype("M8[M]").astype(np.int64)
    day = (born - born.astype("M8[M]")).astype(np.int64) + 1
    return (1970 + month // 12) * 10_000 + (month % 12 + 1) * 100 + day


def as_text(digits: Ints, check: np.ndarray) -> np.ndarray:
    """Rows of digits as texts, each with its check character."""
    width = digits.shape[1]
    joined = (digits + ord("0")).astype(np.uint8).tobytes().decode("ascii")
    return np.array([joined[i * width : (i + 1) * width] + c for i, c in enumerate(check)])
