"""The kernel against somebody who walks through every day of every person's calendar."""

from collections import Counter, defaultdict
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.codes.lists import MAIN_OF_STAY, PRELIMINARY
from jobs.gold.declare import Count
from jobs.gold.kernel import BANDS, atoms
from jobs.gold.measures import MEASURES
from tests.gold.people import LICHENG, LIXIA, REGISTER, People, days_between

YEARS = [2023, 2024]
FIRST, LAST = date(2021, 10, 1), date(2024, 12, 31)
CALENDAR = st.dates(FIRST, LAST)
BIRTHS = st.one_of(
    st.dates(date(1930, 1, 1), date(2024, 6, 30)),
    st.sampled_from([date(1960, 2, 29), date(1964, 2, 29), date(2020, 2, 29), date(2018, 12, 31), date(1959, 1, 1)]),
)


@st.composite
def someone(draw, who: int, people: People) -> None:
    """One person with a few stays in the register's sight, a few homes and a few events."""
    born = draw(BIRTHS)
    people.person(who, draw(st.sampled_from(["male", "female", "unknown"])), born.isoformat())
    marks = sorted(draw(st.lists(CALENDAR, min_size=2, max_size=4, unique=True)))
    for first, last in zip(marks[::2], marks[1::2], strict=False):
        if last >= born:
            people.observed(
                who, max(first, born).isoformat(), last.isoformat(), draw(st.sampled_from([REGISTER] * 4 + [32817]))
            )
    moves = sorted(draw(st.lists(CALENDAR, min_size=1, max_size=3, unique=True)))
    for start, end in zip(moves, [*moves[1:], None], strict=True):
        place = draw(st.sampled_from([LIXIA, LICHENG, "outside"]))
        people.lives(who, place, start.isoformat(), end.isoformat() if end else None)
    for day in draw(st.lists(CALENDAR, max_size=4)):
        people.visits(who, day.isoformat(), concept=draw(st.sampled_from([9202, 9202, 9201])))
    for day in draw(st.lists(CALENDAR, max_size=4)):
        status = draw(st.sampled_from([32902, PRELIMINARY, MAIN_OF_STAY]))
        people.diagnosed(who, draw(st.sampled_from(["I10", "C34", "C34", "J18"])), day.isoformat(), status=status)
    if draw(st.booleans()):
        people.dies(who, draw(CALENDAR).isoformat())


@st.composite
def several(draw) -> People:
    people = People()
    for who in range(1, draw(st.integers(1, 4)) + 1):
        draw(someone(who, people))
    return people


def age(born: date, day: date) -> int:
    """How many birthdays have come, one at a time; 29 February comes on 1 March in common years."""
    years = 0
    while True:
        try:
            birthday = born.replace(year=born.year + years + 1)
        except ValueError:
            birthday = date(born.year + years + 1, 3, 1)
        if birthday > day:
            return years
        years += 1


class Brute:
    """What each person's every day looks like."""

    def __init__(self, people: People) -> None:
        self.of = {name: defaultdict(list) for name in people.rows}
        for name, rows in people.rows.items():
            for row in rows:
                self.of[name][row["person_id"]].append(row)
        self.sex = {8507: "male", 8532: "female", 0: "unknown"}

    def place(self, who: int, day: date) -> str | None:
        """Where the person is a resident under observation on this day."""
        seen = [
            p
            for p in self.of["observation_period"][who]
            if p["period_type_concept_id"] == REGISTER
            and p["observation_period_start_date"] <= day <= p["observation_period_end_date"]
        ]
        homes = [
            r
            for r in self.of["residence"][who]
            if r["start_date"] <= day and (not r["end_date"] or day < r["end_date"])
        ]
        return homes[0]["place_code"] if seen and homes and homes[0]["place_code"] != "outside" else None

    def born(self, who: int) -> date:
        (p,) = self.of["person"][who]
        return date(p["year_of_birth"], p["month_of_birth"], p["day_of_birth"])

    def stratum(self, who: int, day: date) -> tuple[int, str, str, str]:
        (p,) = self.of["person"][who]
        band = BANDS[min(age(self.born(who), day) // 5, 17)]
        return day.year, self.place(who, day), self.sex[p["gender_concept_id"]], band

    def at_risk(self, who: int, day: date, count: Count) -> bool:
        first = self.first(who, count)
        period = next(p for p in self.of["observation_period"][who] if self._covers(p, day))
        prior = (day - period["observation_period_start_date"]).days
        from_birth = period["observation_period_start_date"] == self.born(who)
        return (from_birth or prior >= count.prior_days) and (first is None or day <= first)

    def first(self, who: int, count: Count) -> date | None:
        days = sorted(set(self.events(who, count)))
        if count.confirmed is not None:
            surely = set(self.events(who, count, MAIN_OF_STAY))
            days = [d for d in days if d in surely or any(0 < (x - d).days <= 365 for x in days)]
        return min(days, default=None)

    def events(self, who: int, count: Count, status: int | None = None) -> list[date]:
        rows = self.of[count.of][who]
        match count.of:
            case "visit":
                rows = [r for r in rows if r["visit_concept_id"] == 9202]
            case "diagnosis":
                codes = ("C33", "C34") if "C33" in count.where else ("I10", "I11", "I12", "I13", "I14", "I15")
                rows = [r for r in rows if r["icd10"] in codes and r["status"] != PRELIMINARY]
                rows = [r for r in rows if status in (None, r["status"])]
        return [r["day"] for r in rows]

    def weight(self, who: int, day: date, count: Count) -> int:
        """What this day adds to the count."""
        match count.kind:
            case "person_day":
                return 1
            case "person_day_at_risk":
                return int(self.at_risk(who, day, count))
            case "event":
                return self.events(who, count).count(day)
            case "first_event":
                return int(self.first(who, count) == day and self.at_risk(who, day, count))
            case "resident":
                return int((day.month, day.day) == (7, 1))
            case "ever":
                first = self.first(who, count)
                return int((day.month, day.day) == (7, 1) and first is not None and first <= day)
        raise AssertionError(count.kind)

    def _covers(self, period, day: date) -> bool:
        return (
            period["period_type_concept_id"] == REGISTER
            and period["observation_period_start_date"] <= day <= period["observation_period_end_date"]
        )

    def atoms(self, measures) -> dict[tuple, tuple[int, int, int]]:
        n, n_sq, persons = Counter(), Counter(), Counter()
        for who in self.of["person"]:
            mine, last = Counter(), {}
            for day in days_between(date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)):
                if self.place(who, day) is None:
                    continue
                for m in measures:
                    for atom, count in (("numerator", m.numerator), ("denominator", m.denominator)):
                        weight = self.weight(who, day, count)
                        if weight:
                            cell = (m.name, atom, *self.stratum(who, day))
                            mine[cell] += weight
                            last[m.name, atom, day.year] = cell
            for cell, k in mine.items():
                n[cell] += k
                n_sq[cell] += k * k
            persons.update(last.values())
        return {cell: (n[cell], n_sq[cell], persons[cell]) for cell in n}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(several())
def test_the_kernel_counts_what_a_day_counter_counts(people: People):
    table = atoms(people.tables(), MEASURES, YEARS, [REGISTER]).to_pylist()
    counted = {
        (r["measure"], r["atom"], r["year"], r["place_code"], r["sex"], r["age_band"]): (
            r["n"],
            r["n_sq"],
            r["persons"],
        )
        for r in table
    }
    assert counted == Brute(people).atoms(MEASURES)
