"""When doctors are there: days of the week, the statutory holidays, hours of the day."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np

from jobs.province.datafiles import csv
from jobs.province.draws import Draws, Floats, Ints
from jobs.province.lunar import lunar_digits

CLINIC, WARD, APPOINTMENT = "clinic", "ward", "appointment"  # columns of opening_days.csv
EMERGENCY = "emergency"  # of opening_hours.csv, beside CLINIC
BEGINS, ENDS = (int(np.datetime64(d, "D").astype(np.int64)) for d in ("1980-01-01", "2100-01-01"))
MONDAY = 4  # 1970-01-05
PUT_OFF_BY = 6  # days, at most: an appointment that falls on a day off (assumed)
PUT_OFF = 0.5  # of discharges due on a day off: a day earlier or later (assumed)


def day_between(draws: Draws, purpose: str, kind: str, first: Ints, until: Ints, key: Ints) -> Ints:
    """A day from ``first`` on and before ``until``, by the weights of its day of the week, or as a holiday."""
    before = _before(kind)
    low, high = before[first - BEGINS], before[until - BEGINS]
    at = np.searchsorted(before, low + draws.uniform(purpose, key) * (high - low), side="right") - 1
    return np.clip(at + BEGINS, first, until - 1)


def appointed(draws: Draws, purpose: str, day: Ints, *keys: Ints) -> Ints:
    """The day, or one of the next where no appointments are given on it."""
    closed = next_open(day) > day
    return next_open(day + np.where(closed, draws.whole(PUT_OFF_BY, purpose, *keys), 0))


def next_open(day: Ints) -> Ints:
    """The day, or the next on which one can be given an appointment."""
    return _next_open()[np.clip(day - BEGINS, 0, ENDS - BEGINS - 1)]


def less_on_days_off(draws: Draws, key: Ints, admitted: Ints, days: Ints) -> Ints:
    """Days of stays (of one at least), of which fewer end on a day off."""
    ends = np.clip(admitted + days - BEGINS, 0, ENDS - BEGINS - 1)
    off = np.flatnonzero((_weights(APPOINTMENT)[ends] == 0) & draws.happens(PUT_OFF, "discharge put off", key))
    moved = days.copy()
    moved[off] += np.where(draws.happens(0.5, "discharged later", key[off]) | (days[off] == 1), 1, -1)
    return moved


def minute_of_day(draws: Draws, kind: str, key: Ints) -> Ints:
    """A minute of the day, by the weights of the hours for CLINIC or EMERGENCY."""
    return np.interp(draws.uniform("minute", key), _hours(kind), 60.0 * np.arange(25)).astype(np.int64)


@cache
def _hours(kind: str) -> Floats:
    share = np.cumsum(csv("opening_hours.csv")[kind].to_numpy(np.float64))
    return np.append(0.0, share / share[-1])


@cache
def _before(kind: str) -> Floats:
    """The sum of the weights of all days before each day."""
    return np.append(0.0, np.cumsum(_weights(kind)))


@cache
def _next_open() -> Ints:
    days = np.arange(BEGINS, ENDS)
    later = np.where(_weights(APPOINTMENT) > 0, days, ENDS)
    return np.minimum.accumulate(later[::-1])[::-1]


@cache
def _weights(kind: str) -> Floats:
    """By day from BEGINS on: that of its day of the week or, lower, of a holiday."""
    table, days = csv("opening_days.csv").set_index("day")[kind], np.arange(BEGINS, ENDS)
    by_weekday = table.to_numpy(np.float64)[(days - MONDAY) % 7]
    holiday = np.isin(days, holidays())
    return np.where(holiday, np.minimum(by_weekday, table["holiday"]), by_weekday)


@cache
def holidays() -> Ints:
    """Every statutory holiday by the rules of holidays.csv, in days since 1970-01-01."""
    found = []
    for rule in csv("holidays.csv").itertuples():
        begin = _festivals(str(rule.calendar), int(rule.month), rule.day)
        found.append((begin[:, None] + int(rule.begins) + np.arange(int(rule.days))[None, :]).ravel())
    return np.unique(np.concatenate(found))


def _festivals(calendar: str, month: int, day: float) -> Ints:
    """The day of a festival in each year."""
    years = range(1980, 2100)
    if calendar == "lunar":
        days = np.arange(BEGINS, ENDS)
        digits = lunar_digits(days)
        mine = np.flatnonzero(digits % 10_000 == month * 100 + day)
        return days[mine[np.unique(digits[mine], return_index=True)[1]]]  # not again in a leap month
    if calendar == "term":  # Qingming falls on 4 to 6 April, by the sun's usual formula for this century
        dates = [date(y, month, int((y - 2000) * 0.2422 + 4.81) - (y - 2000) // 4) for y in years]
    else:
        dates = [date(y, month, int(day)) for y in years]
    return np.array(dates, "M8[D]").astype(np.int64)
