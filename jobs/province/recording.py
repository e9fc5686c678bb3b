"""How records differ from life: which rows are sent when and how often, when they say it was; and texts of columns.

Every defect is drawn by row with its share in ``conf/dirt`` times the institution's and the clerk's own multiple, and
marked on the row, so that the truth knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.datafiles import quoted
from jobs.province.defects import Defect
from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.id_numbers import FULL_WIDTH
from jobs.province.identity import Identity
from jobs.province.institutions import CLERKS, Institutions
from jobs.province.life import Lives
from jobs.province.schedule import NOT_DELIVERED, Schedule, day_number
from jobs.province.settings import SimulateSettings

FIRST_YEAR, LAST_YEAR = 1880, 2120
ADVICE = ("随访", "建议复查", "请结合临床", "必要时进一步检查")
LEAST_BROKEN = 9  # bytes; a shorter text fits one line
LATE, CORRECTED = (20, 71), (5, 56)  # least days, and how many more at most
CERTIFIED_WITHIN = 10  # days until a certificate is filed (assumed)
LOOK_BACK = CERTIFIED_WITHIN + sum(LATE) + sum(CORRECTED)  # days before a run whose events it may still deliver


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
    """Which rows are sent: position of the event, sender, period, and whether this is a version corrected later.

    ``defects`` is added to as the fields are written; a row sent again by a second system has a key below 0.
    """

    event: Ints
    sender: Ints
    period: Ints
    key: Ints  # the event's key
    wrong: np.ndarray
    clerk: Ints
    many: Floats  # multiple of the shares of dirt: the institution's times the clerk's
    careless: Floats  # the same, where registries keep their rows no better than hospitals, mean 1
    defects: Ints

    def mark(self, kind: Defect, where: np.ndarray) -> None:
        """Note a defect of these rows (a mask, or positions each given once)."""
        self.defects[where] |= kind.bit

    def happens(self, draws: Draws, share: float, purpose: str, *, everywhere: bool = False) -> np.ndarray:
        """The rows that a defect of this share befalls; ``everywhere``: registries' as often as hospitals'."""
        return draws.happens(share * (self.careless if everywhere else self.many), purpose, self.key)


@dataclass(frozen=True)
class Batch:
    """Rows of one feed, ordered by file and as they lie in it; ``columns`` are in contract order."""

    feed: str
    sender: Ints
    period: Ints
    person: Ints  # the person's number
    columns: list[pa.Array]
    defects: Ints  # the marks of each row's defects


def rows_sent(
    scene: Scene, feed: str, key: Ints, person: Ints, sender: Ints, available: Ints, *, two_systems: bool = False
) -> Rows:
    """The rows delivered of these events: late, corrected later, or repeated, in file order.

    ``two_systems``: some institutions have two systems that send the same event, each under its own number.
    """
    draws, dirt = scene.draws, scene.settings.dirt
    clerk, senders = draws.whole(CLERKS, f"{feed} clerk", key), scene.institutions
    many = senders.dirt[sender] * senders.clerk[sender, clerk]
    of = np.arange(len(key))
    if two_systems:
        second = np.flatnonzero(draws.happens(dirt.row_of_two_systems * many, f"{feed} two systems", key))
        of, key = np.concatenate([of, second]), np.concatenate([key, ~key[second]])
        sender, available, many, clerk = sender[of], available[of], many[of], clerk[of]
    late = draws.happens(dirt.row_late * many, f"{feed} late", key)
    available = available + late * (LATE[0] + draws.whole(LATE[1], f"{feed} late by", key))
    wrong = draws.happens(dirt.row_corrected * many, f"{feed} corrected", key)
    again = np.flatnonzero(wrong)
    twice = np.flatnonzero(draws.happens(dirt.row_repeated * many, f"{feed} repeated", key))
    event = np.concatenate([np.arange(len(key)), again, twice])
    then = available[again] + CORRECTED[0] + draws.whole(CORRECTED[1], f"{feed} corrected after", key[again])
    when = np.concatenate([available, then, available[twice]])
    is_wrong = np.concatenate([wrong, np.zeros(len(again), bool), wrong[twice]])
    repeats = np.repeat([False, True], [len(key) + len(again), len(twice)])
    period = scene.schedule.period_of(when)
    sent = np.flatnonzero((period != NOT_DELIVERED) & (when >= day_number(scene.settings.begins(feed))))
    event, when, is_wrong, period, repeats = event[sent], when[sent], is_wrong[sent], period[sent], repeats[sent]
    block = scene.lives.people.block[person[of[event]]]
    order = np.lexsort((key[event], when, block, period, sender[event]))
    e, is_wrong, repeats = event[order], is_wrong[order], repeats[order]
    sender, clerk, many = sender[e], clerk[e], many[e]
    careless = senders.careless[sender] * senders.clerk[sender, clerk]
    rows = Rows(of[e], sender, period[order], key[e], is_wrong, clerk, many, careless, np.zeros(len(e), np.int64))
    for kind, where in (
        (Defect.ROW_LATE, late[e]),
        (Defect.ROW_CORRECTED, is_wrong),
        (Defect.ROW_REPEATED, repeats),
        (Defect.ROW_OF_TWO_SYSTEMS, rows.key < 0),
    ):
        rows.mark(kind, where)
    return rows


def event_date(scene: Scene, feed: str, rows: Rows, day: Ints) -> pa.Array:
    """The day of the event as text; impossible in some rows."""
    return day_text(day, _impossible(scene, feed, rows))


def event_time(scene: Scene, feed: str, rows: Rows, day: Ints, minute: Ints) -> pa.Array:
    """The time of the event as text: by the clock of the workstation, which may be a day off, or impossible."""
    draws = scene.draws
    desk, week = rows.sender * CLERKS + rows.clerk, day // 7
    share = scene.settings.dirt.clock_a_day_off * scene.institutions.dirt[rows.sender]
    off = np.flatnonzero(draws.happens(share, f"{feed} clock", desk, week))
    shown = day.copy()
    shown[off] += np.where(draws.happens(0.5, f"{feed} clock ahead", desk[off], week[off]), 1, -1)
    rows.mark(Defect.CLOCK_A_DAY_OFF, off)
    return time_text(shown, minute, _impossible(scene, feed, rows))


def _impossible(scene: Scene, feed: str, rows: Rows) -> np.ndarray:
    bad = rows.happens(scene.draws, scene.settings.dirt.event_date_impossible, f"{feed} event date")
    rows.mark(Defect.EVENT_DATE_IMPOSSIBLE, bad)
    return bad


def line_ends(scene: Scene, feed: str, rows: Rows, text: pa.Array, kind: Defect = Defect.TEXT_LINE_END) -> pa.Array:
    """Texts of some rows broken in two lines: an impression (``kind`` as it is) numbered, with a comma and advice,
    others in the middle. Systems differ in the sign that ends a line."""
    draws = scene.draws
    many = rows.happens(draws, scene.settings.dirt.text_line_end, f"{feed} {kind.name}")
    at = np.flatnonzero(many & (pc.binary_length(text).to_numpy() > LEAST_BROKEN))
    ends = np.where(draws.happens(0.5, "ends lines as Windows", rows.sender[at]), "\r\n", "\n")
    advice = draws.whole(len(ADVICE), f"{feed} advice", rows.key[at])
    broken = []
    for t, end, n in zip(text.take(pa.array(at)).to_pylist(), ends.tolist(), advice.tolist(), strict=True):
        half = len(t) // 2
        broken.append(f"1,{t}{end}2,{ADVICE[n]}" if kind is Defect.TEXT_LINE_END else t[:half] + end + t[half:])
    rows.mark(kind, at)
    return replaced(text, at, pa.array([quoted(t) for t in broken], pa.string()))


def full_width(scene: Scene, feed: str, rows: Rows, text: pa.Array, share: float, kind: Defect) -> pa.Array:
    """Texts of some rows typed in full-width digits, letters and signs."""
    typed = rows.happens(scene.draws, share, f"{feed} {kind.name}", everywhere=True)
    at = np.flatnonzero(typed & (pc.binary_length(text).to_numpy() > 0))
    rows.mark(kind, at)
    wide = [t.translate(FULL_WIDTH) for t in text.take(pa.array(at)).to_pylist()]
    return replaced(text, at, pa.array(wide, pa.string()))


def replaced(text: pa.Array, at: Ints, by: pa.Array) -> pa.Array:
    """These texts in place of those at some positions (in ascending order)."""
    if not len(at):
        return text
    mask = np.zeros(len(text), bool)
    mask[at] = True
    return pc.replace_with_mask(text, pa.array(mask), by)


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


def money(draws: Draws, purpose: str, key: Ints, mean: Floats | float, log_sd: float) -> Floats:
    """Log-normal amounts of a mean, in yuan."""
    return mean * np.exp(log_sd * draws.normal(purpose, key) - log_sd**2 / 2)
