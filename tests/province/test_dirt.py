"""Every kind of dirt is there at its rate, is what the truth says it is, and comes in clusters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.province.defects import ROW, Defect, field_of
from jobs.province.facts import ProvinceFacts
from jobs.province.id_numbers import CHECK, WEIGHTS
from jobs.province.lunar import lunar_digits
from jobs.province.naming import DOT, OTHER_DOTS
from jobs.province.recording import Batch
from jobs.province.settings import FEEDS
from jobs.tables.contract import load_contracts
from tests.province.conftest import CONTRACTS, MANY_CARDS

CONTRACT = {feed: c for feed, c in load_contracts(CONTRACTS).items() if feed in FEEDS}
MUCH = {
    "person_permit": 0.03,
    "person_foreign": 0.03,
    "person_soldier": 0.1,
    "person_minority_name": 0.03,
    "person_rare_character": 0.03,
    "person_lunar_birthday": 0.3,
    "person_namesake": 1.0,
    "id_borrowed": 0.02,
    "id_full_width": 0.01,
    "birth_day_month": 0.01,
    "birth_digits": 0.01,
    "county_old_code": 0.3,
    "age_text": 1.0,
    "age_full_width": 0.1,
    "phone_full_width": 0.01,
    "code_full_width": 0.01,
    "clock_a_day_off": 0.01,
    "row_of_two_systems": 0.02,
    "weight_in_jin": 0.05,
    "pressure_in_kpa": 0.05,
    "text_line_end": 0.05,
}
Frames = dict[str, pd.DataFrame]


def framed(batches: list[Batch]) -> Frames:
    """Rows by feed: the delivered fields, and the true ``person``, the ``sender`` and the marks of defects."""
    found = {}
    for b in batches:
        columns = dict(zip(CONTRACT[b.feed].names, (c.to_pylist() for c in b.columns), strict=True))
        found[b.feed] = pd.DataFrame(columns).assign(person=b.person, sender=b.sender, marks=b.defects)
    return found


@pytest.fixture(scope="module")
def dirty(live: Callable[..., Any]) -> tuple[Any, Frames, pd.DataFrame]:
    """Two thousand residents with much dirt of the rarer kinds: the scene, rows by feed, true persons."""
    rates = {f"dirt__{name}": rate for name, rate in MUCH.items()}
    scene, batches, truth = live([0, 1, 2, 3], end="2023-06-30", rate__twins=0.5, **MANY_CARDS, **rates)
    return scene, framed(batches), truth["person"].to_pandas().set_index("person")


def having(frames: Frames, kind: Defect, feed: str = "registration") -> pd.DataFrame:
    """The rows of a feed that are marked with a kind."""
    found = frames[feed][frames[feed]["marks"] & kind.bit > 0]
    assert len(found), kind
    return found


def valid(number: str) -> bool:
    """Whether a number has eighteen characters and the right check character."""
    digits = len(number) == 18 and number[:17].isascii() and number[:17].isdigit()
    return digits and CHECK[sum(int(d) * w for d, w in zip(number, WEIGHTS, strict=False)) % 11] == number[17]


def test_every_kind_occurs_and_none_in_the_clean_profile(dirty: Any, live: Callable[..., Any]) -> None:
    seen = int(np.bitwise_or.reduce([np.bitwise_or.reduce(f["marks"].to_numpy()) for f in dirty[1].values()]))
    of_files = [Defect.FILE_REPEATED, Defect.FILE_WITHDRAWN]  # planted as they are written
    assert [k for k in Defect if not seen & k.bit] == of_files
    perfect = {f"recording__{s}__{p}": 1.0 for s in ("outpatient", "inpatient", "death")
               for p in ("sensitivity", "predictive_value")}  # fmt: skip
    _, batches, _ = live([0], profile="clean", **perfect)
    assert not any(b.defects.any() for b in batches)


def test_a_row_that_is_corrected_later_says_something_else_at_first(live: Callable[..., Any]) -> None:
    frames = framed(live(range(4), end="2023-06-30", profile="clean", dirt__row_corrected=0.4)[1])
    for feed, rows in frames.items():
        wrong = rows["marks"] & Defect.ROW_CORRECTED.bit > 0
        assert not (wrong & rows.duplicated(CONTRACT[feed].names, keep=False)).any(), feed
    assert sum((f["marks"] & Defect.ROW_CORRECTED.bit > 0).any() for f in frames.values()) > 10


def test_each_defect_is_in_a_field_of_its_feed(dirty: Any) -> None:
    for feed, rows in dirty[1].items():
        for kind in Defect:
            if (rows["marks"] & kind.bit).any():
                assert field_of(kind, feed) in (ROW, *CONTRACT[feed].names), (kind, feed)
    events = {feed: field_of(Defect.EVENT_DATE_IMPOSSIBLE, feed) for feed in FEEDS}
    assert events == {feed: CONTRACT[feed].happened for feed in FEEDS}


def test_a_share_of_rows_comes_out_as_set(live: Callable[..., Any]) -> None:
    frames = framed(live(list(range(4)), end="2024-12-31")[1])
    rows = pd.concat([frames[f] for f in ("registration", "outpatient_visit", "prescription", "payment", "laboratory")])
    for kind, share in (
        (Defect.ID_MISSING, 0.03), (Defect.ID_MISTYPED, 0.004), (Defect.ID_BORROWED, 0.0003),
        (Defect.SEX_CODE_UNKNOWN, 0.001), (Defect.ROW_CORRECTED, 0.005), (Defect.EVENT_DATE_IMPOSSIBLE, 0.0005),
    ):  # fmt: skip
        assert (rows["marks"] & kind.bit > 0).mean() == pytest.approx(share, rel=0.3), kind
    assert (rows["marks"] & Defect.ID_BORROWED.bit > 0).mean() < 0.0005


def test_shares_hold_in_every_feed(live: Callable[..., Any]) -> None:
    """Registries make a tenth of hospitals' mistakes, but as many in what mostly they send."""
    anywhere = {"id_missing": 0.1, "sex_code_unknown": 0.1, "row_repeated": 0.1}
    mostly_theirs = {"county_old_code": 0.3, "age_text": 0.3, "weight_in_jin": 0.3, "pressure_in_kpa": 0.3}
    changed = {f"dirt__{n}": s for n, s in {**anywhere, **mostly_theirs, "spread": 0.0, "clerk_spread": 0.0}.items()}
    scene, batches, _ = live(range(4), end="2023-12-31", **MANY_CARDS, **changed)
    former = np.array(scene.facts.places.county_code)[scene.facts.places.former.count > 0]
    codes = {*former, *scene.facts.places.former.table["old_code"]}
    seen = []
    for (feed, rows), kind in product(framed(batches).items(), (*anywhere, *mostly_theirs)):
        if kind == "county_old_code":  # of places whose code changed
            rows = rows[rows.get(field_of(Defect.COUNTY_OLD_CODE, feed), rows["sex_code"]).isin(codes)]
        marked = rows["marks"] & Defect[kind.upper()].bit > 0
        if kind in mostly_theirs and not marked.any():  # a feed without such a field
            continue
        hospital = np.isin(rows["sender"], scene.institutions.hospital)
        share = anywhere[kind] * np.where(hospital, 1.0, 0.1) if kind in anywhere else np.full(len(rows), 0.3)
        noise = np.sqrt((share * (1 - share)).sum())
        assert abs(marked.sum() - share.sum()) < 5 * noise + 0.12 * share.sum(), (feed, kind, marked.mean())
        seen.append((feed, kind))
    assert {k for _, k in seen} == {*anywhere, *mostly_theirs} and len({f for f, _ in seen}) == len(FEEDS)


def test_numbers_are_what_the_truth_says(dirty: Any) -> None:
    _, frames, persons = dirty
    own = persons["id_number"]
    assert not having(frames, Defect.ID_MISTYPED)["id_number"].map(valid).any()
    borrowed = having(frames, Defect.ID_BORROWED)
    assert (borrowed["id_number"] != own.loc[borrowed["person"]].to_numpy()).all()
    assert borrowed["id_number"].isin(own).all()  # somebody's
    wide = having(frames, Defect.ID_FULL_WIDTH)
    narrow = wide["id_number"].map(lambda n: unicodedata.normalize("NFKC", n))
    assert (narrow != wide["id_number"]).all() and (narrow == own.loc[wide["person"]].to_numpy()).all()
    permits = having(frames, Defect.ID_PERMIT)["id_number"]
    assert permits.map(valid).all() and set(permits.str[:5]) <= {"81379", "82379", "83379"}
    assert having(frames, Defect.ID_MILITARY)["id_number"].str.fullmatch(r"军字第379\d{4}号").all()
    mothers = having(frames, Defect.ID_OF_MOTHER)
    assert (mothers["id_number"] == own.loc[persons.loc[mothers["person"], "mother"]].to_numpy()).all()


def test_names_are_what_the_truth_says(dirty: Any) -> None:
    _, frames, persons = dirty
    own = persons["name"]
    heard = having(frames, Defect.NAME_HOMOPHONE)
    differ = [sum(a != b for a, b in zip(x, y, strict=True)) for x, y in zip(heard["name"], own.loc[heard["person"]],
                                                                             strict=True)]  # fmt: skip
    assert set(differ) == {1}
    dots = having(frames, Defect.NAME_DOT)
    assert set("".join(dots["name"])) & set(OTHER_DOTS) and DOT not in "".join(dots["name"])
    assert {own[p].replace(DOT, "") == n for p, n in zip(dots["person"], dots["name"], strict=True)} == {True, False}
    rare = having(frames, Defect.NAME_OUTSIDE_GBK)["name"]
    for name in set(rare):
        assert name.encode("gb18030").decode("gb18030") == name
        with pytest.raises(UnicodeEncodeError):
            name.encode("gbk")
    assert having(frames, Defect.NAME_PINYIN)["name"].str.fullmatch(r".{1,2}[a-z]+").all()
    newborn = having(frames, Defect.NAME_TEMPORARY, "outpatient_visit")
    mothers = own.loc[persons.loc[newborn["person"], "mother"]].to_numpy()
    assert [n[:-2] for n in newborn["name"]] == list(mothers)
    later = frames["registration"][frames["registration"]["person"].isin(newborn["person"])]
    assert not later["name"].str.contains("之[子女]", regex=True).all()  # renamed


def test_birth_dates_are_what_the_truth_says(dirty: Any) -> None:
    _, frames, persons = dirty
    born = pd.to_datetime(persons["birth_date"])
    turned = having(frames, Defect.BIRTH_DAY_MONTH)
    assert (turned["birth_date"] == born.loc[turned["person"]].dt.strftime("%Y%d%m").to_numpy()).all()
    digits = having(frames, Defect.BIRTH_DIGITS)
    true = born.loc[digits["person"]].dt.strftime("%Y%m%d")
    assert [sorted(d) for d in digits["birth_date"]] == [sorted(t) for t in true]
    told = having(frames, Defect.BIRTH_LUNAR)
    days = born.loc[told["person"]].to_numpy().astype("M8[D]").astype(np.int64)
    assert (told["birth_date"].astype(int) == lunar_digits(days)).all()
    again = frames["registration"].groupby(["person", "sender"])["marks"]
    lunar = again.apply(lambda m: (m & Defect.BIRTH_LUNAR.bit > 0).mean())
    assert lunar[lunar > 0].mean() > 0.95  # a person tells an institution the same each time


def test_twins_share_a_birthday_and_namesakes_name_and_birthday(dirty: Any) -> None:
    persons = dirty[2]
    siblings = persons[persons["mother"].notna()].groupby(["mother", "birth_date"])
    twins = siblings.filter(lambda g: len(g) == 2)
    assert len(twins) >= 4
    assert (twins.groupby(["mother", "birth_date"])["name"].nunique() == 2).all()
    both = persons.groupby(["name", "birth_date"]).size()
    assert (both == 2).sum() >= 3


def test_places_phones_ages_and_texts_are_what_the_truth_says(dirty: Any, facts: ProvinceFacts) -> None:
    frames = dirty[1]
    old = having(frames, Defect.COUNTY_OLD_CODE, "resident_register")["residence_county"]
    assert not set(old) & set(facts.places.county_code)
    assert set(facts.places.former.table["old_code"]) >= set(old)
    rows = frames["registration"]
    own = rows["marks"] & Defect.PHONE_PLACEHOLDER.bit == 0
    narrow = rows["phone"].map(lambda n: unicodedata.normalize("NFKC", n))
    assert (narrow.str.fullmatch(r"12379\d{6}") == own).all()
    ages = having(frames, Defect.AGE_TEXT, "infectious_card")["age"]
    assert ages.str.fullmatch(r"\d+月\d+天|\d+岁(\d+月)?").all()
    for kind in (Defect.TEXT_LINE_END, Defect.COMPLAINT_LINE_END, Defect.ILLNESS_LINE_END, Defect.NARRATIVE_LINE_END):
        broken = having(frames, kind, "emr_document")[field_of(kind, "emr_document")]
        assert broken.str.contains("\n").all() and broken.str.startswith('"').all()
        assert set(broken.str.contains("\r\n")) == {True, False}
    pressure = having(frames, Defect.PRESSURE_IN_KPA, "health_checkup")["systolic"].astype(float)
    assert pressure.between(10, 30).all()


def test_what_is_typed_in_full_width_is_what_would_have_been_typed(dirty: Any) -> None:
    for kind, feed, field, narrow in (
        (Defect.PHONE_FULL_WIDTH, "registration", "phone", r"\d{11}"),
        (Defect.AGE_FULL_WIDTH, "infectious_card", "age", r"\d+月\d+天|\d+岁(\d+月)?|\d+"),
        (Defect.CODE_FULL_WIDTH, "outpatient_visit", "diagnosis_code", r"[A-Z].*"),
    ):
        texts = having(dirty[1], kind, feed)
        texts = texts[texts["marks"] & Defect.PHONE_PLACEHOLDER.bit == 0][field]
        assert not texts.str.contains(r"[0-9A-Z]").any()
        assert texts.map(lambda t: unicodedata.normalize("NFKC", t)).str.fullmatch(narrow).mean() > 0.95, kind


def test_children_have_a_parents_phone_and_numbers_change_with_the_years(live: Callable[..., Any]) -> None:
    _, batches, truth = live(range(2), end="2025-12-31", profile="clean")
    rows = framed([b for b in batches if b.feed == "registration"])["registration"]
    persons = truth["person"].to_pandas().set_index("person")
    born, came = pd.to_datetime(rows["person"].map(persons["birth_date"])), pd.to_datetime(rows["registered_at"])
    rows["age"] = (came - born).dt.days / 365.2425
    numbers = rows.groupby("person")["phone"].agg(set)
    small = rows[rows["age"] < 13.9].assign(mother=lambda r: r["person"].map(persons["mother"]))
    small = small[small["mother"].isin(numbers.index)]
    theirs = [r.phone in numbers[r.mother] for r in small.itertuples()]
    assert len(theirs) > 1000 and np.mean(theirs) > 0.95  # but for a change between
    grown = rows[rows["age"].between(19, 70)].groupby("person")["phone"].nunique()
    assert 0.08 < (grown > 1).mean() < 0.3  # of three in ten, every six years


def test_people_of_minorities_and_foreigners_have_names_of_their_sex(dirty: Any) -> None:
    """A given name that women have is not a man's."""
    persons = dirty[2]
    for sign, place in ((DOT, 0), (" ", 1)):
        named = persons[persons["name"].str.contains(sign, regex=False)]
        given = named["name"].str.split(sign, regex=False).str[place]
        by_sex = [set(given[named["sex"] == sex]) for sex in ("male", "female")]
        assert min(len(s) for s in by_sex) > 3 and not by_sex[0] & by_sex[1]


def test_units_are_converted_rightly(dirty: Any) -> None:
    rows = dirty[1]["laboratory"]
    other = rows[(rows["marks"] & Defect.LAB_OTHER_UNIT.bit > 0) & (rows["marks"] & Defect.ROW_CORRECTED.bit == 0)]
    high = {"mg/dL": {"GLU": 109.9, "CREA": 0.9}, "g/dL": {"HGB": 16.0}}  # 6.1 mmol/L, 85 umol/L, 160 g/L
    for unit, middle in high.items():
        found = other[other["result_unit"] == unit]
        for item, about in middle.items():
            values = found.loc[found["item_code"] == item, "result_value"].astype(float)
            assert values.empty or values.median() == pytest.approx(about, rel=0.4), (item, unit)
    flagged = other[(other["abnormal_flag"] == "H") & (other["reference_high"] != "")]
    assert len(other) > 100
    assert (flagged["result_value"].astype(float) >= flagged["reference_high"].astype(float) - 0.11).all()


def test_a_visit_sent_by_two_systems_has_two_numbers_and_one_time(dirty: Any) -> None:
    rows = dirty[1]["outpatient_visit"]
    second = having(dirty[1], Defect.ROW_OF_TWO_SYSTEMS, "outpatient_visit")
    fine = rows[rows["marks"] & (Defect.CLOCK_A_DAY_OFF.bit | Defect.EVENT_DATE_IMPOSSIBLE.bit) == 0]
    pairs = second.merge(fine, on=["person", "sender", "visit_time", "doctor_no"], suffixes=("", "_first"))
    pairs = pairs[pairs["marks_first"] & Defect.ROW_OF_TWO_SYSTEMS.bit == 0]
    assert len(pairs) > 0.9 * len(second)
    assert (pairs["visit_no"] != pairs["visit_no_first"]).all()
    assert (pairs["patient_no"] != pairs["patient_no_first"]).all()


def test_a_wrong_clock_is_wrong_for_a_week_at_one_desk(dirty: Any) -> None:
    """Of the rows beside a wrong one, of its institution and week, a twelfth (its desk's) and not a hundredth are."""
    rows = dirty[1]["outpatient_visit"]
    rows = rows[rows["marks"] & Defect.EVENT_DATE_IMPOSSIBLE.bit == 0]
    shown, true = (pd.to_datetime(rows[c]).dt.normalize() for c in ("visit_time", "registration_time"))
    off = rows["marks"] & Defect.CLOCK_A_DAY_OFF.bit > 0
    assert set((shown - true)[off].dt.days) == {-1, 1} and set((shown - true)[~off].dt.days) == {0}
    weeks = off.groupby([rows["sender"], (true - pd.Timestamp("1970-01-01")).dt.days // 7]).agg(["sum", "size"])
    beside = (weeks["sum"] * (weeks["sum"] - 1)).sum() / (weeks["sum"] * (weeks["size"] - 1)).sum()
    assert 0.004 < off.mean() < 0.02
    assert beside > 3 * off.mean()


def test_errors_cluster_by_institution_and_clerk(live: Callable[..., Any]) -> None:
    """The chance of a mistake varies more between senders and clerks than among rows drawn alike."""
    scene, batches, _ = live(list(range(4)), end="2024-12-31", dirt__spread=1.0, dirt__clerk_spread=1.0)
    visits = next(b for b in batches if b.feed == "outpatient_visit")
    wrong = visits.defects & Defect.ID_MISSING.bit > 0
    expected = scene.institutions.dirt[visits.sender] * wrong.mean()
    by_sender = np.bincount(visits.sender, wrong) / np.maximum(np.bincount(visits.sender), 1)
    large = np.bincount(visits.sender) > 500
    assert np.corrcoef(by_sender[large], scene.institutions.dirt[: len(large)][large])[0, 1] > 0.8
    assert by_sender[large].std() > 2 * np.sqrt(wrong.mean() / np.bincount(visits.sender)[large].mean())
    assert expected.std() > 0
    assert scene.institutions.clerk.std(axis=1).mean() > 0.5
