"""Hepatitis B and tuberculosis, which are always there: who falls ill does so once in a life.

The hazard is that of age, times the level of the county where a person first lives, and runs from the first day there
on. Complete vaccination lowers that of hepatitis B; the hazard of the others is so much higher that the mean is kept.
"""

from __future__ import annotations

import numpy as np

from jobs.province.codebook import age_group
from jobs.province.draws import Floats, Ints
from jobs.province.epidemic import NO_OUTBREAK, Onsets
from jobs.province.facts import AGES
from jobs.province.immunisation import VACCINATED_FROM, had_all, share_with_all
from jobs.province.intensity import infected_yearly
from jobs.province.people import YEAR
from jobs.province.recording import Scene
from jobs.province.visits import month_starts

VACCINE = {"hepatitis_b": "HepB"}


def endemic_infections(scene: Scene, months: range) -> list[Onsets]:
    """The onsets in these months, disease by disease."""
    diseases, first = scene.facts.catalogue.infections, month_starts(months)
    found = []
    for n in range(len(diseases.epidemics), len(diseases.table)):
        person, day = _onset(scene, n)
        day = _in_season(day, diseases.season[n - len(diseases.epidemics)])
        inside = (day >= first[0]) & (day < first[-1])
        person, day = person[inside], day[inside]
        month = day.astype("M8[D]").astype("M8[M]").astype(np.int64)
        key = (scene.lives.people.no[person] * 10_000 + month) * 10 + n
        found.append(Onsets(key, person, day, np.full(len(day), n), np.full(len(day), NO_OUTBREAK)))
    return found


def _onset(scene: Scene, disease: int) -> tuple[Ints, Ints]:
    """Who falls ill by the age of 111, and on which day."""
    draws, lives = scene.draws, scene.lives
    people = lives.people
    spread = scene.facts.catalogue.share["infection.county_spread"]
    county = lives.county(np.arange(len(people)), people.first)
    local = np.exp(spread * draws.normal("endemic", county, disease) - spread**2 / 2)
    threshold = draws.exponential("endemic infection", people.no, disease) / local
    vaccine = VACCINE.get(scene.facts.catalogue.infections.table["disease"][disease])
    protected = had_all(scene, vaccine) if vaccine else np.zeros(len(people), bool)
    ages = np.arange(len(AGES) + 1)
    onset = np.zeros(len(people), np.int64)
    falls = np.zeros(len(people), bool)
    for vaccinated, hazard in enumerate(_hazard(scene, disease, vaccine)):
        who = np.flatnonzero(protected == bool(vaccinated))
        summed = np.concatenate([[0.0], np.cumsum(hazard)])
        wanted = np.interp(people.age(people.first)[who], ages, summed) + threshold[who]
        falls[who] = wanted < summed[-1]
        onset[who] = people.birth[who] + (np.interp(wanted, summed, ages) * YEAR).astype(np.int64)
    return np.flatnonzero(falls), onset[falls]


def _hazard(scene: Scene, disease: int, vaccine: str | None) -> tuple[Floats, Floats]:
    """New illness a year by whole age of those who are not, and of those who are vaccinated."""
    group = age_group(AGES.astype(np.float64))
    yearly = infected_yearly(scene.facts, scene.settings)[disease, group]
    effect = scene.facts.catalogue.share["vaccination.effect_hepatitis_b"]
    if vaccine is None:
        return yearly, yearly
    young = scene.settings.population_on.year - AGES >= VACCINATED_FROM.year
    left = 1 - effect * share_with_all(scene, vaccine) * young
    mean = np.bincount(group, left) / np.bincount(group)
    others = yearly / mean[group]
    return others, others * (1 - effect)


def _in_season(day: Ints, season: Floats) -> Ints:
    """Days moved within their year, so that the months have their shares."""
    date = day.astype("M8[D]")
    begin = date.astype("M8[Y]")
    end = (begin + 1).astype("M8[D]").astype(np.int64)
    start = begin.astype("M8[D]").astype(np.int64)
    until = np.concatenate([[0.0], np.cumsum(season)])
    month = np.interp((day - start + 0.5) / (end - start), until / until[-1], np.arange(13))
    first = (begin.astype("M8[M]") + month.astype(np.int64)).astype("M8[M]")
    length = ((first + 1).astype("M8[D]") - first.astype("M8[D]")).astype(np.int64)
    return first.astype("M8[D]").astype(np.int64) + (month % 1 * length).astype(np.int64)
