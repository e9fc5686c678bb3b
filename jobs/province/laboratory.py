"""Laboratory results at some visits and most stays: panels asked for by the diagnosis, in long stays again and again.

What a panel finds follows from the person's lasting conditions (``lab_values``) and from the illness of the day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.draws import Choice, Draws, Floats, Ints, repeated
from jobs.province.entries import Entries
from jobs.province.facts import ProvinceFacts
from jobs.province.lab_lists import NONE
from jobs.province.lab_values import value
from jobs.province.life import Lives
from jobs.province.stays import Described, Stays
from jobs.province.visits import OTHER, Visits

AT_VISIT, AT_STAY = 0.25, 0.9  # share of visits and stays with a panel (assumed)
RESULTS_OF_VISIT, RESULTS_OF_STAY = 3.3, 14.5  # mean results of these, for what is foreseen (measured)
UNASKED = {"general": 0.5, "metabolic": 0.25, "infection": 0.25}  # panels without a diagnosis' reason (assumed)
ASKED = 0.75  # share of visits with the diagnosis' own panel (assumed); all stays have it
ADMISSION = "admission"  # what is taken beside it on the first morning of a stay
MORNINGS = np.array([1, 5, 10, 17, 25, 35, 56, 90])  # days of a stay on which blood is taken (assumed)
ILLNESS_SD = 0.35  # how the severity of acute illness varies (assumed)
BESIDE = 6  # number of the first result of the admission's panel among those of its draw of blood


@dataclass(frozen=True)
class Taken(Entries):
    """One entry a panel taken. ``number`` is unique among the draws of blood at visits, and among those in stays."""

    number: Ints
    source: Ints  # key of the visit or stay
    of_stay: np.ndarray
    person: Ints
    day: Ints
    minute: Ints
    ill_for: Ints  # days since the patient came
    diagnosis: Ints
    panel: Ints
    beside: Ints  # the panel of the same draw whose items this one leaves out, or NONE
    department: Ints
    hospital: Ints

    def __len__(self) -> int:
        return len(self.source)

    @property
    def draw(self) -> Ints:
        """Unique among all draws of blood."""
        return self.number * 2 + self.of_stay

    @property
    def report(self) -> Ints:
        """Unique among all panels taken."""
        return (self.number * 2 + (self.beside != NONE)) * 2 + self.of_stay


@dataclass(frozen=True)
class Results:
    """One entry a result of a panel. ``item`` is a row of the laboratory's items."""

    key: Ints
    of: Taken
    item: Ints
    value: Floats

    def __len__(self) -> int:
        return len(self.key)


def results(
    draws: Draws, facts: ProvinceFacts, lives: Lives, visits: Visits, stays: Stays, about: Described
) -> Results:
    """The results of panels taken at these visits and stays."""
    panels = _at_visits(draws, facts, visits).and_(_at_stays(draws, facts, stays, about))
    panels = panels.at(np.flatnonzero(panels.day <= lives.death[panels.person]))
    lab = facts.laboratory
    row, nth = repeated(lab.size[panels.panel])
    item = lab.member[lab.first[panels.panel[row]] + nth]
    beside = panels.beside[row]
    new = np.flatnonzero((beside == NONE) | ~lab.holds[beside, item])
    t, item, nth = panels.at(row[new]), item[new], nth[new] + BESIDE * (beside[new] != NONE)
    key = (t.number * np.where(t.of_stay, 16, 8) + nth) * 2 + t.of_stay
    return Results(
        key, t, item, value(draws, facts, lives, t.person, t.day, item, t.draw, _illness(draws, facts, t, item))
    )


def _at_visits(draws: Draws, facts: ProvinceFacts, visits: Visits) -> Taken:
    v = visits.at(np.flatnonzero(draws.happens(AT_VISIT, "panel at visit", visits.key)))
    size = len(v)
    return Taken(
        v.key,
        v.key,
        np.zeros(size, bool),
        v.person,
        v.day,
        np.minimum(v.minute + 20, 1439),
        np.zeros(size, np.int64),
        v.diagnosis,
        _panel(draws, facts, v.condition, v.diagnosis, v.key, of_stay=False),
        np.full(size, NONE),
        v.department,
        v.hospital,
    )


def _at_stays(draws: Draws, facts: ProvinceFacts, stays: Stays, about: Described) -> Taken:
    """On some mornings: the diagnosis' panel, on the first one the admission's too."""
    s = np.flatnonzero(draws.happens(AT_STAY, "panel at stay", stays.key) & (stays.days > 0))
    own = _panel(draws, facts, stays.condition[s], about.diagnosis[s], stays.key[s], of_stay=True)
    mornings = np.maximum(np.searchsorted(MORNINGS, stays.days[s]), 1)  # before the day of discharge
    of, nth = repeated(mornings)
    of, nth = np.concatenate([of, np.arange(len(s))]), np.concatenate([nth, np.zeros(len(s), np.int64)])
    beside = np.repeat([False, True], [len(of) - len(s), len(s)])
    e = s[of]
    return Taken(
        stays.key[e] * len(MORNINGS) + nth,
        stays.key[e],
        np.ones(len(e), bool),
        stays.person[e],
        stays.admitted[e] + MORNINGS[nth],
        np.full(len(e), 390),
        MORNINGS[nth],
        about.diagnosis[e],
        np.where(beside, facts.laboratory.panels.index(ADMISSION), own[of]),
        np.where(beside, own[of], NONE),
        about.department[e],
        about.hospital[e],
    )


def _panel(
    draws: Draws, facts: ProvinceFacts, condition: Ints, diagnosis: Ints, source: Ints, *, of_stay: bool
) -> Ints:
    """That of the diagnosis, else of the condition; at some visits, and without either, one that nothing asks for."""
    lab = facts.laboratory
    unasked = Choice.of([UNASKED.get(n, 0.0) for n in lab.panels]).pick(draws.uniform("unasked", source, of_stay))
    of_condition = np.array([lab.panels.index(n) for n in facts.conditions.table["panel"]])
    own = np.where(condition != OTHER, of_condition[np.maximum(condition, 0)], NONE)
    own = np.where(lab.asked[diagnosis] != NONE, lab.asked[diagnosis], own)
    asked = of_stay | (draws.uniform("panel", source, of_stay) < ASKED)
    return np.where((own != NONE) & asked, own, unasked)


def _illness(draws: Draws, facts: ProvinceFacts, taken: Taken, item: Ints) -> Floats:
    """The logarithm of what the diagnosis multiplies each value by: it fades with the days in hospital."""
    acute = facts.laboratory.acute
    row = acute.row[taken.diagnosis, item]
    at = np.flatnonzero(row != NONE)
    severity = draws.normal("severity of acute illness", taken.source[at], taken.of_stay[at])
    strength = np.clip(1 + ILLNESS_SD * severity, 0.2, 2.0)
    fades = np.exp(-taken.ill_for[at] / acute.column("fades_days", row[at]))
    shift = np.zeros(len(item))
    shift[at] = strength * fades * np.log(acute.column("factor", row[at]))
    return shift
