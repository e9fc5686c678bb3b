"""Fathers of the children born in the simulated years, and the men who become so by moving in with the mother.

Who is married on the first day stays with that partner. A woman without a living one who gives birth has been living,
for some months by then, with a man of her block who had nobody: of a fitting age, of her own city where there is one.
Only births make couples, which is all that the deliveries tell of marriage (assumed).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import Places
from jobs.province.people import NOBODY, YEAR

if TYPE_CHECKING:
    from jobs.province.life import Homes, Lives

UNNAMED = 0.05  # share of births, of mothers with no partner, whose father nobody names (assumed)
CONCEIVED = 290  # days before birth on which the father was still alive
TOGETHER = (60, 200)  # least days before the birth since when the couple live together, and how many more (assumed)
OLDER = (2, 4)  # years by which men are older than the mothers of their children: mean, standard deviation (assumed)
GAPS, YOUNGEST = (-8, 16), 20  # years that men may be older; how old they are at the birth at least
ANOTHER_CITY = 8  # a man of another city is as little wanted as one these years from the age wished for (assumed)


def fathers(draws: Draws, places: Places, lives: Lives, homes: Homes, year: int, mother: Ints, born_on: Ints) -> Ints:
    """The father of each birth of a year, by mother and day, or NOBODY; notes the new couples in ``lives``."""
    people = lives.people
    partner = lives.partner[mother]
    has = (partner != NOBODY) & (lives.death[partner] > born_on - CONCEIVED)
    named = ~draws.happens(UNNAMED, "father unnamed", people.no[mother], year)
    single = np.flatnonzero(~has & named)
    woman, day = mother[single], born_on[single]
    since = day - TOGETHER[0] - draws.whole(TOGETHER[1], "together since", people.no[woman])
    since = np.maximum(since, people.first[woman])
    since = np.where(homes.county(people.household[woman], since) < 0, day, since)  # she was still away
    wished = OLDER[0] + OLDER[1] * draws.normal("father's age", people.no[woman], year)
    of, man, dislike = _possible(places, lives, homes, woman, day, since, wished)
    found = _chosen(of, man, dislike, len(woman))
    meets = np.flatnonzero(found != NOBODY)
    woman, man = woman[meets], found[meets]
    lives.partner[woman], lives.partner[man] = man, woman
    lives.joins[man] = np.maximum(since[meets], people.first[man])
    father = np.where(has, partner, NOBODY)
    father[single] = found
    return father


def _possible(
    places: Places, lives: Lives, homes: Homes, woman: Ints, day: Ints, since: Ints, wished: Floats
) -> tuple[Ints, Ints, Floats]:
    """Pairs of a woman (position) and a man who might be the father, and how little he is wanted."""
    people = lives.people
    free = np.flatnonzero((people.sex == 0) & (lives.partner == NOBODY) & (people.age(day.max(initial=0)) >= YOUNGEST))
    of, at = np.nonzero(people.block[woman][:, None] == people.block[free][None, :])
    man, she, born = free[at], woman[of], day[of]
    gap = (people.birth[she] - people.birth[man]) / YEAR
    where, there = (homes.county(people.household[p], since[of]) for p in (man, she))
    fits = (gap > GAPS[0]) & (gap < GAPS[1]) & (born - people.birth[man] > YOUNGEST * YEAR)
    fits &= (lives.death[man] > born) & (people.first[man] < born) & (where >= 0)
    fits &= people.household[man] != people.household[she]  # who grew up with her
    far = places.city[where] != places.city[there]
    return of[fits], man[fits], (np.abs(gap - wished[of]) + ANOTHER_CITY * far)[fits]


def _chosen(of: Ints, man: Ints, dislike: Floats, women: int) -> Ints:
    """A man for each woman, or NOBODY: the best liked of all pairs first, each man once."""
    found = np.full(women, NOBODY)
    while len(of):
        order = np.lexsort((man, of, dislike))
        of, man, dislike = of[order], man[order], dislike[order]
        first = np.zeros(len(of), bool)
        first[np.unique(of, return_index=True)[1]] = True
        only = np.zeros(len(of), bool)
        only[np.unique(man, return_index=True)[1]] = True
        taken = first & only  # each other's best
        found[of[taken]] = man[taken]
        left = (found[of] == NOBODY) & ~np.isin(man, man[taken])
        of, man, dislike = of[left], man[left], dislike[left]
    return found
