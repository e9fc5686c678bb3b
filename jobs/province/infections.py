"""Everyone who is infected, whether or not anybody hears of it; the visits for it; the truth about it and outbreaks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from jobs.province.departments import CHILD_YEARS, PAEDIATRICS
from jobs.province.draws import Floats
from jobs.province.endemic import endemic_cases
from jobs.province.epidemic import NO_OUTBREAK, AtRisk, epidemic_infections
from jobs.province.intensity import GROUP, intensity
from jobs.province.notifying import Infections, Reports, unnotified
from jobs.province.opening import CLINIC, minute_of_day
from jobs.province.outbreaks import LONGEST, Planted
from jobs.province.people import YEAR
from jobs.province.recording import Scene, texts
from jobs.province.registry_feeds import counties
from jobs.province.transmission import MONDAY, WEEKS
from jobs.province.truth import Event
from jobs.province.visits import OTHER, Visits, month_starts, second_diagnosis

LONGEST_WAIT = 60  # days until a case is diagnosed
VISIT = 1 << 58  # numbers of visits for an infection that spreads come after those of all others: see MOST_RESIDENTS
INFECTIOUS = "16"


def infections(scene: Scene, months: range, risk: AtRisk, visits: Visits) -> tuple[Infections, Reports]:
    """The infections that begin in these months and the endemic cases found at these visits; and who reports them."""
    draws, lives, diseases = scene.draws, scene.lives, scene.facts.catalogue.infections
    found = epidemic_infections(scene, months, risk)
    found = found.at(np.flatnonzero(lives.resident(found.person, found.day)))
    wait = diseases.epidemics["diagnosed_after"].to_numpy(np.float64)[found.disease]
    wait = np.minimum(draws.exponential("infection diagnosed", found.key) * wait, LONGEST_WAIT)
    diagnosed, county = found.day + wait.astype(np.int64), lives.county(found.person, found.day)
    share = unnotified(scene, found.disease, found.person, found.day, county)
    notified = ~draws.happens(share, "unnotified", found.key) & lives.resident(found.person, diagnosed)
    spread = Infections(found.key, found.person, found.day, found.day, found.disease, county, found.outbreak, notified)
    case, when = spread.at(np.flatnonzero(notified)), diagnosed[notified]
    u = draws.uniform("card hospital", case.key)
    hospital = scene.institutions.visited(scene.facts.places, lives.county(case.person, when), 0, u)
    reports = Reports(VISIT + case.key, case.person, case.onset, when, case.disease, hospital)
    others, their_reports = endemic_cases(scene, visits)
    return spread.and_(others), reports.and_(their_reports)


def infection_visits(scene: Scene, reports: Reports, months: range) -> Visits:
    """The visits of these months at which the cases of diseases that spread are reported. Those nobody reported saw no
    doctor, or are among the visits for other reasons."""
    draws, facts, first = scene.draws, scene.facts, month_starts(months)
    spreads = reports.disease < len(facts.catalogue.infections.epidemics)
    inside = spreads & (reports.diagnosed >= first[0]) & (reports.diagnosed < first[-1])
    found = reports.at(np.flatnonzero(inside))
    condition = np.full(len(found.key), OTHER)
    diagnosis = np.array([facts.codes.icd10.index(code) for code in facts.catalogue.infections.table["icd10"]])
    young = found.diagnosed - scene.lives.people.birth[found.person] < CHILD_YEARS * YEAR
    departments = [facts.codes.department_code.index(d) for d in (INFECTIOUS, PAEDIATRICS)]
    return Visits(
        found.key,
        found.person,
        found.diagnosed,
        minute_of_day(draws, CLINIC, found.key),
        condition,
        diagnosis[found.disease],
        second_diagnosis(draws, facts, scene.lives, found.key, found.person, found.diagnosed, condition, "O"),
        np.array(departments)[young.astype(np.int64)],
        found.hospital,
    )


def infection_events(scene: Scene, infected: Infections) -> list[Event]:
    """The onset of every infection that spreads, as the truth tells events."""
    names = scene.facts.catalogue.infections.epidemics.index
    of = [infected.at(infected.disease == n) for n in range(len(names))]
    return [(f"{name}_case", i.person, i.onset) for name, i in zip(names, of, strict=True)]


def infection_truth(scene: Scene, infected: Infections) -> pa.Table:
    """Every case that counts on the run's days: person, disease, onset, county, notified or not, its outbreak's number.

    Infections that spread count from their onset, whether or not anybody hears of them; an endemic disease counts when
    a doctor finds it (the conditions' own events tell of those whom nobody finds)."""
    first, last = scene.schedule.days
    i = infected.at(np.flatnonzero((infected.day >= first) & (infected.day <= last)))
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
