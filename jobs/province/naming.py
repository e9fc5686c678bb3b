"""Names of simulated people, and the other ways in which records write them."""

from __future__ import annotations

import numpy as np

from jobs.province.codebook import Names
from jobs.province.dirt import Dirt
from jobs.province.draws import Draws, Ints
from jobs.province.people import NOBODY, People
from jobs.province.pregnancies import born_together, first_of_birth

DOT = "·"
OTHER_DOTS = (*"•‧・．.", "")  # the last: left out
FIELD = 6  # characters that a short field holds
MOTHERS_SURNAME = 0.04  # of mothers whose children have theirs, though the father is known (assumed)


def true_names(draws: Draws, names: Names, dirt: Dirt, people: People, foreign: np.ndarray) -> np.ndarray:
    """Surname and a given name of one or two characters; twins share the first.

    Some have a minority's name with a dot, a character outside GBK, or the very name of somebody born the same day.
    """
    surname = names.surname_choice.pick(draws.uniform("surname", people.no))[_named_after(draws, people)]
    sizes = np.array([len(names.given[0]), len(names.given[1])])[people.sex]
    of_birth = first_of_birth(people)
    twin, has_twin = of_birth != np.arange(len(people)), born_together(of_birth) > 1
    first = draws.whole(sizes, "given", np.where(has_twin, people.no[people.mother], people.no), 1)
    two = draws.happens(0.85, "two characters", people.no) | has_twin
    second = np.where(two, draws.whole(sizes, "given", people.no[of_birth], 2), -1)
    second = np.where(twin, (second + 1) % sizes, second)
    text = np.array(
        [
            names.surname[s] + names.given[x][a] + (names.given[x][b] if b >= 0 else "")
            for s, x, a, b in zip(surname.tolist(), people.sex.tolist(), first.tolist(), second.tolist(), strict=True)
        ],
        dtype=object,
    )
    for n in np.flatnonzero(draws.happens(dirt.person_rare_character, "rare character", people.no)):
        rare = names.rare[int(draws.whole(len(names.rare), "which rare character", people.no[n]))]
        text[n] = names.surname[surname[n]] + rare[0]
    for n in np.flatnonzero(draws.happens(dirt.person_minority_name, "minority name", people.no)):
        given = "minority_female" if people.sex[n] else "minority_male"
        text[n] = DOT.join(_parts(draws, names, (given, "minority_father"), people.no[n]))
    for n in np.flatnonzero(foreign):
        given = "foreign_female" if people.sex[n] else "foreign_male"
        text[n] = " ".join(_parts(draws, names, ("foreign_family", given), people.no[n]))
    return _namesakes(draws, dirt, people, text)


def _named_after(draws: Draws, people: People) -> Ints:
    """Whose surname each person has: the father's, or the mother's where he isn't known or they chose so."""
    mothers = (people.father == NOBODY) | draws.happens(MOTHERS_SURNAME, "mother's surname", people.no[people.mother])
    parent = np.where(mothers, people.mother, people.father)
    after = np.where(parent != NOBODY, parent, np.arange(len(people)))
    for _ in range(3):  # their parents', and so on: eight generations
        after = after[after]
    return after


def _parts(draws: Draws, names: Names, parts: tuple[str, str], no: Ints) -> list[str]:
    return [names.other[p][int(draws.whole(len(names.other[p]), p, no))] for p in parts]


def _namesakes(draws: Draws, dirt: Dirt, people: People, text: np.ndarray) -> np.ndarray:
    """Of two people of one sex born on one day in a block, not siblings: some have the same name."""
    settled = np.lexsort((people.no, people.first, people.sex, people.birth, people.block))
    before = np.roll(settled, 1)
    same = (people.block[settled] == people.block[before]) & (people.birth[settled] == people.birth[before])
    same &= (people.sex[settled] == people.sex[before]) & (people.no[settled] != people.no[before])
    same &= (people.mother[settled] != people.mother[before]) | (people.mother[settled] == NOBODY)
    same &= draws.happens(dirt.person_namesake, "namesake", people.no[settled])
    made = text.copy()
    made[settled[same]] = text[before[same]]
    return made


def homophones(draws: Draws, names: Names, dirt: Dirt, people: People, true: np.ndarray) -> np.ndarray:
    """Each name with one character replaced by another of the same sound, where a character has one."""
    surname = draws.happens(dirt.homophone_of_surname, "homophone of surname", people.no)
    u = draws.uniform("homophone", people.no)
    made = true.copy()
    for n, (name, of_surname, x) in enumerate(zip(true.tolist(), surname.tolist(), u.tolist(), strict=True)):
        places = [0] if of_surname else range(1, len(name))
        could = [(p, c) for p in places if DOT not in name for c in names.homophones.get(name[p], "")]
        if could:
            place, other = could[int(x * len(could))]
            made[n] = name[:place] + other + name[place + 1 :]
    return made


def temporary(people: People, true: np.ndarray) -> np.ndarray:
    """What a newborn is called before it has a name: its mother's son or daughter."""
    child = np.array(["之子", "之女"], dtype=object)[people.sex]
    return np.where(people.mother != NOBODY, true[people.mother] + child, true)


def pinyin(names: Names, true: np.ndarray) -> np.ndarray:
    """Names whose character outside GBK is written by its sound."""
    reading = dict(names.rare)
    return np.array(["".join(reading.get(c, c) for c in n) if n[-1] in reading else n for n in true], dtype=object)


def dotted(true: np.ndarray) -> list[np.ndarray]:
    """Names with each other form of the middle dot, and without one."""
    return [np.array([n.replace(DOT, dot) for n in true], dtype=object) for dot in OTHER_DOTS]


def outside_gbk(names: Names, true: np.ndarray) -> np.ndarray:
    """The names that have such a character."""
    rare = {c for c, _ in names.rare}
    return np.array([n[-1] in rare for n in true])
