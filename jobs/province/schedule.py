"""When records are delivered: the back-load, then a delivery a month or a day, each dated the day after its period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from jobs.province.draws import Ints
from jobs.province.settings import SimulateSettings

NOT_DELIVERED = -1


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Period:
    """What one delivery covers, both days included, and the day it is delivered."""

    start: date
    end: date
    delivered: date


@dataclass(frozen=True)
class Schedule:
    """All periods in order, without gaps between them."""

    periods: tuple[Period, ...]

    @staticmethod
    def of(settings: SimulateSettings) -> Schedule:
        """The periods that these settings ask for."""
        day, periods = settings.start, []
        if settings.backload_from and settings.backload_from < settings.start:
            periods.append(Period(settings.backload_from, settings.start - timedelta(1), settings.start))
        while day <= settings.end:
            last = day if settings.deliver_every == "day" else min(_month_end(day), settings.end)
            periods.append(Period(day, last, last + timedelta(1)))
            day = last + timedelta(1)
        return Schedule(tuple(periods))

    @property
    def window(self) -> str:
        """The name of everything this run delivers."""
        return f"{self.periods[0].start}_{self.periods[-1].end}"

    @property
    def days(self) -> tuple[int, int]:
        """The first and the last day delivered."""
        return day_number(self.periods[0].start), day_number(self.periods[-1].end)

    def period_of(self, available: Ints) -> Ints:
        """The period in which a record becomes available on a day, or ``NOT_DELIVERED``."""
        starts = np.array([day_number(p.start) for p in self.periods])
        first, last = self.days
        inside = (available >= first) & (available <= last)
        return np.where(inside, np.searchsorted(starts, available, side="right") - 1, NOT_DELIVERED)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)
