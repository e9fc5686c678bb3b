"""What stays the same about a person at every visit, or changes with age only: people, marriage, work, blood, address.

Each function takes positions of people (and days, by row) and returns codes as text. Drawn by person or household.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province import id_numbers
from jobs.province.care_feeds import insurance
from jobs.province.datafiles import csv
from jobs.province.draws import Choice, Ints
from jobs.province.life import AWAY
from jobs.province.people import NEVER, NOBODY, YEAR, People
from jobs.province.recording import Scene, joined, numbers, texts

HOME, UNKNOWN_COUNTRY = "CHN", "XXX"  # ISO 3166-1 (GB/T 2659)
UYGUR, TIBETAN = "05", "04"  # GB/T 3304
TIBETAN_NAMES = "^(扎西|卓玛|格桑)"
SINGLE, MARRIED, WIDOWED, DIVORCED = range(4)
MARITAL = ("10", "20", "30", "40")  # GB/T 2261.2
MARRIES, LEAST = (27.0, 4.5), (22, 20)  # age at marriage of those whose spouse is unknown, and by law (assumed)
WEDDING = 100  # days before the birth of the first child, at the latest (assumed)
NEVER_MARRIES, PARTS = 0.04, 0.05  # shares (assumed)
WIDOWED_AT = ((86.0, 10.0), (80.0, 11.0))  # age of men and of women, mean and spread (assumed)
CHILD, STUDENT, SOLDIER, RETIRED = "90", "31", "37", "80"
SCHOOL, WORK, STUDIES = 6, 18, 0.55  # first ages of pupils and workers; who studies until 22 (assumed)
RETIRES = (60, 52)  # age of men and of women with employees' insurance
ALLELES = (0.22, 0.23, 0.55)  # A, B, O: A 29%, B 31%, AB 10% (assumed)
ABO = {(0, 0): 0, (0, 2): 0, (1, 1): 1, (1, 2): 1, (2, 2): 2, (0, 1): 3}  # CV04.50.005 less 1
RH_NEGATIVE = 0.004  # assumed
BLOOD_KNOWN, NOT_KNOWN = 0.3, ("5", "3")  # share in registers (assumed); CV04.50.005, CV04.50.020
ALLERGIC = 0.06  # of people, to a drug (assumed)
ALLERGENS = ("青霉素", "头孢菌素类", "磺胺类", "链霉素", "喹诺酮类", "阿司匹林", "破伤风抗毒素", "碘造影剂")
GENERATIONS = 4  # that a block's people may span


@cache
def _list(name: str) -> pd.DataFrame:
    return csv(f"{name}.csv")


def foreign(scene: Scene) -> np.ndarray:
    """Who is no citizen, by person."""
    return id_numbers.kinds(scene.draws, scene.settings.dirt, scene.lives.people) >= id_numbers.FOREIGN_CARD


def nationality(scene: Scene, person: Ints) -> pa.Array:
    """Ethnic group (民族, GB/T 3304), the mother's where she is known; that of their name for those whose name has a
    dot; empty for foreigners."""
    table, identity, people = _list("nationalities"), scene.identity, scene.lives.people
    root = _founder(people)[person]
    weight = Choice.of(table["weight"])
    code = texts(tuple(table["code"]), weight.pick(scene.draws.uniform("nationality", people.no[root])))
    tibetan = pc.match_substring_regex(identity.name.take(pa.array(person)), TIBETAN_NAMES)
    named = pc.if_else(tibetan, TIBETAN, UYGUR)
    code = pc.if_else(pa.array(identity.dotted[person]), named, code)
    return pc.if_else(pa.array(foreign(scene)[person]), "", code)


def _founder(people: People) -> Ints:
    """Each person's mother's mother as far as known."""
    root = np.arange(len(people))
    for _ in range(GENERATIONS):
        root = np.where(people.mother[root] != NOBODY, people.mother[root], root)
    return root


def country(scene: Scene, person: Ints) -> pa.Array:
    """Citizenship (国籍); a foreigner's by the family name."""
    table = _list("countries")
    family = pc.list_element(pc.split_pattern(scene.identity.name.take(pa.array(person)), " "), 0)
    at = pc.index_in(family, pa.array(table["family"]))
    known = texts((*table["country"], UNKNOWN_COUNTRY), np.asarray(pc.fill_null(at, len(table))))
    return pc.if_else(pa.array(foreign(scene)[person]), known, HOME)


def id_kind(id_number: pa.Array) -> pa.Array:
    """Kind of document (CV02.01.101) of the numbers as recorded; empty where there is none."""
    kind = pc.if_else(pc.match_substring_regex(id_number, r"^(9|ZZZ|8[123])"), "99", "01")  # foreigners' cards, permits
    kind = pc.if_else(pc.match_substring_regex(id_number, r"^ZZ[^Z]"), "03", kind)
    kind = pc.if_else(pc.match_substring(id_number, "军"), "04", kind)
    return pc.if_else(pc.equal(id_number, ""), "", kind)


def _parents(people: People) -> tuple[Ints, Ints]:
    """By person: the day of birth of the first child whose parents are both known (NEVER), and the other parent."""
    born, other = np.full(len(people), NEVER), np.full(len(people), NOBODY)
    child = np.flatnonzero((people.mother != NOBODY) & (people.father != NOBODY))
    child = child[np.argsort(-people.birth[child], kind="stable")]  # the first one is noted last
    for one, two in ((people.mother, people.father), (people.father, people.mother)):
        born[one[child]], other[one[child]] = people.birth[child], two[child]
    return born, other


def marital_status(scene: Scene, person: Ints, day: Ints) -> pa.Array:
    """GB/T 2261.2: married while the spouse lives, then widowed. Parents marry before their first child is born; whose
    spouse is not among the simulated people marries, parts or is widowed at ages of their own."""
    people, death, draws = scene.lives.people, scene.lives.death, scene.draws
    age, no, sex = (day - people.birth[person]) / YEAR, people.no[person], people.sex[person]
    born, other = (of[person] for of in _parents(people))
    spouse = np.where(people.spouse[person] != NOBODY, people.spouse[person], other)
    least = np.array(LEAST)[sex]
    married_at = np.maximum(MARRIES[0] + MARRIES[1] * draws.normal("age at marriage", no), least)
    never = draws.happens(NEVER_MARRIES, "never marries", no)
    after = 3 + 25 * draws.uniform("divorced after", no)
    parted = draws.happens(PARTS, "divorced", no) & (age > married_at + after)
    mean, spread = np.array(WIDOWED_AT)[sex].T
    bereft = age > np.maximum(mean + spread * draws.normal("widowed at", no), married_at + 8)
    alone = np.select([never | (age < married_at), parted, bereft], [SINGLE, DIVORCED, WIDOWED], MARRIED)
    known = (people.spouse[person] != NOBODY) | (day >= born - WEDDING)
    lost = death[spouse] <= day
    paired = np.where(age < least, SINGLE, np.where(lost, WIDOWED, MARRIED))
    return texts(MARITAL, np.where(known, paired, alone))


def occupation(scene: Scene, person: Ints, day: Ints) -> pa.Array:
    """Occupation (GB/T 2261.4): by age, and among adults by whose insurance they have."""
    people, draws, table = scene.lives.people, scene.draws, _list("occupations")
    age, no, sex = (day - people.birth[person]) / YEAR, people.no[person], people.sex[person]
    employee = insurance(scene, person, day) == 0
    of = Choice.of(np.array([table["weight"] * (table["employee"] == e) for e in (0, 1)]))
    code = texts(tuple(table["code"]), of.pick(draws.uniform("occupation", no), employee.astype(np.int64)))
    childless = day < _parents(people)[0][person]
    studies = (age < 22) & childless & draws.happens(STUDIES, "student", no)
    studies = (age >= SCHOOL) & ((age < WORK) | studies)
    retired = employee & (age >= np.array(RETIRES)[sex])
    serving = scene.identity.soldier[person] & (age >= WORK) & (age < 60)
    for mask, said in ((studies, STUDENT), (age < SCHOOL, CHILD), (retired, RETIRED), (serving, SOLDIER)):
        code = pc.if_else(pa.array(mask), said, code)
    return code


def blood_group(scene: Scene, person: Ints) -> tuple[pa.Array, pa.Array]:
    """ABO and Rh (CV04.50.005, CV04.50.020). A child has an allele of each parent."""
    draws, people = scene.draws, scene.lives.people
    own = [Choice.of(ALLELES).pick(draws.uniform("blood allele", people.no, n)) for n in (0, 1)]
    alleles = own
    for _ in range(GENERATIONS):
        alleles = [
            np.where(parent != NOBODY, np.where(draws.happens(0.5, "inherits", people.no, n), *(
                a[parent] for a in alleles)), own[n])
            for n, parent in enumerate((people.mother, people.father))
        ]  # fmt: skip
    first, second = np.minimum(*alleles), np.maximum(*alleles)
    table = np.zeros((3, 3), np.int64)
    for pair, group in ABO.items():
        table[pair] = group
    negative = draws.happens(RH_NEGATIVE, "rh", people.no[person])
    return texts(("1", "2", "3", "4"), table[first, second][person]), texts(("2", "1"), negative.astype(np.int64))


def registered_blood_group(scene: Scene, person: Ints) -> list[pa.Array]:
    """What registers know of it: of most people, nothing."""
    known = pa.array(scene.draws.happens(BLOOD_KNOWN, "blood group registered", scene.lives.people.no[person]))
    return [pc.if_else(known, *g) for g in zip(blood_group(scene, person), NOT_KNOWN, strict=True)]


def drug_allergy(scene: Scene, person: Ints) -> tuple[np.ndarray, pa.Array]:
    """Whether a person is allergic to a drug, and to which; empty otherwise."""
    no = scene.lives.people.no[person]
    has = scene.draws.happens(ALLERGIC, "drug allergy", no)
    which = scene.draws.whole(len(ALLERGENS), "allergic to", no)
    return has, texts(ALLERGENS, np.where(has, which, -1))


def address(scene: Scene, person: Ints, day: Ints) -> pa.Array:
    """Where the household lives on a day, in one text; empty outside the province."""
    return joined(*address_parts(scene, person, day))


def address_parts(scene: Scene, person: Ints, day: Ints) -> list[pa.Array]:
    """Province, city, county, township or subdistrict, village or road, and door: the parts of DE02.01.009. Other ones
    after each move of the household, to another county or in its own. Empty outside the province."""
    places, draws, home = scene.facts.places, scene.draws, _home(scene, person, day)
    county = scene.lives.county(person, day)
    parts = {str(part): tuple(found) for part, found in _list("address_parts").groupby("part")["text"]}

    def one(part: str) -> pa.Array:
        return texts(parts[part], draws.whole(len(parts[part]), f"address {part}", *home))

    def number(what: str, below: int) -> pa.Array:
        return numbers(1 + draws.whole(below, f"address {what}", *home))

    family = texts(scene.facts.names.surname[:60], draws.whole(60, "address village of", *home))
    door = joined(number("road", 300), "号", one("estate"), number("block", 40), "号楼", number("door", 30), "室")
    urban = [one("subdistrict"), one("road"), door]
    rural = [one("town"), joined(family, one("village")), joined(number("house", 400), "号")]
    in_city, away = pa.array(places.urban[np.maximum(county, 0)]), pa.array(county == AWAY)
    below = [pc.if_else(away, "", pc.if_else(in_city, *either)) for either in zip(urban, rural, strict=True)]
    return [*(texts(names, county) for names in places.names), *below]


def _home(scene: Scene, person: Ints, day: Ints) -> tuple[Ints, Ints]:
    """The home of a person on a day: the household, by the number of its first member, and its moves until then."""
    people, lives = scene.lives.people, scene.lives
    assert lives.homes is not None
    first = np.full(int(people.household.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, people.household, people.no)
    household = lives.household(person, day)
    return first[household], lives.homes.moves(household, day)
