"""What a measure is: a frozen declaration that SQL, rate, intervals, standards, handbook and tests are made from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

Kind = Literal["event", "first_event", "ever", "seen", "person_day", "person_day_at_risk", "resident"]
Interval = Literal["poisson", "wilson"]

PER_PERSON: tuple[Kind, ...] = ("ever", "seen", "resident")
"""Kinds that count persons on the index day; the others count events or days as they happen."""


@dataclass(frozen=True)
class Confirmed:
    """What makes a case of records that may be wrong: one row ``alone`` (a SQL condition), or rows on two days.

    The two days lie at most ``within`` days apart, and the case begins on the earlier one. A single code at a clinic is
    often a suspicion or a slip; for a rare disease these outnumber those who have it (Mason et al., Med Care 2010, and
    the case definitions of Canada's CCDSS are of this form).
    """

    alone: str
    within: int = 365


@dataclass(frozen=True)
class Count:
    """One side of a rate, counted by stratum (year, county, sex, age band).

    ``kind`` is one of

    - ``event``: each row of the events ``of`` while observed and resident;
    - ``first_event``: each person's first such row ever, if it falls into that person's time at risk;
    - ``ever``: residents on the index day with such a row up to and including that day;
    - ``seen``: anybody, resident or not, with such a row in the ``years`` up to the index day;
    - ``person_day``: days observed and resident; the day of death is one of them;
    - ``person_day_at_risk``: of those, the days from ``prior_days`` of observation on (a birth observed from its first
      day needs none) up to and including the day of the first event;
    - ``resident``: residents who are observed on the index day.

    ``of`` names the events (``jobs.gold.sources.EVENTS``), ``where`` is a SQL condition on their columns. With
    ``confirmed``, a person's first event is that of the first case so defined. Days are half-open: the day of a move
    counts once, at the destination.
    """

    kind: Kind
    of: str = ""
    where: str = ""
    prior_days: int = 0
    years: int = 0
    confirmed: Confirmed | None = None


@dataclass(frozen=True)
class DirectStandard:
    """Direct age standardisation: a column of standardised rates per standard population in ``populations``.

    Names are those of ``jobs/codes/standard_population.csv``. Under ``least_events`` there is no rate.
    """

    populations: tuple[str, ...] = ("china_2020", "who_2000_2025")
    limits: Literal["dobson", "gamma"] = "dobson"
    least_events: int = 10


@dataclass(frozen=True)
class Measure:
    """One published number and all that it needs.

    ``per`` scales the rate: events per that many person-years (of ``days_per_year`` days), or persons per that many
    residents. ``repeats``: one person can have several events, so variance comes from squared counts of persons.
    ``interval`` is for the crude rate: ``poisson`` is exact under ``exact_below`` events and Byar's from there.
    ``index_day`` (month, day) dates what is counted on one day of the year.
    """

    name: str
    title: str
    title_zh: str
    meaning: str
    owner: str
    numerator: Count
    denominator: Count
    per: int
    label: str
    caveat: str = ""
    caveat_zh: str = ""
    strata: tuple[str, ...] = ("year", "county", "sex", "age_band")
    standard: DirectStandard = DirectStandard()
    interval: Interval = "poisson"
    exact_below: int = 10
    repeats: bool = False
    index_day: tuple[int, int] = (7, 1)
    days_per_year: float = 365.25

    @property
    def unit(self) -> str:
        """What the denominator is given in: ``persons`` or ``person-years``."""
        return "persons" if self.denominator.kind in PER_PERSON else "person-years"

    @property
    def version(self) -> str:
        """Fingerprint of the declaration: any change to it is another version."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]
