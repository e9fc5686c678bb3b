"""The residents on the first day: where they live, how old they are, who lives with whom.

People are made in whole blocks of 500. A block covers the province like a systematic sample of the census (city, sex,
age, county), households and parents are found inside it, and it is the same whatever the number of blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from jobs.province.draws import Choice, Draws, Floats, Ints, ranks
from jobs.province.facts import BANDS, OUTSIDE, Places

BLOCK = 500
NUMBERS = 1_000_000  # a person's number is block * NUMBERS + its number in the block
ARRIVALS, BIRTHS = 1_000, 100_000  # first numbers in the block of people who arrive or are born later
YEAR = 365.2425
NEVER = np.int64(2**31)
NOBODY = -1
TWIN = 0.04  # of children born within a year of the next elder one of their block and city (assumed; 1-2% of births)
GESTATION, SPACED = 280, 1000  # days after a birth until which there is none, and until which there are fewer (assumed)
ROOM = (1.0, 0.6, 0.06, 0.005)  # of mothers with that many children already for one more (assumed)
KIN = 1e-12  # weight of the other adults of block and city as those to live with
ELSEWHERE = 10_000  # a hukou county from here on is OUTSIDE[n - ELSEWHERE]


@dataclass(frozen=True)
class People:
    """One entry a person in each array. ``mother``, ``father``, ``spouse`` are positions in the same arrays."""

    no: Ints
    birth: Ints  # days since 1970-01-01, as all days here
    sex: Ints  # 0 male, 1 female
    household: Ints  # position in the homes' arrays
    mother: Ints
    father: Ints
    spouse: Ints
    hukou: Ints
    first: Ints  # first day as a resident of the simulated province

    def __len__(self) -> int:
        return len(self.no)

    def and_(self, others: People) -> People:
        """Both, these first."""
        return People(*(np.concatenate([getattr(self, f.name), getattr(others, f.name)]) for f in fields(People)))

    def age(self, day: Ints | int) -> Floats:
        """Age in years on a day, by the mean length of a year."""
        return (day - self.birth) / YEAR

    @property
    def block(self) -> Ints:
        return self.no // NUMBERS


def residents(draws: Draws, places: Places, blocks: Ints, first_day: int) -> tuple[People, Ints]:
    """The residents of these blocks on the first day, and the county of each household (by position)."""
    block = np.repeat(blocks, BLOCK)
    local = np.tile(np.arange(BLOCK), len(blocks))
    no = block * NUMBERS + local
    city = Choice.of(places.city_people).pick((local + draws.uniform("city", block)) / BLOCK)
    size = np.bincount(_group(blocks, block, city, len(places.city_code)))[
        _group(blocks, block, city, len(places.city_code))
    ]
    cell = places.cells.pick((ranks(block, city, local) + draws.uniform("cell", block, city)) / size, city)
    band = cell % BANDS
    u = draws.uniform("age", no)
    age = np.where(band < BANDS - 1, band * 5 + 5 * u, np.minimum(85 - 4.2 * np.log(u), 108))
    twin = _twins(draws, no, block, city, age)
    age = age[twin]
    birth = first_day - 1 - (age * YEAR).astype(np.int64)
    county = places.county.pick(draws.uniform("county", no), city * BANDS + band)
    sex = cell // BANDS
    spouse = _spouses(draws, no, block, city, sex, age)
    husband = (spouse != NOBODY) & (sex == 0)
    head = np.where(husband, spouse, np.arange(len(no)))  # a couple is named after the wife, and lives where she does
    mother, host = (found[twin] for found in _parents(draws, no, block, city, sex, age, spouse, twin))
    head = np.where((host != NOBODY) & ~husband, head[host], head)
    head = head[head]
    moved = draws.uniform("hukou", no[head])
    hukou = np.where(moved < 0.05, ELSEWHERE + draws.whole(len(OUTSIDE), "hukou outside", no[head]), county[head])
    father = np.where(mother != NOBODY, spouse[mother], NOBODY)
    people = People(no, birth, sex, head, mother, father, spouse, hukou, np.full(len(no), first_day))
    return people, county


def _group(blocks: Ints, block: Ints, city: Ints, cities: int) -> Ints:
    return np.searchsorted(blocks, block) * cities + city


def _spouses(draws: Draws, no: Ints, block: Ints, city: Ints, sex: Ints, age: Floats) -> Ints:
    """Married men and women of a block and city, paired in order of age where they are at most 9 years apart."""
    share = np.interp(age, [20, 22, 30, 40, 75, 95], [0.0, 0.2, 0.8, 0.93, 0.85, 0.3])
    married = draws.happens(share, "married", no)
    rank = ranks(block, city, sex, ~married, age + 2.0 * (sex == 1))
    key = (block * 100 + city) * BLOCK + rank
    men, women = (np.flatnonzero(married & (sex == s)) for s in (0, 1))
    _, m, w = np.intersect1d(key[men], key[women], assume_unique=True, return_indices=True)
    near = np.abs(age[men[m]] - age[women[w]]) <= 9
    spouse = np.full(len(no), NOBODY)
    spouse[men[m[near]]], spouse[women[w[near]]] = women[w[near]], men[m[near]]
    return spouse


def _twins(draws: Draws, no: Ints, block: Ints, city: Ints, age: Floats) -> Ints:
    """Whose twin each person is, at most a year older and of the same block and city; the others are their own."""
    order = np.lexsort((-age, city, block))
    elder, younger = order[:-1], order[1:]
    near = (block[elder] == block[younger]) & (city[elder] == city[younger]) & (age[elder] - age[younger] < 1)
    near &= (age[elder] < 18) & draws.happens(TWIN, "twin of the elder one", no[younger])
    near[1:] &= ~near[:-1]  # no triplets
    twin = np.arange(len(no))
    twin[younger[near]] = elder[near]
    return twin


def _parents(
    draws: Draws, no: Ints, block: Ints, city: Ints, sex: Ints, age: Floats, spouse: Ints, twin: Ints
) -> tuple[Ints, Ints]:
    """The mother of each person under 22, and whose household they live in, both of the same block and city.

    Four in five of the unmarried under 45 live with their parents too (assumed; brings households near census size).
    The oldest of each block choose first, so that mothers have no child too soon after another, and few have many.
    Second twins are left to the first.
    """
    mother, host = np.full(len(no), NOBODY), np.full(len(no), NOBODY)
    at_home = (age < 22) | ((age < 45) & (spouse == NOBODY) & draws.happens(0.8, "at home", no))
    wed = np.where(spouse != NOBODY, 1.0, 0.05)
    children, youngest = np.zeros(len(no), np.int64), np.full(len(no), np.inf)
    young = np.flatnonzero(at_home & (twin == np.arange(len(no))))
    turn = ranks(block[young], -age[young])
    first = young // BLOCK * BLOCK  # of their block
    for nth in range(int(turn.max(initial=-1)) + 1):
        child = young[turn == nth]
        adult = first[turn == nth, None] + np.arange(BLOCK)
        gap = age[adult] - age[child, None]
        together = ~at_home[adult] & (city[adult] == city[child, None])
        could = together & (sex[adult] == 1) & (gap > 19) & (gap < 42)
        since = (youngest[adult] - age[child, None]) * YEAR
        room = np.array(ROOM)[np.minimum(children[adult], 3)] * np.clip((since - GESTATION) / SPACED, 0, 1)
        fit = (np.exp(-(((gap - 28) / 6) ** 2)) * wed[adult] + 1e-4) * room
        weight = np.where(could & (room > 0), fit, np.where(together, KIN, 0.0))
        with np.errstate(divide="ignore"):
            score = np.log(draws.uniform("parents", no[child, None], no[adult] % NUMBERS)) / weight
        row, best = np.arange(len(child)), np.argmax(score, axis=1)
        chosen, found = adult[row, best], weight[row, best]
        host[child[found > 0]] = chosen[found > 0]
        born = found > KIN
        mother[child[born]] = chosen[born]
        children[chosen[born]] += 1
        youngest[chosen[born]] = age[child[born]]
    return mother, host


def arrivals(
    draws: Draws, places: Places, blocks: Ints, year: int, day: tuple[int, int], rate: float, homes: int
) -> tuple[People, Ints, Ints]:
    """People who come from outside in a year (each a household of one): people, day of arrival, county.

    ``day`` is the first day of the year and of the next; ``homes`` the number of households there are already.
    """
    count = draws.poisson(np.full(len(blocks), rate * BLOCK), "arrivals", blocks, year)
    block = np.repeat(blocks, np.minimum(count, 99))
    local = ARRIVALS + (year - 2000) * 100 + ranks(block, np.arange(len(block)))
    no = block * NUMBERS + local
    came = day[0] + 1 + draws.whole(day[1] - day[0] - 1, "arrival day", no)
    age = 18 + 8 * draws.exponential("arrival age", no)
    birth = came - (np.minimum(age, 80) * YEAR).astype(np.int64)
    county = Choice.of(places.people).pick(draws.uniform("arrival county", no))
    nobody = np.full(len(no), NOBODY)
    people = People(
        no,
        birth,
        draws.whole(2, "arrival sex", no),
        homes + np.arange(len(no)),
        nobody,
        nobody,
        nobody,
        ELSEWHERE + draws.whole(len(OUTSIDE), "arrival hukou", no),
        came,
    )
    return people, came, county
