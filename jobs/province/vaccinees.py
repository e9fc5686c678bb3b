"""Who is vaccinated with what of the national programme, and who with nothing: decided once in a life."""

from __future__ import annotations

from datetime import date

import numpy as np

from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.people import People
from jobs.province.schedule import day_number

VACCINATED_FROM = date(1992, 1, 1)  # children born before had no vaccine against hepatitis B (memory)
HEPATITIS_B = "HepB"


def refused(draws: Draws, facts: ProvinceFacts, no: Ints) -> np.ndarray:
    """Who is vaccinated with nothing of the programme."""
    return draws.happens(facts.catalogue.share["vaccination.refused"], "vaccines refused", no)


def missed(draws: Draws, facts: ProvinceFacts, key: Ints) -> np.ndarray:
    """Which doses (person's number * 100 + row of the programme) are never given."""
    return draws.happens(facts.catalogue.share["vaccination.dose_missed"], "dose missed", key)


def relative_to_cohort(draws: Draws, facts: ProvinceFacts, people: People, vaccine: str, ratio: float) -> Floats:
    """What a risk is multiplied by, mean 1 among the children of the vaccine's time and 1 before: that of those who
    never have every dose is ``ratio`` times that of the others."""
    rows = np.flatnonzero(facts.catalogue.vaccines.table["vaccine"] == vaccine)
    some = missed(draws, facts, people.no[:, None] * 100 + rows[None, :]).any(axis=1)
    without = refused(draws, facts, people.no) | some
    share = facts.catalogue.share
    covered = (1 - share["vaccination.refused"]) * (1 - share["vaccination.dose_missed"]) ** len(rows)
    relative = np.where(without, ratio, 1.0) / (covered + (1 - covered) * ratio)
    return np.where(people.birth < day_number(VACCINATED_FROM), 1.0, relative)
