"""Everyone who is infected, whether or not anybody hears of it; and the truth about infections and outbreaks."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from jobs.province.codebook import age_group
from jobs.province.draws import Floats, Ints
from jobs.province.endemic import endemic_infections
from jobs.province.entries import Entries
from jobs.province.epidemic import NO_OUTBREAK, AtRisk, Onsets, epidemic_infections
from jobs.province.intensity import GROUP, intensity
from jobs.province.outbreaks import LONGEST, Planted
from jobs.province.people import YEAR
from jobs.province.recording import Scene, texts
from jobs.province.registry_feeds import counties
from jobs.province.transmission import MONDAY, WEEKS
from jobs.province.truth import Event
from jobs.province.visits import OTHER, Visits, minute_of, month_starts, second_diagnosis

LONGEST_WAIT = 60  # days until a case is diagnosed
VISIT = 1 << 50  # numbers of visits for an infection come after those of all others
INFECTIOUS, PAEDIATRICS, CHILD_YEARS = "16", "07", 14


@dataclass(frozen=True)
class Infections(Entries):
    """One entry an infected resident. ``disease`` is a row of the catalogue's; ``county`` is that of the onset."""

    key: Ints
    person: Ints
    onset: Ints
    diagnosed: Ints  # when a doctor finds it, if notified
    disease: Ints
    county: Ints
    outbreak: Ints
    notified: np.ndarray


def infections(scene: Scene, months: range, risk: AtRisk) -> Infections:
    """The infections that begin in these months."""
    draws, lives, table = scene.draws, scene.lives, scene.facts.catalogue.infections.table
    parts = [epidemic_infections(scene, months, risk), *endemic_infections(scene, months)]
    found = Onsets(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Onsets)))
    found = found.at(np.flatnonzero(lives.resident(found.person, found.day)))
    wait = table["diagnosed_after"].to_numpy(np.float64)[found.disease]
    wait = np.minimum(draws.exponential("infection diagnosed", found.key) * wait, LONGEST_WAIT)
    diagnosed, county = found.day + wait.astype(np.int64), lives.county(found.person, found.day)
    missed = [scene.settings.undelivered.unnotified[name] for name in table["disease"]]
    share = np.array([[m.rural, m.urban] for m in missed])
    group = age_group((found.day - lives.people.birth[found.person]) / YEAR)
    urban = scene.facts.places.urban[county].astype(np.int64)
    missed_too = draws.happens(share[found.disease, urban, group], "unnotified", found.key)
    notified = ~missed_too & lives.resident(found.person, diagnosed)
    return Infections(found.key, found.person, found.day, diagnosed, found.disease, county, found.outbreak, notified)


def hospital_of(scene: Scene, cases: Infections) -> Ints:
    """Where notified cases are found."""
    county = scene.lives.county(cases.person, cases.diagnosed)
    return scene.institutions.visited(scene.facts.places, county, 0, scene.draws.uniform("card hospital", cases.key))


def infection_visits(scene: Scene, infected: Infections, months: range) -> Visits:
    """The visits of these months at which the notified cases are found. Those nobody notified saw no doctor, or are
    among the visits for other reasons."""
    draws, facts, first = scene.draws, scene.facts, month_starts(months)
    inside = (infected.diagnosed >= first[0]) & (infected.diagnosed < first[-1])
    cases = infected.at(np.flatnonzero(infected.notified & inside))
    key, day, condition = VISIT + cases.key, cases.diagnosed, np.full(len(cases.key), OTHER)
    table, codes = facts.catalogue.infections.table, facts.codes
    diagnosis = np.array([codes.icd10.index(code) for code in table["icd10"]])[cases.disease]
    young = day - scene.lives.people.birth[cases.person] < CHILD_YEARS * YEAR
    departments = [codes.department_code.index(d) for d in (INFECTIOUS, PAEDIATRICS)]
    return Visits(
        key,
        cases.person,
        day,
        minute_of(draws, key),
        condition,
        diagnosis,
        second_diagnosis(draws, facts, scene.lives, key, cases.person, day, condition, "O"),
        np.array(departments)[young.astype(np.int64)],
        hospital_of(scene, cases),
    )


def infection_events(scene: Scene, infected: Infections) -> list[Event]:
    """The onset of every infection, as the truth tells events."""
    names = scene.facts.catalogue.infections.table["disease"]
    of = [infected.at(infected.disease == n) for n in range(len(names))]
    return [(f"{name}_case", i.person, i.onset) for name, i in zip(names, of, strict=True)]


def infection_truth(scene: Scene, infected: Infections) -> pa.Table:
    """Every infection of the run's days: person, disease, onset, county, whether notified, number of its outbreak."""
    first, last = scene.schedule.days
    i = infected.at(np.flatnonzero((infected.onset >= first) & (infected.onset <= last)))
    return pa.table(
        {
            "person": scene.lives.people.no[i.person],
            "disease": texts(tuple(scene.facts.catalogue.infections.table["disease"]), i.disease),
            "onset": pa.array(i.onset.astype(np.int32), pa.date32()),
            "county": counties(scene, i.county),
            "notified": i.notified,
            "outbreak": pa.array(i.outbreak, mask=i.outbreak == NO_OUTBREAK),
        }
    )


def outbreak_truth(scene: Scene, infected: Infections, months: range, risk: AtRisk) -> pa.Table:
    """Every planted outbreak that touches the run's days, with the share of these blocks' residents in it.

    One row an outbreak, part of the residents and run: ``expected_extra`` and ``infected`` (of those infected because
    of it) are sums to be added up. Of one that the run sees a part of, they are that part's.
    """
    first, last = scene.schedule.days
    course = intensity(scene.facts, scene.settings, int(month_starts(months)[-1]))
    begin, until = course.outbreaks.days
    o = course.outbreaks.at((begin <= last) & (until >= first))
    start, end = o.days
    inside = (infected.onset >= first) & (infected.onset <= last) & (infected.outbreak != NO_OUTBREAK)
    counted = np.sort(infected.outbreak[inside])
    number = np.searchsorted(counted, o.number, side="right") - np.searchsorted(counted, o.number)
    return pa.table(
        {
            "outbreak": o.number,
            "disease": texts(tuple(scene.facts.catalogue.infections.table["disease"]), o.disease),
            "county": counties(scene, o.county),
            "age_from": np.array([0, 6, 18])[o.group],
            "age_to": np.array([5, 17, 110])[o.group],
            "start": pa.array(start.astype(np.int32), pa.date32()),
            "end": pa.array(end.astype(np.int32), pa.date32()),
            "size_multiple": o.size,
            "expected_extra": _expected(scene, o, months, risk),
            "infected": number,
        }
    )


def _expected(scene: Scene, outbreaks: Planted, months: range, risk: AtRisk) -> Floats:
    """Infections to expect of each outbreak among these blocks' residents on the run's days."""
    first, last = scene.schedule.days
    course = intensity(scene.facts, scene.settings, int(month_starts(months)[-1]))
    shape = (len(scene.facts.places.county_code), len(GROUP), len(months))
    cell = np.ravel_multi_index((risk.county, risk.group, risk.month), shape)
    residents = np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape)
    of, nth = np.nonzero(np.arange(LONGEST)[None, :] < outbreaks.length[:, None])
    o = outbreaks.at(of)
    monday = (o.week + nth) * 7 + MONDAY
    inside = np.clip(np.minimum(monday + 7, last + 1) - np.maximum(monday, first), 0, 7) / 7
    month = np.clip(monday.astype("M8[D]").astype("M8[M]").astype(np.int64) - months.start, 0, len(months) - 1)
    week = np.minimum(o.week + nth - course.first, course.extra.shape[-1] - 1)
    extra = course.extra[o.disease, o.county, o.group, week] * inside / WEEKS
    there = residents[o.county, :, month] * (GROUP[None, :] == o.group[:, None])
    cases = (there * course.yearly[o.disease]).sum(axis=1) * extra
    return np.bincount(of, cases, minlength=len(outbreaks)).astype(np.float64)
