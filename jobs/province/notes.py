"""What the notes of stays say: admission, first and later notes of the course, discharge, death.

What a diagnosis brings with it stands in symptoms.csv; the rest is the patient's own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.province.childbirth import days_to_birth
from jobs.province.delivery_notes import delivers, delivery
from jobs.province.draws import Ints
from jobs.province.encounters import Encounters
from jobs.province.personal_details import drug_allergy
from jobs.province.recording import Scene, joined, numbers, texts, time_text
from jobs.province.stay_course import AGAINST_ORDERS, OTHER_WAY, TO_PRIMARY_CARE
from jobs.province.stays import DIED, TRANSFERRED
from jobs.province.vital_signs import VitalSigns, vital_signs
from jobs.province.wording import PULSE, about_patient, filled, operated, treated_before

Texts = dict[str, pa.Array]
OPERATED_BY = 3  # days from admission to an operation, at most
WORSE = 3  # days before death from which notes say that the patient gets worse (assumed)
OPENINGS = ("今日查房，", "上级医师查房，", "主治医师查房，", "")
PLANS = ("注意观察病情变化。", "复查相关化验。", "必要时调整用药。", "向患者及家属交待病情。")
LEAVING = {
    AGAINST_ORDERS: "患者及家属要求自动出院，已告知病情及风险，签字后离院。",
    TRANSFERRED: "因病情需要，经联系转上级医院继续治疗。",
    TO_PRIMARY_CARE: "病情稳定，转社区卫生服务机构继续康复治疗。",
    OTHER_WAY: "离院，嘱门诊随访。",
}
UNDATED = ("Z00", "Z34", "Z38", "Z")  # rows of symptoms.csv that say what a visit is for, and not since when
ON_ORDER = "准予出院，门诊随访。"


class Notes:
    """The words for some stays, each on a day and under a key of its own."""

    def __init__(self, scene: Scene, care: Encounters, day: Ints, key: Ints) -> None:
        self.scene, self.care, self.day, self.key = scene, care, day, key
        catalogue = scene.facts.catalogue
        self.symptoms = catalogue.symptoms
        treated = treated_before(scene.facts, scene.lives, care)
        self.of = np.where(treated, catalogue.symptom_later[care.diagnosis], catalogue.symptom_of[care.diagnosis])

    def word(self, column: str) -> pa.Array:
        """What symptoms.csv has in a column, for each patient."""
        return about_patient(self.scene, self.care, texts(tuple(self.symptoms[column]), self.of))

    def examined(self, signs: VitalSigns) -> pa.Array:
        """Vital signs and findings at admission."""
        return joined(signs.told, filled(self.word("examination"), PULSE, signs.pulse), "。")

    def signs(self, since: Ints) -> VitalSigns:
        """Vital signs, some days after admission."""
        return vital_signs(self.scene, self.care.person, self.day, self.key, self.care.diagnosis, since)

    def diagnosis(self) -> pa.Array:
        return texts(tuple(n.replace(",", "，") for n in self.scene.facts.codes.name), self.care.diagnosis)

    def lasted(self) -> pa.Array:
        """For how long the patient had been ill, the same in every note of the stay."""
        least, most = (self.symptoms[c].to_numpy(np.int64)[self.of] for c in ("least", "most"))
        long = least + self.scene.draws.whole(most - least + 1, "complaint days", self.care.source)
        return joined(numbers(long), texts(tuple(self.symptoms["unit"]), self.of))

    def pick(self, pool: tuple[str, ...], purpose: str) -> pa.Array:
        """One of some phrases."""
        return texts(pool, self.scene.draws.whole(len(pool), purpose, self.key))


def admission(notes: Notes) -> Texts:
    lasted = notes.lasted()
    return {
        "chief_complaint": joined(notes.word("complaint"), lasted),
        "present_illness": joined("患者", lasted, "前", notes.word("history"), "。为进一步诊治收入院。"),
        "past_history": _past(notes.scene, notes.care),
        "physical_examination": notes.examined(notes.signs(np.zeros_like(notes.day))),
        "impression": notes.diagnosis(),
    }


def visit(notes: Notes) -> Texts:
    """What a patient complains of at a clinic, and how it began."""
    undated = pa.array(notes.symptoms["icd10_prefix"].isin(UNDATED).to_numpy()[notes.of])
    lasted = notes.lasted()
    since = pc.if_else(undated, "", joined(lasted, "前"))
    return {
        "chief_complaint": joined(notes.word("complaint"), pc.if_else(undated, "", lasted)),
        "present_illness": joined("患者", since, notes.word("history"), "。"),
    }


def first(notes: Notes) -> Texts:
    """What speaks for the diagnosis, and the plan."""
    diagnosis = notes.diagnosis()
    told = joined(
        "病例特点：", notes.word("complaint"), notes.lasted(), "。查体：",
        notes.examined(notes.signs(np.zeros_like(notes.day))), "初步诊断：", diagnosis, "。诊疗计划：完善相关检查，",
        notes.word("treatment"), "。",
    )  # fmt: skip
    return {"narrative": told, "impression": diagnosis}


def progress(notes: Notes) -> Texts:
    """How the patient is some days after admission; those who will die in the stay get worse."""
    care, since = notes.care, notes.day - notes.care.day
    dying = (care.way == DIED) & (care.until - notes.day <= WORSE)
    bears = delivers(notes.scene.facts, care)
    cut = operated(notes.scene.facts, care)
    healing, waiting = cut & (since > OPERATED_BY), cut & (since <= OPERATED_BY) & ~bears
    before = bears & (since <= days_to_birth(notes.scene.draws, care.source))
    state = pc.if_else(pa.array(waiting), "病情平稳", notes.word("better"))
    state = pc.if_else(pa.array(before), "待产，胎动、胎心正常", state)
    state = pc.if_else(pa.array(dying), "病情较前加重，已告病危", state)
    treatment = pc.if_else(pa.array(waiting), "目前治疗", notes.word("treatment"))
    treatment = pc.if_else(pa.array(healing), "换药、营养支持等术后治疗", treatment)
    treatment = pc.if_else(pa.array(bears), "产后护理、母乳喂养指导", treatment)
    treatment = pc.if_else(pa.array(before), "胎心监护", treatment)
    wound = pc.if_else(pa.array(healing), "手术切口敷料干燥，无渗血渗液。", "")
    told = joined(
        "入院第", numbers(since + 1), "天，", notes.pick(OPENINGS, "round"), state, "。",
        notes.signs(np.where(dying, 0, since)).told, wound, "继续予", treatment, "，", notes.pick(PLANS, "plan"),
    )  # fmt: skip
    return {"narrative": told, "impression": notes.diagnosis()}


def discharge(notes: Notes) -> Texts:
    care = notes.care
    ways = tuple(LEAVING)
    left = np.array([*(care.way == w for w in ways), np.ones(len(care), bool)]).argmax(axis=0)
    end = texts((*LEAVING.values(), ON_ORDER), left)
    state = pc.if_else(pa.array(care.way == AGAINST_ORDERS), "病情未愈，", joined(notes.word("better"), "，"))
    return {"narrative": joined(_course(notes), state, end), "impression": notes.diagnosis()}


def death(notes: Notes) -> Texts:
    care = notes.care
    end = joined("病情恶化，经积极抢救无效，于", time_text(care.until, care.left), "死亡。")
    return {"narrative": joined(_course(notes), end), "impression": notes.diagnosis()}


def _course(notes: Notes) -> pa.Array:
    """Why the patient came, what was done and for how long."""
    care = notes.care
    born = delivery(notes.scene, care)
    cut = pc.and_(pa.array(operated(notes.scene.facts, care)), pc.equal(born, ""))
    surgery = pc.if_else(cut, "行手术治疗，", "")
    return joined(
        "患者因", notes.word("complaint"), notes.lasted(), "入院，完善相关检查，予", notes.word("treatment"), "，",
        surgery, born, "住院", numbers(np.maximum(care.until - care.day, 1)), "天，",
    )  # fmt: skip


def _past(scene: Scene, care: Encounters) -> pa.Array:
    """The chronic conditions known when the patient came, and allergies."""
    labels = scene.facts.conditions.table["label_zh"].tolist()
    known = scene.lives.health.diagnosis[care.person] < care.day[:, None]
    sets, of = np.unique(known, axis=0, return_inverse=True)
    lists = ("、".join(labels[c] for c in np.flatnonzero(s)) for s in sets)
    pool = tuple(f"既往有{told}病史" if told else "既往体健" for told in lists)
    allergic, to = drug_allergy(scene, care.person)
    allergy = pc.if_else(pa.array(allergic), joined("，对", to, "过敏。"), "，否认药物过敏史。")
    return joined(texts(pool, of.reshape(-1)), allergy)


WRITE: dict[str, Callable[[Notes], Texts]] = {
    "C0034": admission,
    "C0037": first,
    "C0038": progress,
    "C0049": discharge,
    "C0050": death,
}
