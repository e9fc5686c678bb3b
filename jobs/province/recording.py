"""How records differ from life: which rows are sent when and how often, and the defects of their fields.

Every defect is drawn by row with its share in ``conf/job/simulate.yaml`` times the institution's own multiple.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.identity import MISSING, MOTHERS, OLD, TRUE, TYPED_WRONG, TYPED_WRONG_2, Identity
from jobs.province.institutions import Institutions
from jobs.province.life import Lives
from jobs.province.schedule import NOT_DELIVERED, Schedule, day_number
from jobs.province.settings import SimulateSettings

FIRST_YEAR, LAST_YEAR = 1880, 2120
NEW_CARDS = (np.datetime64("1999-10-01") - np.datetime64("1970-01-01")).astype(int)  # 18-digit numbers from then on
ID_AFTER = 60  # days until a newborn has a number of its own (assumed)
LATE, CORRECTED = (20, 71), (5, 56)  # least days, and how many more at most
UNKNOWN_SEX = "3"  # outside GB/T 2261.1


@dataclass(frozen=True)
class Scene:
    """Everything that rows of some blocks are made from."""

    draws: Draws
    facts: ProvinceFacts
    settings: SimulateSettings
    institutions: Institutions
    schedule: Schedule
    lives: Lives
    identity: Identity


@dataclass(frozen=True)
class Rows:
    """Which rows are sent: position of the event, sender, period, and whether this is a version corrected later."""

    event: Ints
    sender: Ints
    period: Ints
    key: Ints  # the event's key
    wrong: np.ndarray


@dataclass(frozen=True)
class Batch:
    """Rows of one feed, ordered by file and as they lie in it; ``columns`` are in contract order."""

    feed: str
    sender: Ints
    period: Ints
    person: Ints  # the person's number
    columns: list[pa.Array]


def rows_sent(scene: Scene, feed: str, key: Ints, person: Ints, sender: Ints, available: Ints) -> Rows:
    """The rows delivered of these events: late, corrected later, or repeated, in file order."""
    draws, dirt = scene.draws, scene.settings.dirt
    many = scene.institutions.dirt[sender]
    late = draws.happens(dirt.row_late * many, f"{feed} late", key)
    available = available + late * (LATE[0] + draws.whole(LATE[1], f"{feed} late by", key))
    wrong = draws.happens(dirt.row_corrected * many, f"{feed} corrected", key)
    again = np.flatnonzero(wrong)
    twice = np.flatnonzero(draws.happens(dirt.row_repeated * many, f"{feed} repeated", key))
    event = np.concatenate([np.arange(len(key)), again, twice])
    then = available[again] + CORRECTED[0] + draws.whole(CORRECTED[1], f"{feed} corrected after", key[again])
    when = np.concatenate([available, then, available[twice]])
    is_wrong = np.concatenate([wrong, np.zeros(len(again), bool), wrong[twice]])
    period = scene.schedule.period_of(when)
    sent = np.flatnonzero(period != NOT_DELIVERED)
    event, when, is_wrong, period = event[sent], when[sent], is_wrong[sent], period[sent]
    block = scene.lives.people.block[person[event]]
    order = np.lexsort((key[event], when, block, period, sender[event]))
    event = event[order]
    return Rows(event, sender[event], period[order], key[event], is_wrong[order])


def about_person(
    scene: Scene, feed: str, rows: Rows, person: Ints, day: Ints, *, registrar: bool = False
) -> list[pa.Array]:
    """id_number, name, sex_code and birth_date of each row, with their defects. ``person``, ``day``: by row.

    A newborn has no number for some weeks and is often recorded under the mother's, save by the registrar who gives it.
    """
    draws, dirt, people = scene.draws, scene.settings.dirt, scene.lives.people
    many, key = scene.institutions.dirt[rows.sender], rows.key
    u = draws.uniform(f"{feed} id", key)
    variant = np.full(len(key), TRUE)
    variant[people.birth[person] < NEW_CARDS] = OLD
    variant = np.where((variant == OLD) & draws.happens(dirt.id_15_digit * many, f"{feed} old id", key), OLD, TRUE)
    either = np.where(draws.happens(0.5, f"{feed} typo", key), TYPED_WRONG, TYPED_WRONG_2)
    missing = dirt.id_missing * many
    variant = np.where(u < missing, MISSING, np.where(u < missing + dirt.id_mistyped * many, either, variant))
    old = day - people.birth[person]
    infant = (old < 365) & (people.mother[person] >= 0) & draws.happens(dirt.id_of_mother, f"{feed} infant", key)
    if not registrar:
        variant = np.where(infant, MOTHERS, np.where(old < ID_AFTER, MISSING, variant))
    sex = np.where(draws.happens(dirt.sex_code_unknown * many, f"{feed} sex", key), 2, people.sex[person])
    bad_birth = draws.happens(dirt.birth_date_impossible * many, f"{feed} birth date", key)
    return [
        scene.identity.id_number(person, variant),
        scene.identity.name.take(pa.array(person)),
        texts(("1", "2", UNKNOWN_SEX), sex),
        day_text(people.birth[person], bad_birth),
    ]


def event_day_bad(scene: Scene, feed: str, rows: Rows) -> np.ndarray:
    """The rows whose date of the event is impossible."""
    share = scene.settings.dirt.event_date_impossible * scene.institutions.dirt[rows.sender]
    return scene.draws.happens(share, f"{feed} event date", rows.key)


def texts(pool: tuple[str, ...], index: Ints) -> pa.Array:
    """The texts at these positions; -1 is empty."""
    return pa.array([*pool, ""]).take(pa.array(np.where(index < 0, len(pool), index)))


def numbers(values: np.ndarray, decimals: int = 0) -> pa.Array:
    """Numbers as text."""
    whole = pa.array(values.astype(np.int64)) if not decimals else pa.array(np.round(values, decimals))
    return pc.cast(whole, pa.string())


@cache
def _days(format_: str) -> pa.Array:
    """Every day from FIRST_YEAR on as text, then the 30 February of each year."""
    first, last = (np.datetime64(f"{y}-01-01", "D") for y in (FIRST_YEAR, LAST_YEAR))
    real = pc.strftime(pa.array(np.arange(first, last)), format=format_)
    february = format_.replace("%m", "02").replace("%d", "30")
    return pa.concat_arrays([real, pa.array([february.replace("%Y", str(y)) for y in range(FIRST_YEAR, LAST_YEAR)])])


def day_text(day: Ints, impossible: np.ndarray | None = None, format_: str = "%Y%m%d") -> pa.Array:
    """Days as text; the impossible ones as a 30 February of their year."""
    pool = _days(format_)
    first = np.datetime64(f"{FIRST_YEAR}-01-01", "D").astype(np.int64)
    index = day - first
    if impossible is not None and impossible.any():
        year = day.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970
        index = np.where(impossible, len(pool) - (LAST_YEAR - FIRST_YEAR) + year - FIRST_YEAR, index)
    return pool.take(pa.array(index))


@cache
def _minutes() -> pa.Array:
    return pa.array([f" {m // 60:02}:{m % 60:02}:00" for m in range(1440)])


def time_text(day: Ints, minute: Ints, impossible: np.ndarray | None = None) -> pa.Array:
    """Wall-clock times as YYYY-MM-DD hh:mm:ss."""
    clock = _minutes().take(pa.array(np.clip(minute, 0, 1439)))
    return pc.binary_join_element_wise(day_text(day, impossible, "%Y-%m-%d"), clock, "")


def joined(*parts: pa.Array | str) -> pa.Array:
    """Texts put together row by row."""
    return pc.binary_join_element_wise(*parts, "")


def code_texts(scene: Scene) -> tuple[pa.Array, pa.Array]:
    """Every diagnosis code, WHO's then the national clinical edition's; every name (empty last)."""
    who = scene.facts.codes.icd10
    national = [c + "00" if "." in c else c + ".x00" for c in who]
    return pa.array([*who, *national, ""]), pa.array([*(quoted(n) for n in scene.facts.codes.name), ""])


def diagnosis_columns(scene: Scene, diagnosis: Ints, sender: Ints) -> list[pa.Array]:
    """Code (in the sender's edition) and name of diagnoses; -1 is empty."""
    codes, names = code_texts(scene)
    known, size = diagnosis >= 0, len(names) - 1
    code = np.where(known, diagnosis + size * scene.institutions.national_edition[sender], 2 * size)
    return [codes.take(pa.array(code)), names.take(pa.array(np.where(known, diagnosis, size)))]


def edition(scene: Scene, sender: Ints) -> pa.Array:
    """The edition that a sender codes by."""
    return texts(("ICD-10", "ICD-10国临版2.0"), scene.institutions.national_edition[sender].astype(np.int64))


def recorded_diagnosis(scene: Scene, feed: str, rows: Rows, diagnosis: Ints) -> Ints:
    """What is coded of a diagnosis: nothing, a symptom, a suspicion of something else, or (mostly) itself."""
    draws, recording, codes = scene.draws, scene.settings.recording, scene.facts.codes
    u = draws.uniform(f"{feed} coded", rows.key)
    which = draws.uniform(f"{feed} coded as", rows.key)
    symptom = codes.symptoms[(which * len(codes.symptoms)).astype(np.int64)]
    choice, of_condition = codes.condition_code["O"]
    condition = (which * len(scene.facts.conditions.name)).astype(np.int64)
    suspected = of_condition[choice.pick(draws.uniform(f"{feed} suspected", rows.key), condition)]
    missing, unspecific = recording.diagnosis_missing, recording.diagnosis_missing + recording.unspecific
    coded = np.where(u < unspecific, symptom, np.where(u < unspecific + recording.suspected, suspected, diagnosis))
    coded = np.where(rows.wrong, symptom, coded)  # corrected later
    return np.where(u < missing, -1, coded)


def money(draws: Draws, purpose: str, key: Ints, mean: Floats | float, log_sd: float) -> Floats:
    """Log-normal amounts of a mean, in yuan."""
    return mean * np.exp(log_sd * draws.normal(purpose, key) - log_sd**2 / 2)


def quoted(text: str) -> str:
    """A text as a CSV field, in quotes where it needs them."""
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def first_day(settings: SimulateSettings) -> int:
    """The first day that the register covers in this run."""
    return day_number(settings.first_day)
