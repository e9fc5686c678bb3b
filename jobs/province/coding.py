"""The recording model: what stands in a diagnosis field, given what was the matter, by setting.

Most diagnoses are coded under their own category; the others are left out, named by a symptom, unspecified, coded
beside it, by a local code, by one that no measure counts, or by traditional medicine. And some rows have the code of a
condition that the person does not have: mostly looked into only, and then the name says so as a rule.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from jobs.province.codebook import AGE_GROUPS, age_group
from jobs.province.conditions import AGES
from jobs.province.defects import Defect
from jobs.province.dirt import Coding
from jobs.province.draws import Choice, Floats, Ints
from jobs.province.facts import ProvinceFacts, population_by_age
from jobs.province.people import YEAR
from jobs.province.recorded_codes import EDITIONS, SAID
from jobs.province.recording import Rows, Scene, full_width, texts
from jobs.province.settings import SimulateSettings

OUTPATIENT, INPATIENT, CERTIFICATE = range(3)
OBSERVED = 0.3  # of those only looked into: coded as observation (Z03) and not as the disease (assumed)
CARED_YEARS = 2.0  # most years that a condition known by its new cases is cared for, on average (assumed)
MISSES = (
    Defect.CODE_MISSING,
    Defect.CODE_SYMPTOM,
    Defect.CODE_UNSPECIFIED,
    Defect.CODE_NEIGHBOURING,
    Defect.CODE_LOCAL,
    Defect.CODE_OUTSIDE,
    Defect.CODE_TRADITIONAL,
)
KINDS = (*MISSES, Defect.CODE_RULE_OUT, Defect.CODE_WRONG)
FAR = 10.0  # between the settings' thresholds


def diagnosis_columns(scene: Scene, diagnosis: Ints, sender: Ints) -> list[pa.Array]:
    """Code (in the sender's edition) and name of diagnoses, without a mistake; -1 is empty."""
    recorded = scene.facts.codes.recorded
    return [recorded.code(diagnosis, scene.institutions.edition[sender]), recorded.name(diagnosis)]


def edition(scene: Scene, sender: Ints) -> pa.Array:
    """The edition that a sender says it codes by."""
    return texts(EDITIONS, scene.institutions.edition[sender])


def coded(
    scene: Scene, feed: str, rows: Rows, diagnosis: Ints, person: Ints, day: Ints, setting: Ints | int
) -> list[pa.Array]:
    """Code and name of the main diagnosis as recorded. ``diagnosis``, ``person``, ``day``, ``setting``: by row."""
    draws, recorded = scene.draws, scene.facts.codes.recorded
    setting = np.broadcast_to(setting, diagnosis.shape)
    limits = np.array([_limits(scene.facts, scene.settings, s) for s in range(3)]) + FAR * np.arange(3)[:, None]
    u = np.minimum(draws.uniform(f"{feed} coded", rows.key) / rows.careless, FAR / 2)
    kind = np.searchsorted(limits.ravel(), u + FAR * setting, side="right") - len(KINDS) * setting
    which = draws.uniform(f"{feed} coded as", rows.key)
    symptom = recorded.symptom(diagnosis, which)
    code, said = diagnosis.copy(), np.full(len(diagnosis), -1)
    for n, instead in enumerate(
        (None, symptom, recorded.unspecified, recorded.neighbouring, recorded.local, recorded.outside,
         recorded.traditional)
    ):  # fmt: skip
        at = np.flatnonzero(kind == n)
        code[at] = -1 if instead is None else instead[at] if instead is symptom else instead[diagnosis[at]]
        rows.mark(MISSES[n], at[~rows.wrong[at] & (code[at] != diagnosis[at])])  # some have no neighbour
    false = np.flatnonzero((kind >= len(MISSES)) & (kind < len(KINDS)))
    other, has = _false(scene, feed, rows.key[false], diagnosis[false], person[false], day[false], setting[false])
    code[false] = np.where(has, code[false], other)
    false = false[~has & ~rows.wrong[false]]
    rule_out = kind[false] == KINDS.index(Defect.CODE_RULE_OUT)
    said[false] = np.where(rule_out, (which[false] * len(SAID)).astype(np.int64), -1)
    rows.mark(Defect.CODE_RULE_OUT, false[rule_out])
    rows.mark(Defect.CODE_WRONG, false[~rule_out])
    # what is corrected later: a symptom's code, or none yet
    code = np.where(rows.wrong, np.where(code == symptom, -1, symptom), code)
    name = recorded.name(code, said)
    observed = false[rule_out & draws.happens(OBSERVED, f"{feed} observed", rows.key[false])]
    code[observed] = recorded.observation[code[observed]]
    text = recorded.code(code, _edition_used(scene, feed, rows, code < recorded.icd10))
    return [full_width(scene, feed, rows, text, scene.settings.dirt.code_full_width, Defect.CODE_FULL_WIDTH), name]


def _edition_used(scene: Scene, feed: str, rows: Rows, has_edition: np.ndarray) -> Ints:
    """The edition of each row's code: some have another than the row says."""
    own = scene.institutions.edition[rows.sender]
    share = scene.settings.dirt.code_other_edition * rows.many
    mixed = np.flatnonzero(scene.draws.happens(share, f"{feed} edition", rows.key) & has_edition)
    used = own.copy()
    used[mixed] = (own[mixed] + 1 + scene.draws.whole(2, f"{feed} which edition", rows.key[mixed])) % len(EDITIONS)
    rows.mark(Defect.CODE_OTHER_EDITION, mixed)
    return used


def _limits(facts: ProvinceFacts, settings: SimulateSettings, setting: int) -> Floats:
    """The upper limits of a uniform number for each of KINDS."""
    coding: Coding = (settings.recording.outpatient, settings.recording.inpatient, settings.recording.death)[setting]
    weights = np.array(coding.misses)
    misses = (1 - coding.sensitivity) * weights / max(weights.sum(), 1e-9)
    false = coding.sensitivity * (1 - coding.predictive_value) / coding.predictive_value
    if setting != CERTIFICATE:
        all_ = (settings.rate.visits, settings.rate.admissions)[setting]
        false *= min(suspected(facts, setting).sum() / max(all_, 1e-9), 1.0)
    return np.cumsum([*misses, false * coding.rule_out_said, false * (1 - coding.rule_out_said)])


def seen(facts: ProvinceFacts, setting: int) -> Floats:
    """Visits or stays a resident and year for each condition, as far as the facts tell."""
    people, conditions = population_by_age(facts.places), facts.conditions
    years = np.minimum(conditions.numbers("lasts_years"), CARED_YEARS)
    have = conditions.prevalence + conditions.incidence * years[:, None, None]
    known = (have * people).sum(axis=(1, 2)) / people.sum() * conditions.numbers("diagnosed_share")
    return known * conditions.numbers("visits_per_year" if setting == OUTPATIENT else "admissions_per_year")


def suspected(facts: ProvinceFacts, setting: int) -> Floats:
    """Visits or stays a resident and year that each condition would be suspected at, if it were at any sex and age.
    What people do not have is suspected as often as it is seen, where it is possible, so that codes of each condition
    have about the same predictive value."""
    care = population_by_age(facts.places) * (facts.rates.visits if setting == OUTPATIENT else facts.rates.admissions)
    choice, of_condition = facts.codes.condition_code["O"]
    every = np.arange(len(facts.conditions.name))
    usual = of_condition[choice.pick(np.full(len(every), 0.5), every)]
    may = facts.codes.recorded.possible(usual[:, None, None], np.arange(2)[:, None], AGES)
    return seen(facts, setting) * care.sum() / (may * care).sum(axis=(1, 2))


def _false(
    scene: Scene, feed: str, key: Ints, diagnosis: Ints, person: Ints, day: Ints, setting: Ints
) -> tuple[Ints, np.ndarray]:
    """The diagnosis that each row has without reason; and where there is reason after all, or nobody would think of it
    at that sex and age, which is no mistake."""
    draws, facts, people = scene.draws, scene.facts, scene.lives.people
    choice, of_condition = facts.codes.condition_code["O"]
    weights = np.array([suspected(facts, s) for s in (OUTPATIENT, INPATIENT)])
    u = draws.uniform(f"{feed} suspected of", key)
    condition = Choice.of(weights).pick(u, np.minimum(setting, INPATIENT))
    other = of_condition[choice.pick(draws.uniform(f"{feed} suspected", key), condition)]
    age = (day - people.birth[person]) / YEAR
    has = scene.lives.health.onset[person, condition] <= day
    has |= ~facts.codes.recorded.possible(other, people.sex[person], age)
    causes = facts.codes.causes
    by_age = Choice.of(causes[list(AGE_GROUPS)].to_numpy(np.float64).T)
    cause = causes["diagnosis"].to_numpy(np.int64)[by_age.pick(u, age_group(age))]
    dead = setting == CERTIFICATE
    category = np.array([c[:3] for c in facts.codes.icd10])
    return np.where(dead, cause, other), np.where(dead, category[cause] == category[diagnosis], has)
