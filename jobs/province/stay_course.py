"""How a stay begins, goes on and ends: the way in, the day of the operation, the way out."""

from __future__ import annotations

import numpy as np

from jobs.province.childbirth import days_to_birth, is_childbirth
from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.referral import transferred_in
from jobs.province.stay_kinds import stay_kinds
from jobs.province.stays import ON_ORDER, Stays

EMERGENCY, OUTPATIENT, TRANSFER_IN, OTHER_ROUTE = 1, 2, 3, 9  # CV09.00.403
TO_PRIMARY_CARE, AGAINST_ORDERS, OTHER_WAY = 3, 4, 9  # ways of leaving, CV06.00.226
REFERRED, OTHERWISE_IN = 0.03, 0.01  # shares of those who come by no emergency (assumed)
LEFT_AGAINST_ORDERS, LEFT_OTHERWISE = 0.08, 0.004  # shares of those who leave on order (assumed)
TO_CLINIC, OLD = 0.03, 65  # share of older people who are sent on to a health centre (assumed)
WAITS = 3  # days until an operation that is not urgent, at most


def route(draws: Draws, facts: ProvinceFacts, stays: Stays, diagnosis: Ints) -> Ints:
    """How each stay of these true main diagnoses begins."""
    emergency = stay_kinds(facts.codes.icd10).emergency[diagnosis]
    u = draws.uniform("admission route", stays.key)
    planned = np.searchsorted([REFERRED, REFERRED + OTHERWISE_IN], draws.uniform("planned route", stays.key), "right")
    found = np.where(u < emergency, EMERGENCY, np.array([TRANSFER_IN, OTHER_ROUTE, OUTPATIENT])[planned])
    return np.where(transferred_in(draws, stays.key), TRANSFER_IN, found)


def way_of_leaving(draws: Draws, stays: Stays, age: Floats) -> Ints:
    """How each stay ends, by age in years: on order, transferred, to primary care, against orders, died, otherwise."""
    way = stays.way
    for share, purpose, to in (
        (LEFT_AGAINST_ORDERS, "left otherwise", AGAINST_ORDERS),
        (TO_CLINIC * (age >= OLD), "to primary care", TO_PRIMARY_CARE),
        (LEFT_OTHERWISE, "left in another way", OTHER_WAY),
    ):
        way = np.where((way == ON_ORDER) & draws.happens(share, purpose, stays.key), to, way)
    return way


def operation_days(draws: Draws, facts: ProvinceFacts, stays: Stays, diagnosis: Ints) -> Ints:
    """The day of the operation of each stay, if there is one; of a caesarean section the day of birth."""
    urgent = draws.happens(stay_kinds(facts.codes.icd10).urgent[diagnosis], "urgent operation", stays.key)
    after = np.where(urgent, 0, 1 + draws.whole(WAITS, "operation day", stays.key))
    usual = np.minimum(after, stays.days)
    return stays.admitted + np.where(is_childbirth(stays.key), days_to_birth(draws, stays.key), usual)
