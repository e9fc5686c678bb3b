"""The kernel: SQL that turns one person bucket into atoms, in DuckDB over Arrow tables. No Spark, no files.

In: ``person``, ``observation_period`` (last day included, as OMOP has it), ``residence`` (half-open) with the columns
of ``jobs.gold.sources.PEOPLE``, and one table of events (person_id, day, own columns) per name in ``EVENTS``.
Out: one row per measure, year, county, sex, age band and atom, with

- ``n``: events, persons or person-days;
- ``n_sq``: sum over persons of their squared count in that stratum (the variance of events that repeat);
- ``persons``: persons, each counted once a year, in the stratum where the person's last day or event of the year
  lies. So they add up over age bands and places without counting anybody twice, and never exceed the people behind n.

A numerator counts an event only on a day that the denominator counts too: observed by the register and usually
resident in the province. An event outside (somebody treated here who lives elsewhere, a record from before the
register began) has no person-time to stand over, and would raise the rate of those who have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jobs.gold.declare import Count, Measure

BANDS: tuple[str, ...] = (*(f"{low:02d}-{low + 4:02d}" for low in range(0, 85, 5)), "85+")
OUTSIDE = "outside"
UNKNOWN_PLACE = "unknown"

ATOMS = pa.schema(
    [
        ("measure", pa.string()),
        ("measure_version", pa.string()),
        ("year", pa.int32()),
        ("place_code", pa.string()),
        ("sex", pa.string()),
        ("age_band", pa.string()),
        ("atom", pa.string()),
        ("n", pa.int64()),
        ("n_sq", pa.int64()),
        ("persons", pa.int64()),
    ]
)

# A person born on 29 February has the birthday on 1 March in common years; month * 100 + day compares just so.
MACROS = """
CREATE MACRO age_on(day, born) AS
    year(day) - year(born) - CASE WHEN month(day) * 100 + day(day) < month(born) * 100 + day(born) THEN 1 ELSE 0 END;
CREATE MACRO band_on(day, born) AS least(greatest(age_on(day, born), 0) // 5, 17);
CREATE MACRO birthday(born, age) AS
    CASE WHEN month(born) = 2 AND day(born) = 29 AND day(last_day(make_date(year(born) + age, 2, 1))) = 28
         THEN make_date(year(born) + age, 3, 1)
         ELSE make_date(year(born) + age, month(born), day(born)) END;
"""

# Where month or day of birth are unknown, the middle of the year or of the month stands for them.
SOMEONE = """
CREATE TEMP TABLE someone AS
SELECT person_id,
       CASE gender_concept_id WHEN 8507 THEN 'male' WHEN 8532 THEN 'female' ELSE 'unknown' END AS sex,
       make_date(year_of_birth, coalesce(month_of_birth, 7),
                 CASE WHEN month_of_birth IS NULL THEN 1 ELSE coalesce(day_of_birth, 15) END) AS born
FROM person
"""

RESIDENT = f"""
CREATE TEMP TABLE resident AS
SELECT p.person_id, p.sex, p.born, r.place_code,
       o.observation_period_start_date AS observed_from,
       greatest(o.observation_period_start_date, r.start_date) AS start,
       least(o.observation_period_end_date + 1, coalesce(r.end_date, DATE '9999-12-31')) AS stop
FROM someone p
JOIN observation_period o USING (person_id)
JOIN residence r USING (person_id)
WHERE list_contains($register, o.period_type_concept_id) AND r.kind = 'usual' AND r.place_code <> '{OUTSIDE}'
  AND o.observation_period_start_date < coalesce(r.end_date, DATE '9999-12-31')
  AND r.start_date <= o.observation_period_end_date
"""

YEARS = "CREATE TEMP TABLE years AS SELECT unnest($years) AS year"


def days_sql(spans: str) -> str:
    """Person-days of ``spans`` (person_id, sex, born, place_code, start, stop), split at year ends and birthdays.

    A span within one calendar year meets one birthday at most, so it is cut in two at most.
    """
    return f"""
    WITH part AS MATERIALIZED (
        SELECT person_id, sex, born, place_code, year,
               greatest(start, make_date(year, 1, 1)) AS s, least(stop, make_date(year + 1, 1, 1)) AS e,
               band_on(greatest(start, make_date(year, 1, 1)), born) AS band
        FROM ({spans}) JOIN years ON start < make_date(year + 1, 1, 1) AND stop > make_date(year, 1, 1)
        WHERE start < stop),
    cut AS MATERIALIZED (
        SELECT *, CASE WHEN band < 17 THEN least(e, birthday(born, 5 * (band + 1))) ELSE e END AS turn FROM part)
    SELECT person_id, year, place_code, sex, band, turn - s AS n, turn AS last FROM cut
    UNION ALL
    SELECT person_id, year, place_code, sex, band + 1, e - turn, e FROM cut WHERE turn < e
    """


def events_sql(spans: str, events: str) -> str:
    """Events (person_id, day) that fall into the ``spans``, each of weight one."""
    return f"""
    SELECT e.person_id, y.year, s.place_code, s.sex, band_on(e.day, s.born) AS band, 1 AS n, e.day AS last
    FROM ({events}) e JOIN ({spans}) s ON e.person_id = s.person_id AND e.day >= s.start AND e.day < s.stop
    JOIN years y ON y.year = year(e.day)
    """


def residents_sql(measure: Measure, also: str = "") -> str:
    """Residents on the index day of each year, each of weight one; ``also``: one more join that keeps some of them."""
    return f"""
    SELECT r.person_id, y.year, r.place_code, r.sex, band_on({index_day(measure)}, r.born) AS band, 1 AS n,
           {index_day(measure)} AS last
    FROM years y JOIN resident r ON r.start <= {index_day(measure)} AND r.stop > {index_day(measure)} {also}
    """


def seen_sql(measure: Measure, count: Count) -> str:
    """People with an event in the years up to the index day, at their residence of that day or ``unknown``."""
    day = index_day(measure)
    return f"""
    SELECT p.person_id, y.year, coalesce(r.place_code, '{UNKNOWN_PLACE}') AS place_code, p.sex,
           band_on({day}, p.born) AS band, 1 AS n, {day} AS last
    FROM years y
    JOIN (SELECT DISTINCT y.year, e.person_id FROM ({rows_sql(count)}) e JOIN years y
          ON e.day <= {day} AND e.day > {day} - INTERVAL {count.years} YEAR) e ON e.year = y.year
    JOIN someone p ON p.person_id = e.person_id
    LEFT JOIN resident r ON r.person_id = p.person_id AND r.start <= {day} AND r.stop > {day}
    """


def index_day(measure: Measure) -> str:
    """The index day of ``y.year`` in SQL."""
    return f"make_date(y.year, {measure.index_day[0]}, {measure.index_day[1]})"


def rows_sql(count: Count) -> str:
    """The declared events: person_id, day."""
    return f"SELECT person_id, day FROM {count.of} WHERE {count.where or 'true'}"


def firsts_sql(count: Count) -> str:
    """Each person's first declared event; where cases have to be confirmed, the day on which the first one begins."""
    if count.confirmed is None:
        return f"SELECT person_id, min(day) AS day FROM ({rows_sql(count)}) GROUP BY person_id"
    return f"""
    SELECT person_id, min(day) AS day FROM (
        SELECT person_id, day, alone, lead(day) OVER (PARTITION BY person_id ORDER BY day) - day AS wait
        FROM (SELECT person_id, day, coalesce(bool_or({count.confirmed.alone}), false) AS alone
              FROM {count.of} WHERE {count.where or "true"} GROUP BY person_id, day))
    WHERE alone OR wait <= {count.confirmed.within} GROUP BY person_id
    """


def at_risk_sql(count: Count) -> str:
    """Resident spans cut to the time at risk: after the prior observation, up to and including the first event."""
    return f"""
    SELECT * FROM (
        SELECT r.person_id, r.sex, r.born, r.place_code,
               CASE WHEN r.observed_from <= r.born THEN r.start
                    ELSE greatest(r.start, r.observed_from + {count.prior_days}) END AS start,
               least(r.stop, coalesce(f.day + 1, r.stop)) AS stop
        FROM resident r LEFT JOIN ({firsts_sql(count)}) f USING (person_id)) WHERE start < stop
    """


def count_sql(measure: Measure, count: Count) -> str:
    """Rows (person_id, year, place_code, sex, band, n, last) to be summed, for one side of a measure."""
    match count.kind:
        case "event":
            return events_sql("SELECT * FROM resident", rows_sql(count))
        case "first_event":
            return events_sql(at_risk_sql(count), firsts_sql(count))
        case "person_day":
            return days_sql("SELECT * FROM resident")
        case "person_day_at_risk":
            return days_sql(at_risk_sql(count))
        case "resident":
            return residents_sql(measure)
        case "ever":
            firsts = f"({firsts_sql(count)}) f ON f.person_id = r.person_id AND f.day <= {index_day(measure)}"
            return residents_sql(measure, f"JOIN {firsts}")
        case "seen":
            return seen_sql(measure, count)


COUNTED = """
CREATE TEMP TABLE counted
    (side INT, person_id BIGINT, year INT, place_code VARCHAR, sex VARCHAR, band INT, n BIGINT, last DATE)
"""

STRATA = """
SELECT side, year, place_code, sex, band,
       sum(n)::BIGINT AS n, sum(n * n)::BIGINT AS n_sq, count_if(here)::BIGINT AS persons
FROM (SELECT *, row_number() OVER (PARTITION BY side, person_id, year ORDER BY last DESC, place_code, band) = 1 AS here
      FROM counted)
GROUP BY ALL
"""


def of_persons_sql(side: int, rows: str) -> str:
    """What ``count_sql`` gives, summed by person and stratum, into the table ``counted``."""
    return f"""
    INSERT INTO counted SELECT {side}, person_id, year, place_code, sex, band, sum(n), max(last)
    FROM ({rows}) GROUP BY person_id, year, place_code, sex, band
    """


def atoms(
    tables: Mapping[str, pa.Table], measures: Sequence[Measure], years: Sequence[int], register: Sequence[int]
) -> pa.Table:
    """Atoms (schema ``ATOMS``) of one bucket for ``measures`` in ``years``.

    ``register`` are the period_type_concept_ids of observation periods that a resident register vouches for; other
    periods (a stranger's visit) give no person-time. What two measures both count is counted once.
    """
    sides = [(m, atom, count_sql(m, c)) for m in measures for atom, c in _sides(m)]
    numbers = {sql: number for number, sql in enumerate(dict.fromkeys(sql for _, _, sql in sides))}
    with duckdb.connect(config={"threads": 1}) as db:
        for name, table in tables.items():
            db.register(name, table)
        db.execute(MACROS)
        db.execute(SOMEONE)
        db.execute(RESIDENT, {"register": list(register)})
        db.execute(YEARS, {"years": list(years)})
        db.execute(COUNTED)
        for sql, number in numbers.items():
            db.execute(of_persons_sql(number, sql))
        strata = db.sql(STRATA).to_arrow_table()
    parts = [_labelled(strata.filter(pc.equal(strata["side"], numbers[sql])), m, atom) for m, atom, sql in sides]
    return pa.concat_tables(parts) if parts else ATOMS.empty_table()


def _sides(measure: Measure) -> tuple[tuple[str, Count], tuple[str, Count]]:
    return ("numerator", measure.numerator), ("denominator", measure.denominator)


def _labelled(sums: pa.Table, measure: Measure, atom: str) -> pa.Table:
    """The sums of one side as rows of ``ATOMS``."""

    def constant(text: str) -> pa.Array:
        return pa.repeat(pa.scalar(text), sums.num_rows)

    bands = pa.array(BANDS).take(sums["band"].combine_chunks())
    columns = {"measure": constant(measure.name), "measure_version": constant(measure.version), "age_band": bands}
    columns |= {"atom": constant(atom)} | {c: sums[c] for c in ("year", "place_code", "sex", "n", "n_sq", "persons")}
    return pa.table({name: columns[name] for name in ATOMS.names}).cast(ATOMS)
