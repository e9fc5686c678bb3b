"""What blocks of lives offer to be counted: person-time, true events, and what was delivered about people.

Every count here is an array with one entry a person, so that it can be added up by block and by sex afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.calibrate_published import Published
from jobs.province.draws import Floats, Ints
from jobs.province.life import new_year
from jobs.province.people import YEAR
from jobs.province.recording import Batch, Scene

DAY_OF = {
    "outpatient_visit": "visit_time",
    "inpatient_home_page": "discharged_at",
    "birth_certificate": "birth_time",
    "infectious_card": "onset_date",
    "cancer_card": "diagnosed_on",
}  # the delivered feeds that are counted, and the date by which
UNKNOWN = -(10**6)  # a delivered date that is none


@dataclass(frozen=True)
class Events:
    """Persons (positions) with a day each; ``here``: they lived in the province that day."""

    person: Ints
    day: Ints
    here: np.ndarray


@dataclass(frozen=True)
class Delivered:
    """The rows of a feed, each of a sender's numbers once, as last corrected."""

    person: Ints
    day: Ints
    columns: Mapping[str, pa.Array]

    def number(self, column: str) -> Floats:
        """A column as numbers; NaN where it is written so that it is none."""
        return pd.to_numeric(self.columns[column].to_pandas(), errors="coerce").to_numpy(np.float64)


@dataclass(frozen=True)
class Sample:
    """Some blocks over whole years. ``delivered`` figures are of the years but the last: reports come months later."""

    scene: Scene
    years: range
    truth: Mapping[str, pa.Table]
    delivered: Mapping[str, Delivered]
    place: Ints  # positions of people in the order of their numbers
    middles: Ints  # the middle of each month of the years
    years_old: Ints  # whole years of age on these days, by day and person; -1 where not in the province

    @staticmethod
    def of(
        scene: Scene,
        batches: list[Batch],
        truth: Mapping[str, pa.Table],
        headers: Mapping[str, tuple[str, ...]],
        years: range,
    ) -> Sample:
        """From what ``live_and_record`` made; ``headers``: names of the columns of each feed."""
        place = np.argsort(scene.lives.people.no)
        months = np.arange((years.start - 1970) * 12, (years.stop - 1970) * 12)
        middles = months.astype("M8[M]").astype("M8[D]").astype(np.int64) + 14
        made = Sample(scene, years, truth, {}, place, middles, np.empty(0, np.int64))
        return replace(
            made,
            delivered={b.feed: made._delivered(b, headers[b.feed]) for b in batches},
            years_old=np.array([made.whole_years_old(int(day)) for day in middles]),
        )

    def __len__(self) -> int:
        return len(self.place)

    @property
    def middle(self) -> int:
        """The day on which people are counted who have something: the middle of the years."""
        return (new_year(self.years.start) + new_year(self.years.stop)) // 2

    def _days(self, delivered: bool) -> tuple[int, int]:
        """The first day counted and the day after the last."""
        end = self.years.stop - (delivered and len(self.years) > 1)
        return new_year(self.years.start), new_year(end)

    def position(self, no: Ints) -> Ints:
        """Where people of these numbers are."""
        numbers = self.scene.lives.people.no
        return self.place[np.searchsorted(numbers, no, sorter=self.place)]

    def age(self, person: Ints, day: Ints | int) -> Floats:
        return (day - self.scene.lives.people.birth[person]) / YEAR

    def residents(self, day: int) -> np.ndarray:
        """Who lives in the province on a day."""
        everyone = np.arange(len(self))
        return self.scene.lives.resident(everyone, np.full(len(self), day))

    def whole_years_old(self, day: int) -> Ints:
        """Everyone's age on a day, -1 of those who aren't in the province."""
        age = np.floor((day - self.scene.lives.people.birth) / YEAR).astype(np.int64)
        return np.where(self.residents(day), age, -1)

    def of_age(self, row: Published, day: int) -> np.ndarray:
        """Who lives in the province on a day and is of the ages of a figure."""
        age = self.whole_years_old(day)
        return (age >= row.age_from) & (age <= row.age_to)

    def person_years(self, row: Published, *, delivered: bool = False) -> Floats:
        """Years lived in the province at the ages of a figure, by the middles of months."""
        first, end = self._days(delivered)
        age = self.years_old[(self.middles >= first) & (self.middles < end)]
        return ((age >= row.age_from) & (age <= row.age_to)).sum(axis=0) / 12

    def events(self, kind: str) -> Events:
        """True events of a kind, as the truth tells them."""
        table = self.truth["event"]
        kinds = table["kind"].combine_chunks()
        of_kind = pc.index(kinds.dictionary, kind).as_py()
        mine = np.flatnonzero(kinds.indices.to_numpy() == of_kind)
        person = table["person"].to_numpy()[mine]
        day = table["date"].combine_chunks().cast(pa.int32()).to_numpy()[mine].astype(np.int64)
        here = ~np.asarray(table["county"].combine_chunks().is_null())[mine]
        return Events(self.position(person), day, here)

    def deaths(self, prefixes: tuple[str, ...] = ("",)) -> Events:
        """Deaths of residents whose true cause begins with one of these."""
        table = self.truth["cause_of_death"]
        mine = _begin(table["icd10"].combine_chunks(), prefixes)
        day = table["date"].combine_chunks().cast(pa.int32()).to_numpy()
        person = self.position(table["person"].to_numpy()[mine])
        return Events(person, day[mine].astype(np.int64), np.ones(len(person), bool))

    def count(self, found: Events, row: Published) -> Floats:
        """How often it happened to each person in the years, at the ages of a figure and in the province."""
        first, end = self._days(delivered=False)
        age = self.age(found.person, found.day)
        counted = found.here & (found.day >= first) & (found.day < end)
        counted &= (age >= row.age_from) & (age < row.age_to + 1)
        return np.bincount(found.person[counted], minlength=len(self)).astype(np.float64)

    def rows(self, feed: str, row: Published, *, which: np.ndarray | None = None, of: Floats | None = None) -> Floats:
        """Delivered rows (those of ``which``; or the sum of a number ``of`` each) about each person."""
        sent = self.delivered[feed]
        first, end = self._days(delivered=True)
        age = self.age(sent.person, sent.day)
        counted = (sent.day >= first) & (sent.day < end) & (age >= row.age_from) & (age < row.age_to + 1)
        if which is not None:
            counted &= which
        weights = None if of is None else of[counted]
        return np.bincount(sent.person[counted], weights, len(self)).astype(np.float64)

    def delivered_day(self, feed: str, column: str) -> Ints:
        """A delivered column as days."""
        return _day(self.delivered[feed].columns[column])

    def coded(self, feed: str, column: str, prefixes: tuple[str, ...]) -> np.ndarray:
        """The delivered rows whose code begins with one of these."""
        return _begin(self.delivered[feed].columns[column], prefixes)

    def _delivered(self, batch: Batch, header: tuple[str, ...]) -> Delivered:
        number = pc.dictionary_encode(batch.columns[0]).indices.to_numpy()
        _, latest = np.unique(number[::-1], return_index=True)  # rows of a file lie in the order of being sent
        last = len(number) - 1 - latest
        columns = {name: column.take(pa.array(last)) for name, column in zip(header, batch.columns, strict=True)}
        day = _day(columns[DAY_OF[batch.feed]])
        return Delivered(self.position(batch.person[last]), day, columns)


def _day(text: pa.Array) -> Ints:
    """Dates and times as written in deliveries as day numbers."""
    digits = pc.utf8_slice_codeunits(pc.replace_substring(text, "-", ""), 0, 8).dictionary_encode()
    known = pd.to_datetime(digits.dictionary.to_pandas(), format="%Y%m%d", errors="coerce")
    days = known.to_numpy("M8[D]").astype(np.int64)
    return np.where(known.isna(), UNKNOWN, days)[digits.indices.to_numpy()]


def _begin(codes: pa.Array, prefixes: tuple[str, ...]) -> np.ndarray:
    """Which codes begin with one of these."""
    each = codes.dictionary_encode()
    begins = np.array([str(c).startswith(prefixes) for c in each.dictionary.to_pylist()], bool)
    return begins[each.indices.to_numpy()]
