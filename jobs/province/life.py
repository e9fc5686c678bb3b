"""Lives from the first day on, year by year: moves, arrivals, couples, births and deaths.

A year's draws are keyed by person (or household) and year, so that simulating further leaves the past as it was.
Days are half-open: on the day of a move the household already lives at the destination.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jobs.province.conditions import AGES, cumulative_excess
from jobs.province.couples import fathers
from jobs.province.draws import Choice, Draws, Floats, Ints, ranks
from jobs.province.facts import Places, ProvinceFacts
from jobs.province.hazards import Baseline
from jobs.province.illness import Episodes, Health, death_ratio, episodes, frailty, onsets
from jobs.province.people import BIRTHS, NEVER, NOBODY, NUMBERS, YEAR, People, arrivals, residents
from jobs.province.scale import Scale
from jobs.province.settings import Yearly

AWAY = -1  # a household that lives outside the province
IDENTICAL = 1 / 3  # of twins (assumed)
NEWBORN = 0.55  # of the hazard at age 0, gathered in the first 28 days: 2.8 of 4.5 deaths per 1000 (NHC 2023, memory)
FIRST_DAYS = (0, 1, 7, 28), (0.0, 0.36, 0.75, 1.0)  # of life; share of those deaths by then (about WHO's, from memory)


def new_year(year: int) -> int:
    """The first of January as a day number."""
    return int(np.datetime64(f"{year}-01-01").astype(int))


def death_minute(draws: Draws, no: Ints) -> Ints:
    """The minute of the day at which people of these numbers die."""
    return draws.whole(1440, "death minute", no)


@dataclass(frozen=True)
class HomeYear:
    """Where each household lives at the start of a year, and its one move in the year (``NEVER``: none), which may be
    to another address in the same county."""

    first: int
    county: Ints
    move_day: Ints
    move_to: Ints

    @property
    def county_after(self) -> Ints:
        return np.where(self.move_day < NEVER, self.move_to, self.county)


class Homes:
    """Every household's county, and how often it has moved, on every day of the simulated years."""

    def __init__(self, years: list[HomeYear]) -> None:
        size = len(years[-1].county)
        self.first = np.array([y.first for y in years])
        self.county_at_start, self.move_day, self.move_to = (
            np.array([np.pad(getattr(y, part), (0, size - len(y.county)), constant_values=missing) for y in years])
            for part, missing in (("county", AWAY), ("move_day", NEVER), ("move_to", AWAY))
        )
        moves = (self.move_day < NEVER).astype(np.int64)
        self.moves_before = moves.cumsum(axis=0) - moves

    def county(self, household: Ints, day: Ints) -> Ints:
        """The county a household lives in on a day; ``AWAY`` outside the province."""
        year = self._year(day)
        moved = day >= self.move_day[year, household]
        return np.where(moved, self.move_to[year, household], self.county_at_start[year, household])

    def moves(self, household: Ints, day: Ints) -> Ints:
        """How many moves a household has made by a day, since the first simulated year."""
        year = self._year(day)
        return self.moves_before[year, household] + (day >= self.move_day[year, household])

    def _year(self, day: Ints) -> Ints:
        return np.clip(np.searchsorted(self.first, day, side="right") - 1, 0, len(self.first) - 1)


@dataclass(frozen=True)
class Lives:
    """People of some blocks with their illness, frailty and day of death (``NEVER``: not in the simulated years)."""

    people: People
    health: Health
    weak: Floats  # frailty, standard normal
    death: Ints
    last_birth: Ints
    partner: Ints  # position of the husband or wife, NOBODY; the last one had
    joins: Ints  # the day from which a person lives in the partner's household (NEVER: in the own)
    homes: Homes | None = None

    @staticmethod
    def starting(draws: Draws, facts: ProvinceFacts, onset: tuple[Baseline, ...], people: People) -> Lives:
        """These people, all alive."""
        return Lives(
            people,
            onsets(draws, facts, people, onset),
            frailty(draws, people.no),
            np.full(len(people), NEVER),
            np.full(len(people), -NEVER),
            people.spouse.copy(),
            np.full(len(people), NEVER),
        )

    def and_(self, others: Lives) -> Lives:
        """Both, these first."""
        weak, death, last, partner, joins = (
            np.concatenate([getattr(self, n), getattr(others, n)])
            for n in ("weak", "death", "last_birth", "partner", "joins")
        )
        return Lives(
            self.people.and_(others.people), self.health.and_(others.health), weak, death, last, partner, joins
        )

    def household(self, person: Ints, day: Ints) -> Ints:
        """The household a person lives in on a day."""
        return self.people.household[np.where(day >= self.joins[person], self.partner[person], person)]

    def county(self, person: Ints, day: Ints) -> Ints:
        """County of usual residence on a day, ``AWAY`` outside the province."""
        assert self.homes is not None
        return self.homes.county(self.household(person, day), day)

    def resident(self, person: Ints, day: Ints) -> np.ndarray:
        """Whether a person is alive (the day of death included) and lives in the province on a day."""
        alive = (day >= self.people.first[person]) & (day <= self.death[person])
        return alive & (self.county(person, day) != AWAY)


def simulate_lives(draws: Draws, facts: ProvinceFacts, rate: Yearly, scale: Scale, blocks: Ints, years: range) -> Lives:
    """The lives in these blocks from the first day of the first year to the last day of the last."""
    people, county = residents(draws, facts.places, blocks, new_year(years[0]))
    now, keys = Lives.starting(draws, facts, scale.onset, people), people.no
    child = np.flatnonzero(people.mother != NOBODY)
    np.maximum.at(now.last_birth, people.mother[child], people.birth[child])
    homes: list[HomeYear] = []
    for year in years:
        span = (new_year(year), new_year(year + 1))
        came, came_on, came_to = arrivals(draws, facts.places, blocks, year, span, rate.move_in, len(county))
        home = _moves(draws, facts.places, rate, year, span, people.hukou, keys, county)
        home = HomeYear(
            span[0],
            *(
                np.concatenate(p)
                for p in ((home.county, np.full(len(came), AWAY)), (home.move_day, came_on), (home.move_to, came_to))
            ),
        )
        keys, homes, county = np.concatenate([keys, came.no]), [*homes, home], home.county_after
        now = now.and_(Lives.starting(draws, facts, scale.onset, came))
        now = _deaths(draws, facts, scale, year, span, now, np.arange(len(now.people)))
        mother, born_on = _births(draws, facts, scale, year, span, now, Homes(homes))
        now.last_birth[mother] = born_on
        father = fathers(draws, facts.places, now, Homes(homes), year, mother, born_on)
        children = _children(draws, rate, year, now.people, mother, father, born_on)
        now = now.and_(Lives.starting(draws, facts, scale.onset, children))
        now = _deaths(draws, facts, scale, year, span, now, np.arange(len(now.people) - len(children), len(now.people)))
    return replace(now, homes=Homes(homes))


def _moves(
    draws: Draws, places: Places, rate: Yearly, year: int, span: tuple[int, int], hukou: Ints, keys: Ints, county: Ints
) -> HomeYear:
    """At most one move a household: to another county, to another address in its own, out of the province, or back."""
    u = draws.uniform("move", keys, year)
    inside = county != AWAY
    out = inside & (u < rate.move_out)
    within = inside & ~out & (u < rate.move_out + rate.move_within)
    anew = inside & ~out & ~within & (u < rate.move_out + rate.move_within + rate.move_address)
    back = ~inside & (u < rate.move_back)
    day = span[0] + 1 + draws.whole(span[1] - span[0] - 1, "move day", keys, year)
    near = places.near.pick(draws.uniform("move near", keys, year), places.city[np.maximum(county, 0)])
    far = Choice.of(places.people).pick(draws.uniform("move far", keys, year))
    to = np.where(within & draws.happens(0.6, "move in the city", keys, year), near, far)
    within &= to != county
    to = np.select([out, anew], [AWAY, county], to)
    return HomeYear(span[0], county, np.where(out | within | anew | back, day, NEVER), to)


def _deaths(
    draws: Draws, facts: ProvinceFacts, scale: Scale, year: int, span: tuple[int, int], lives: Lives, who: Ints
) -> Lives:
    """Set the day of death of those who die this year: when the hazard they have gathered since its first day exceeds
    an exponential number of their own. Age and conditions multiply the hazard as of the middle of the year's rest;
    the first days of life and deadly conditions, from onset on, add to it."""
    who = who[lives.death[who] == NEVER]
    since = np.maximum(lives.people.first[who], span[0])
    hazard = steady_hazard(facts, scale, lives, who, (since + span[1]) // 2)
    birth, newborn = lives.people.birth[who], NEWBORN * scale.death[lives.people.sex[who], 0]
    every = episodes(draws, facts, lives.people, lives.health, facts.conditions.deadly)
    place = np.full(len(lives.people), -1)
    place[who] = np.arange(len(who))
    every = every.at(np.flatnonzero((place[every.person] >= 0) & (every.day < span[1])))
    wanted = draws.exponential("death", lives.people.no[who], year)

    def gathered(day: Ints, some: Ints, found: Episodes) -> Floats:
        """The hazard that these of ``who`` have gathered by a day."""
        at = np.full(len(who), -1)
        at[some] = np.arange(len(some))
        e = at[place[found.person]]
        found, e = found.at(np.flatnonzero(e >= 0)), e[e >= 0]
        begun = (since[some][e] - found.day) / YEAR
        more = cumulative_excess(found.rates, (day[e] - found.day) / YEAR) - cumulative_excess(found.rates, begun)
        then, now = (np.interp(d - birth[some], *FIRST_DAYS) for d in (since[some], day))
        steady = hazard[some] * (day - since[some]) / YEAR
        return steady + newborn[some] * (now - then) + np.bincount(e, more, len(some))

    dies = np.flatnonzero(gathered(np.full(len(who), span[1]), np.arange(len(who)), every) > wanted)
    early, late = since[dies], np.full(len(dies), span[1])
    for _ in range(9):  # halving the days of a year to one
        middle = (early + late) // 2
        gone = gathered(middle, dies, every) > wanted[dies]
        early, late = np.where(gone, early, middle), np.where(gone, middle, late)
    death = lives.death.copy()
    death[who[dies]] = np.minimum(early, span[1] - 1)
    return replace(lives, death=death)


def steady_hazard(facts: ProvinceFacts, scale: Scale, lives: Lives, who: Ints, day: Ints) -> Floats:
    """Deaths a year by age, sex, frailty and the conditions that people have on a day, without excess deaths and those
    of the first days of life."""
    people = lives.people
    age = np.clip((day - people.birth[who]) / YEAR, 0, AGES[-1]).astype(np.int64)
    sex = people.sex[who]
    ratio = death_ratio(facts.conditions, lives.health.onset[who] <= day[:, None], lives.weak[who])
    later = np.where(age == 0, 1 - NEWBORN, 1.0)
    return scale.death[sex, age] * later * ratio / scale.death_ratio[sex, age]


def _births(
    draws: Draws, facts: ProvinceFacts, scale: Scale, year: int, span: tuple[int, int], lives: Lives, homes: Homes
) -> tuple[Ints, Ints]:
    """Mothers of the year and the days of birth; one birth a mother and year, none within two years of the last."""
    people = lives.people
    age = people.age(span[0])
    women = np.flatnonzero((people.sex == 1) & (age >= 15) & (age < 50))
    share = facts.rates.fertility[age[women].astype(np.int64)] * scale.fertility
    u = draws.uniform("birth", people.no[women], year)
    day = span[0] + draws.whole(span[1] - span[0], "birth day", people.no[women], year)
    alive = (day < lives.death[women]) & (day >= people.first[women])
    here = homes.county(people.household[women], day) != AWAY
    bears = (u < share) & alive & here & (day - lives.last_birth[women] > 2 * YEAR)
    return women[bears], day[bears]


def _children(draws: Draws, rate: Yearly, year: int, people: People, mother: Ints, father: Ints, day: Ints) -> People:
    """The newborn of a year, twins among them, living with their mothers. Their numbers follow block and year."""
    born = 1 + draws.happens(rate.twins, "twins", people.no[mother], year)
    mother, father, day = (np.repeat(p, born) for p in (mother, father, day))
    block = people.block[mother]
    order = ranks(block, people.no[mother])
    no = block * NUMBERS + BIRTHS + (year - 2000) * 1000 + order
    boys = rate.boys_per_100_girls / (rate.boys_per_100_girls + 100)
    second = np.append(False, mother[1:] == mother[:-1])
    alike = second & draws.happens(IDENTICAL, "identical twins", people.no[mother], year)
    sex = 1 - draws.happens(boys, "sex", no - alike).astype(np.int64)
    nobody = np.full(len(no), NOBODY)
    return People(no, day, sex, people.household[mother], mother, father, nobody, people.hukou[mother], day)
