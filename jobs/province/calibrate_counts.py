"""How published indicators are counted in a simulation: a numerator and a denominator of every person.

A counting function takes a sample of lives and the published figure, for its ages and codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from jobs.province.calibrate_published import Published
from jobs.province.calibrate_sample import Events, Sample
from jobs.province.care_feeds import insurance
from jobs.province.draws import Floats
from jobs.province.life import AWAY
from jobs.province.pregnancies import born_together, deliveries, first_of_birth
from jobs.province.schedule import day_number

Counts = tuple[Floats, Floats]  # by person: numerator, denominator
Counting = Callable[[Sample, Published], Counts]


def prefixes(codes: str) -> tuple[str, ...]:
    """The three-character categories of a range of ICD-10 such as ``C64-C66,C68``; longer codes as they stand."""
    found: list[str] = []
    for part in codes.split(","):
        first, _, last = part.strip().partition("-")
        ends = [re.fullmatch(r"([A-Z])(\d\d)", c) for c in (first, last or first)]
        if not all(ends):
            found.append(first)
            continue
        (letter, low), (_, high) = (e.groups() for e in ends if e)
        found += [f"{letter}{n:02}" for n in range(int(low), int(high) + 1)]
    return tuple(found)


def births(sample: Sample, row: Published) -> Counts:
    return _born(sample, row), sample.person_years(row)


def _born(sample: Sample, row: Published) -> Floats:
    people = sample.scene.lives.people
    child = np.flatnonzero(people.birth == people.first)
    here = sample.scene.lives.county(child, people.birth[child]) != AWAY
    return sample.count(Events(child, people.birth[child], here), row)


def deaths(sample: Sample, row: Published) -> Counts:
    return sample.count(sample.deaths(), row), sample.person_years(row)


def deaths_by_code(sample: Sample, row: Published) -> Counts:
    return sample.count(sample.deaths(prefixes(row.code)), row), sample.person_years(row)


def infant_deaths(sample: Sample, row: Published) -> Counts:
    return sample.count(sample.deaths(), row), _born(sample, row)


def boys_per_girl_born(sample: Sample, row: Published) -> Counts:
    born, sex = _born(sample, row), sample.scene.lives.people.sex
    return born * (sex == 0), born * (sex == 1)


def boys_per_girl(sample: Sample, row: Published) -> Counts:
    there, sex = sample.of_age(row, sample.middle), sample.scene.lives.people.sex
    return there * (sex == 0.0), there * (sex == 1.0)


def in_city(sample: Sample, row: Published) -> Counts:
    """Residents of a city among all on the first day."""
    places, first = sample.scene.facts.places, day_number(sample.scene.settings.population_on)
    there = sample.residents(first)
    county = sample.scene.lives.county(np.arange(len(sample)), np.full(len(sample), first))
    return there * (places.city[county] == places.city_code.index(row.code)), there * 1.0


def of_age_first(sample: Sample, row: Published) -> Counts:
    """Residents of an age, and of the figure's sex, among all on the first day."""
    first, people = day_number(sample.scene.settings.population_on), sample.scene.lives.people
    sex = {"M": people.sex == 0, "F": people.sex == 1}.get(row.sex, True)
    return sample.of_age(row, first) * sex * 1.0, sample.residents(first) * 1.0


def people_per_household(sample: Sample, row: Published) -> Counts:
    first = day_number(sample.scene.settings.population_on)
    there = sample.residents(first)
    household = sample.scene.lives.household(np.arange(len(sample)), np.full(len(sample), first))
    size = np.bincount(household, there)[household]
    return there * 1.0, there / np.maximum(size, 1)


def have(*conditions: str) -> Counting:
    """People who have had any of these by the middle of the years."""

    def count(sample: Sample, row: Published) -> Counts:
        there = sample.of_age(row, sample.middle)
        return there * by_middle(sample, conditions, "onset"), there * 1.0

    return count


def known(*conditions: str) -> Counting:
    """People with any of these of whom a doctor knows, among those who have it."""

    def count(sample: Sample, row: Published) -> Counts:
        ill = sample.of_age(row, sample.middle) * by_middle(sample, conditions, "onset")
        return ill * by_middle(sample, conditions, "diagnosis"), ill

    return count


def known_of_all(*conditions: str) -> Counting:
    """People with any of these of whom a doctor knows, among all."""

    def count(sample: Sample, row: Published) -> Counts:
        there = sample.of_age(row, sample.middle)
        return there * by_middle(sample, conditions, "diagnosis"), there * 1.0

    return count


def by_middle(sample: Sample, conditions: tuple[str, ...], what: str) -> Floats:
    """Who has had the onset or the diagnosis (``what``) of any of these by the middle of the years."""
    there = np.zeros(len(sample))
    for condition in conditions:
        found = sample.events(f"{condition}_{what}")
        there[found.person[found.day <= sample.middle]] = 1.0
    return there


def have_that_condition(sample: Sample, row: Published) -> Counts:
    """The condition that the row itself names."""
    return have(row.code)(sample, row)


def first_onsets(condition: str) -> Counting:
    def count(sample: Sample, row: Published) -> Counts:
        return sample.count(sample.events(f"{condition}_onset"), row), sample.person_years(row)

    return count


def insured_as(kind: int) -> Counting:
    def count(sample: Sample, row: Published) -> Counts:
        there, everyone = sample.of_age(row, sample.middle), np.arange(len(sample))
        return there * (insurance(sample.scene, everyone, np.full(len(sample), sample.middle)) == kind), there * 1.0

    return count


def delivered(feed: str) -> Counting:
    """Delivered rows a person-year."""

    def count(sample: Sample, row: Published) -> Counts:
        return sample.rows(feed, row), sample.person_years(row, delivered=True)

    return count


def delivered_mean(feed: str, column: str) -> Counting:
    """The mean of a column over delivered rows."""

    def count(sample: Sample, row: Published) -> Counts:
        value = sample.delivered[feed].number(column)
        told = np.isfinite(value)
        return sample.rows(feed, row, which=told, of=value), sample.rows(feed, row, which=told)

    return count


def nights(sample: Sample, row: Published) -> Counts:
    """Days from admission to discharge of delivered stays."""
    feed = "inpatient_home_page"
    long = sample.delivered[feed].day - sample.delivered_day(feed, "admitted_at")
    told = (long >= 0) & (long < 400)
    return sample.rows(feed, row, which=told, of=long.astype(np.float64)), sample.rows(feed, row, which=told)


def twin_deliveries(sample: Sample, row: Published) -> Counts:
    """Deliveries of more than one child among all, by the first child."""
    people = sample.scene.lives.people
    _, child = deliveries(people)
    day = people.birth[child]
    here = sample.scene.lives.county(child, day) != AWAY
    several = born_together(first_of_birth(people))[child] > 1
    twins = sample.count(Events(child[several], day[several], here[several]), row)
    return twins, sample.count(Events(child, day, here), row)


def share_of_births(column: str, first: float, last: float) -> Counting:
    """Delivered births with a number from ``first`` to ``last`` (included) among all."""

    def count(sample: Sample, row: Published) -> Counts:
        feed = "birth_certificate"
        value = sample.delivered[feed].number(column)
        told = np.isfinite(value)
        inside = told & (value >= first) & (value <= last)
        return sample.rows(feed, row, which=inside), sample.rows(feed, row, which=told)

    return count


def cancers_found(sample: Sample, row: Published) -> Counts:
    """Cancers by the registry's cards a person-year, of the sites of a figure."""
    mine = sample.coded("cancer_card", "site_code", prefixes(row.code))
    return sample.rows("cancer_card", row, which=mine), sample.person_years(row, delivered=True)


def lung_among_cancers(sample: Sample, row: Published) -> Counts:
    mine = sample.coded("cancer_card", "site_code", prefixes(row.code))
    return sample.rows("cancer_card", row, which=mine), sample.rows("cancer_card", row)


def stroke_stays_of(sample: Sample, row: Published) -> Counts:
    """Stays for one type of stroke among those for any, by the main diagnosis delivered."""
    feed, column = "inpatient_home_page", "main_diagnosis_code"
    mine, strokes = (sample.coded(feed, column, c) for c in (prefixes(row.code), ("I60", "I61", "I62", "I63", "I64")))
    return sample.rows(feed, row, which=mine), sample.rows(feed, row, which=strokes)
