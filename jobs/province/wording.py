"""Texts with gaps, as symptoms.csv and the lists of studies have them, filled for each patient.

{侧} and {对侧} are the side that is ill and the other one, {癌} the patient's cancer, {胎} the children to be born,
{脉} the pulse, {切口} and {术前} what is said of a wound and of what comes before it, if there is one.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.encounters import Encounters
from jobs.province.facts import ProvinceFacts
from jobs.province.life import Lives
from jobs.province.recording import Scene, replaced, texts
from jobs.province.visits import OTHER

THERAPY = "Z51"  # a stay for the treatment of a cancer
FIRST_TREATED = 30  # days from the finding of a condition to the end of its first treatment, or so (assumed)
SIDE, OTHER_SIDE, CANCER, CHILDREN, PULSE = "{侧}", "{对侧}", "{癌}", "{胎}", "{脉}"
OPERATED = {"{切口}": ("病情平稳", "切口愈合好"), "{术前}": ("对症治疗", "完善术前准备")}


def filled(text: pa.Array, gap: str, by: pa.Array) -> pa.Array:
    """Each text with its own word in place of a gap."""
    return pc.binary_join(pc.split_pattern(text, gap), by)


def about_patient(scene: Scene, care: Encounters, text: pa.Array) -> pa.Array:
    """Texts with the side, the cancer and the wound of the patients of some encounters."""
    at = np.flatnonzero(pc.match_substring(text, "{"))  # few
    return replaced(text, at, _filled_for(scene, care.at(at), text.take(pa.array(at))))


def _filled_for(scene: Scene, care: Encounters, text: pa.Array) -> pa.Array:
    ill = np.where(care.condition == OTHER, -1 - care.diagnosis, care.condition)
    right = scene.draws.whole(2, "side", scene.lives.people.no[care.person], ill)  # the same for as long as one has it
    site = np.where(care.condition == OTHER, -1, scene.facts.conditions.site[care.condition])
    text = filled(text, SIDE, texts(("左", "右"), right))
    text = filled(text, OTHER_SIDE, texts(("右", "左"), right))
    for gap, words in OPERATED.items():
        text = filled(text, gap, texts(words, operated(scene.facts, care).astype(np.int64)))
    return filled(text, CANCER, texts(tuple(scene.facts.catalogue.cancers.table["name_zh"]), site))


def treated_before(facts: ProvinceFacts, lives: Lives, care: Encounters) -> np.ndarray:
    """Whether encounters are for a condition that has been treated by then."""
    known = lives.health.diagnosis[care.person, np.maximum(care.condition, 0)]
    return (care.condition != OTHER) & (_therapy(facts, care) | (care.day > known + FIRST_TREATED))


def operated(facts: ProvinceFacts, care: Encounters) -> np.ndarray:
    """Whether patients have a wound; what the treatment of a cancer is coded as leaves none."""
    return care.operated & ~_therapy(facts, care)


def _therapy(facts: ProvinceFacts, care: Encounters) -> np.ndarray:
    return facts.codes.begins(THERAPY)[care.diagnosis]
