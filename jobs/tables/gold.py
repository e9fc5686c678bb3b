"""Gold: atoms of measures, the measures themselves, and populations. Small cells stay here; ``release`` has none."""

from __future__ import annotations

from jobs.lakehouse.table import Column, Expect, Table

OWNER = "statistics"
SEX = Column("sex", "string", "all, male or female; people of unknown sex are in 'all' only.", required=True)
PLACE = Column(
    "place_code", "string", "Code of the province, city or county (codes/place_<province>.csv).", required=True
)
LEVEL = Column("level", "string", "province, city, county or zone (a census unit beside the counties).", required=True)
AGE_BAND = Column(
    "age_band", "string", "all, or completed years in five-year bands: 00-04 to 80-84, 85+.", required=True
)

MEASURE_STATE = Table(
    name="gold.measure_state",
    comment="One row per signed contribution to a measure's count in one stratum; readers sum.",
    owner=OWNER,
    key=("measure", "measure_version", "year", "place_code", "sex", "age_band", "atom"),
    additive=("n", "n_sq", "persons"),
    columns=(
        Column("measure", "string", "Name of the declaration (jobs/gold/measures).", required=True),
        Column("measure_version", "string", "Fingerprint of the declaration.", required=True),
        Column("year", "int", "Calendar year.", required=True),
        Column(
            "place_code",
            "string",
            "County of usual residence on the day counted; unknown for non-residents.",
            required=True,
        ),
        Column("sex", "string", "male, female or unknown.", required=True),
        Column("age_band", "string", "Completed years on the day counted: 00-04 to 80-84, 85+.", required=True),
        Column("atom", "string", "numerator or denominator.", required=True),
        Column("n", "long", "Events, person-days, or persons on the index day.", required=True),
        Column("n_sq", "long", "Sum over persons of their squared count in the stratum.", required=True),
        Column("persons", "long", "Persons, each once a year, in the stratum of the last day counted.", required=True),
    ),
    expects=(Expect("atom_known", "atom in ('numerator', 'denominator')"),),
)

# Every rate with its limits, crude and by each standard population.
STANDARDS = ("china_2020", "who_2000_2025")
RATE_TITLES = {"": "crude", **{f"_{name}": f"age-standardised to {name}" for name in STANDARDS}}
RATES: tuple[Column, ...] = tuple(
    Column(f"rate{standard}{part}", "double", f"{title}, {what}, per `per`.")
    for standard, title in RATE_TITLES.items()
    for part, what in (("", "value"), ("_low", "lower 95% limit"), ("_high", "upper 95% limit"))
)

MEASURE = Table(
    name="gold.measure",
    comment="One row per measure, period, place, sex and age band that somebody was observed in.",
    owner=OWNER,
    key=("measure", "period", "place_code", "sex", "age_band"),
    columns=(
        Column("measure", "string", "Name of the declaration (jobs/gold/measures).", required=True),
        Column("measure_version", "string", "Fingerprint of the declaration.", required=True),
        Column("period", "string", "A year, or first and last year of several pooled: 2023-2025.", required=True),
        LEVEL,
        PLACE,
        SEX,
        AGE_BAND,
        Column("numerator", "long", "Events, or persons with the condition."),
        Column("numerator_sq", "long", "Sum over persons of squared counts: what variance of repeating events needs."),
        Column(
            "numerator_persons", "long", "Persons behind the numerator; of repeating events pooled, the largest year's."
        ),
        Column("denominator", "long", "Person-days, or persons on the index day."),
        Column("person_years", "double", "Person-days / 365.25; null where persons are counted."),
        Column("persons", "long", "Persons behind the denominator; of a pooled period the largest year's."),
        Column("unit", "string", "Of the denominator in the rate: person-years or persons.", required=True),
        Column("per", "int", "The rate is per this many units.", required=True),
        *RATES,
        Column("interval", "string", "Method of the crude rate's limits."),
        Column(
            "status",
            "string",
            "ok, or not_estimable: nobody but newborns could be observed long enough.",
            required=True,
        ),
        Column("label", "string", "What the count stands on: diagnosed, recorded or registered.", required=True),
    ),
    expects=(
        Expect("limits_enclose_rate", "rate_low <= rate + 1e-9 and rate <= rate_high + 1e-9"),
        Expect("no_rate_unless_estimable", "status = 'ok' or rate is null"),
    ),
)

POPULATION = Table(
    name="gold.population",
    comment="One row per year, place, sex, age band and source of a count of people.",
    owner=OWNER,
    key=("year", "place_code", "sex", "age_band", "source"),
    columns=(
        Column("year", "int", "Calendar year.", required=True),
        LEVEL,
        PLACE,
        SEX,
        AGE_BAND,
        Column(
            "source", "string", "official: census; register: residents; seen_3y: people with a visit.", required=True
        ),
        Column("persons", "long", "People.", required=True),
        Column("as_of", "date", "Day that the count stands for: the census day, or 1 July of the year.", required=True),
        Column("status", "string", "counted, census, or estimate.", required=True),
    ),
)
