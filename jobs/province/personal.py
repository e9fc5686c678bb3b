"""What a row says of the person: number, name, sex, birth date, county, phone and age, each with its defects."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from jobs.province import naming
from jobs.province.defects import Defect
from jobs.province.draws import Ints
from jobs.province.identity import (
    BORROWED,
    CUT_SHORT,
    DOTTED,
    HOMOPHONE,
    MILITARY,
    MISSING,
    MOTHERS,
    NAMED,
    OLD,
    PINYIN,
    SPACED,
    TEMPORARY,
    TRUE,
    TYPED_WRONG,
    TYPED_WRONG_2,
    WIDE,
)
from jobs.province.life import AWAY
from jobs.province.lunar import lunar_digits
from jobs.province.people import NOBODY, YEAR
from jobs.province.phones import phone_number
from jobs.province.recording import Rows, Scene, day_text, full_width, numbers, replaced, texts

ID_AFTER = 60  # days until a newborn has a number of its own (assumed)
UNKNOWN_SEX = "3"  # outside GB/T 2261.1
LUNAR_UNTIL = 0  # those born before 1970 may tell it
NAMED_AFTER = (7, 60)  # least days until a newborn is named, and how many more at most (assumed)
PLACEHOLDERS = ("13800000000", "00000000000", "13888888888", "11111111111", "12345678901")


def about_person(
    scene: Scene, feed: str, rows: Rows, person: Ints, day: Ints, *, registrar: bool = False
) -> list[pa.Array]:
    """id_number, name, sex_code and birth_date of each row, with their defects. ``person``, ``day``: by row.

    The registrar, who gives number and name, knows both from birth on, and no lunar birthdays.
    """
    return [
        _number(scene, feed, rows, person, day, registrar),
        name_column(scene, feed, rows, person, day, registrar=registrar),
        sex_column(scene, feed, rows, person),
        _birth(scene, feed, rows, person, registrar),
    ]


def _number(scene: Scene, feed: str, rows: Rows, person: Ints, day: Ints, registrar: bool) -> pa.Array:
    """A newborn has no number for some weeks and is often recorded under the mother's."""
    draws, dirt, people = scene.draws, scene.settings.dirt, scene.lives.people
    u = draws.uniform(f"{feed} id", rows.key) / rows.many
    half = dirt.id_mistyped / 2
    shares = [dirt.id_missing, half, half, dirt.id_borrowed, dirt.id_full_width, dirt.id_15_digit]
    variants = np.array([MISSING, TYPED_WRONG, TYPED_WRONG_2, BORROWED, WIDE, OLD, TRUE])
    variant = variants[np.searchsorted(np.cumsum(shares), u, side="right")]
    old = day - people.birth[person]
    young = np.flatnonzero((old < 365) & (variant == TRUE)) if not registrar else np.zeros(0, np.int64)
    mothers = (people.mother[person[young]] != NOBODY) & draws.happens(
        dirt.id_of_mother, f"{feed} infant", rows.key[young]
    )
    variant[young] = np.where(mothers, MOTHERS, np.where(old[young] < ID_AFTER, MISSING, TRUE))
    serving = scene.identity.soldier[person] & (old > 18 * YEAR) & (old < 60 * YEAR) & (variant == TRUE)
    serving = np.flatnonzero(serving) if not registrar else np.zeros(0, np.int64)
    with_card = draws.happens(dirt.id_military, f"{feed} soldier", rows.key[serving])
    variant[serving[with_card]] = MILITARY
    text, marks = scene.identity.numbers.take(person, variant)
    marks[young[(variant[young] == MISSING)]] = 0  # not a mistake: there is no number yet
    rows.defects[:] |= marks
    return text


def name_column(scene: Scene, feed: str, rows: Rows, person: Ints, day: Ints, *, registrar: bool = False) -> pa.Array:
    """Names: heard wrong or spaced, of newborns not yet named, and as the institution's system can write them."""
    draws, dirt, identity = scene.draws, scene.settings.dirt, scene.identity
    u = draws.uniform(f"{feed} name", rows.key) / rows.many
    shares = np.cumsum([dirt.name_homophone, dirt.name_spaced])
    variant = np.array([HOMOPHONE, SPACED, NAMED])[np.searchsorted(shares, u, side="right")]
    at = np.flatnonzero(identity.outside_gbk[person])
    variant[at[draws.happens(dirt.name_pinyin, "writes pinyin", rows.sender[at])]] = PINYIN
    at = np.flatnonzero(identity.dotted[person])
    form = draws.whole(len(naming.OTHER_DOTS), "which middle dot", rows.sender[at])
    other = draws.happens(dirt.name_dot, "middle dot", rows.sender[at])
    variant[at] = np.where(other, DOTTED + form, NAMED)
    at = np.flatnonzero(identity.cut_short[person])
    short = draws.happens(dirt.name_cut_short, f"{feed} cut short", rows.sender[at], rows.clerk[at])
    variant[at[short]] = CUT_SHORT
    if not registrar:
        variant[_unnamed(scene, person, day)] = TEMPORARY
    text, marks = identity.names.take(person, variant)
    rows.defects[:] |= marks
    return text


def _unnamed(scene: Scene, person: Ints, day: Ints) -> Ints:
    """The rows of newborns that have no name yet."""
    draws, people = scene.draws, scene.lives.people
    old = day - people.birth[person]
    young = np.flatnonzero((old < sum(NAMED_AFTER)) & (people.mother[person] != NOBODY))
    no = people.no[person[young]]
    late = draws.happens(scene.settings.dirt.newborn_temporary_name, "named later", no)
    after = NAMED_AFTER[0] + draws.whole(NAMED_AFTER[1], "named after", no)
    return young[late & (old[young] < after)]


def sex_column(scene: Scene, feed: str, rows: Rows, person: Ints) -> pa.Array:
    """Sex, in some rows as a code that there isn't."""
    unknown = rows.happens(scene.draws, scene.settings.dirt.sex_code_unknown, f"{feed} sex")
    rows.mark(Defect.SEX_CODE_UNKNOWN, unknown)
    return texts(("1", "2", UNKNOWN_SEX), np.where(unknown, 2, scene.lives.people.sex[person]))


def _birth(scene: Scene, feed: str, rows: Rows, person: Ints, registrar: bool) -> pa.Array:
    """Birth dates: impossible, with day and month or two digits exchanged, or by the lunar calendar."""
    draws, dirt, people = scene.draws, scene.settings.dirt, scene.lives.people
    born = people.birth[person]
    u = draws.uniform(f"{feed} birth date", rows.key) / rows.many
    kind = np.searchsorted(np.cumsum([dirt.birth_date_impossible, dirt.birth_day_month, dirt.birth_digits]), u, "right")
    rows.mark(Defect.BIRTH_DATE_IMPOSSIBLE, kind == 0)
    text = day_text(born, kind == 0)
    at = np.flatnonzero((kind == 1) | (kind == 2))
    text = _exchanged(scene, feed, rows, text, at, kind[at] == 1)
    if registrar:
        return text
    teller = draws.happens(dirt.person_lunar_birthday, "lunar birthday", people.no) & (people.birth < LUNAR_UNTIL)
    at = np.flatnonzero(teller[person] & (kind == 3))
    told = draws.happens(dirt.birth_lunar, "tells lunar birthday", people.no[person[at]], rows.sender[at])
    lunar = lunar_digits(born[at])
    at, lunar = at[told & (lunar > 0)], lunar[told & (lunar > 0)]
    rows.mark(Defect.BIRTH_LUNAR, at)
    return replaced(text, at, numbers(lunar))


def _exchanged(scene: Scene, feed: str, rows: Rows, text: pa.Array, at: Ints, whole: np.ndarray) -> pa.Array:
    """The dates at these positions with day and month exchanged (``whole``), or two neighbouring digits."""
    digits = np.array(text.take(pa.array(at)).to_pylist(), dtype="S8").view(np.uint8).reshape(-1, 8)
    n = np.arange(len(at))
    place = np.array([2, 4, 6])[scene.draws.whole(3, f"{feed} exchanged", rows.key[at])]
    swapped = digits.copy()
    swapped[n, place], swapped[n, place + 1] = digits[n, place + 1], digits[n, place]
    day_first = digits[:, [0, 1, 2, 3, 6, 7, 4, 5]]
    month = (digits[:, 6] - 48) * 10 + digits[:, 7] - 48
    made = np.where(whole[:, None], day_first, swapped)
    changed = (made != digits).any(axis=1) & (~whole | (month <= 12))
    rows.mark(Defect.BIRTH_DAY_MONTH, at[changed & whole])
    rows.mark(Defect.BIRTH_DIGITS, at[changed & ~whole])
    new = made[changed].tobytes().decode("ascii")
    return replaced(text, at[changed], pa.array([new[i : i + 8] for i in range(0, len(new), 8)], pa.string()))


def residence(scene: Scene, feed: str, rows: Rows, county: Ints) -> pa.Array:
    """County codes (AWAY is empty); some by the code that the county, or a part of it, had before."""
    places, draws = scene.facts.places, scene.draws
    at = np.flatnonzero((county != AWAY) & (places.former.count[county] > 0))
    share = scene.settings.dirt.county_old_code * rows.careless[at]
    at = at[draws.happens(share, f"{feed} old county", rows.key[at])]
    which = places.former.pick(county[at], draws.uniform(f"{feed} which old county", rows.key[at]))
    shown = county.copy()
    shown[at] = len(places.county_code) + which
    rows.mark(Defect.COUNTY_OLD_CODE, at)
    return texts((*places.county_code, *places.former.table.get("old_code", ())), shown)


def phone(scene: Scene, feed: str, rows: Rows, person: Ints, day: Ints) -> pa.Array:
    """The phone number that a person gives on a day, or one that was typed to fill the field."""
    draws, dirt, own = scene.draws, scene.settings.dirt, phone_number(scene, person, day)
    text = full_width(scene, feed, rows, own, dirt.phone_full_width, Defect.PHONE_FULL_WIDTH)
    at = np.flatnonzero(rows.happens(draws, dirt.phone_placeholder, f"{feed} phone"))
    rows.mark(Defect.PHONE_PLACEHOLDER, at)
    which = draws.whole(len(PLACEHOLDERS), f"{feed} which phone", rows.key[at])
    return replaced(text, at, texts(PLACEHOLDERS, which))


def age(scene: Scene, feed: str, rows: Rows, person: Ints, day: Ints) -> pa.Array:
    """Whole years, or a text: 3月12天 of infants, 2岁3月 of small children, 45岁."""
    days = day - scene.lives.people.birth[person]
    dirt = scene.settings.dirt
    at = np.flatnonzero(rows.happens(scene.draws, dirt.age_text, f"{feed} age", everywhere=True))
    rows.mark(Defect.AGE_TEXT, at)
    said = pa.array([_age_text(n) for n in days[at].tolist()], pa.string())
    text = replaced(numbers((days / YEAR).astype(np.int64)), at, said)
    return full_width(scene, feed, rows, text, dirt.age_full_width, Defect.AGE_FULL_WIDTH)


def _age_text(days: int) -> str:
    years, month = int(days / YEAR), YEAR / 12
    months = int((days - years * YEAR) / month)
    rest = int(days - years * YEAR - months * month)
    if years >= 6:
        return f"{years}岁"
    return f"{years}岁{months}月" if years else f"{months}月{rest}天"
