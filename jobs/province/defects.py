"""Every kind of planted defect: which field it is in, and the bit that marks it on a delivered row.

A row's defects travel with it as one number, so that the truth can say of each defective row what is wrong where.
"""

from __future__ import annotations

from enum import IntEnum, auto

import numpy as np
import pyarrow as pa

from jobs.province.draws import Ints


class Defect(IntEnum):
    """Kinds, named as in the truth's table ``defect``; the value is the number of the bit. Most are settings' names."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[int]) -> int:
        return count

    ID_MISSING = auto()
    ID_MISTYPED = auto()
    ID_15_DIGIT = auto()
    ID_BORROWED = auto()
    ID_OF_MOTHER = auto()
    ID_FULL_WIDTH = auto()
    ID_MILITARY = auto()
    ID_PERMIT = auto()
    ID_FOREIGN = auto()
    ID_NONE = auto()
    NAME_HOMOPHONE = auto()
    NAME_SPACED = auto()
    NAME_TEMPORARY = auto()
    NAME_DOT = auto()
    NAME_CUT_SHORT = auto()
    NAME_OUTSIDE_GBK = auto()
    NAME_PINYIN = auto()
    SEX_CODE_UNKNOWN = auto()
    BIRTH_DATE_IMPOSSIBLE = auto()
    BIRTH_DAY_MONTH = auto()
    BIRTH_DIGITS = auto()
    BIRTH_LUNAR = auto()
    COUNTY_OLD_CODE = auto()
    PHONE_PLACEHOLDER = auto()
    PHONE_FULL_WIDTH = auto()
    AGE_TEXT = auto()
    AGE_FULL_WIDTH = auto()
    EVENT_DATE_IMPOSSIBLE = auto()
    CLOCK_A_DAY_OFF = auto()
    ROW_LATE = auto()
    ROW_REPEATED = auto()
    ROW_CORRECTED = auto()
    ROW_OF_TWO_SYSTEMS = auto()
    FILE_REPEATED = auto()
    FILE_WITHDRAWN = auto()
    LAB_OTHER_UNIT = auto()
    LAB_LOCAL_NAME = auto()
    WEIGHT_IN_JIN = auto()
    PRESSURE_IN_KPA = auto()
    TEXT_LINE_END = auto()
    COMPLAINT_LINE_END = auto()
    ILLNESS_LINE_END = auto()
    NARRATIVE_LINE_END = auto()
    CODE_MISSING = auto()
    CODE_SYMPTOM = auto()
    CODE_UNSPECIFIED = auto()
    CODE_NEIGHBOURING = auto()
    CODE_LOCAL = auto()
    CODE_OUTSIDE = auto()
    CODE_TRADITIONAL = auto()
    CODE_RULE_OUT = auto()
    CODE_WRONG = auto()
    CODE_OTHER_EDITION = auto()
    CODE_FULL_WIDTH = auto()

    @property
    def bit(self) -> int:
        """The mark on a row."""
        return 1 << self.value


ROW = ""  # the whole row
_BY_NAME = {
    "ID": "id_number",
    "NAME": "name",
    "SEX": "sex_code",
    "BIRTH": "birth_date",
    "COUNTY": "residence_county",
    "PHONE": "phone",
    "AGE": "age",
    "ROW": ROW,
    "FILE": ROW,
    "WEIGHT": "weight_kg",
    "PRESSURE": "systolic",
    "TEXT": "impression",
    "COMPLAINT": "chief_complaint",
    "ILLNESS": "present_illness",
    "NARRATIVE": "narrative",
}
_EVENT = {
    "resident_register": "event_date",
    "registration": "registered_at",
    "outpatient_visit": "visit_time",
    "emr_document": "written_at",
    "prescription": "prescribed_at",
    "payment": "settled_at",
    "inpatient_home_page": "admitted_at",
    "laboratory": "sampled_at",
    "imaging_study": "studied_at",
    "health_checkup": "checked_on",
    "chronic_followup": "followed_on",
    "immunisation": "vaccinated_on",
    "infectious_card": "onset_date",
    "cancer_card": "diagnosed_on",
    "birth_certificate": "birth_time",
    "death_certificate": "death_date",
}
_DIAGNOSIS = {
    "outpatient_visit": "diagnosis_code",
    "prescription": "diagnosis_code",
    "inpatient_home_page": "main_diagnosis_code",
    "death_certificate": "underlying_cause_code",
}


def field_of(kind: Defect, feed: str) -> str:
    """The field of a feed that a defect is in; ``ROW`` where it is the whole row."""
    if kind in (Defect.EVENT_DATE_IMPOSSIBLE, Defect.CLOCK_A_DAY_OFF):
        return _EVENT[feed]
    if kind is Defect.LAB_OTHER_UNIT:
        return "result_unit"
    if kind is Defect.LAB_LOCAL_NAME:
        return "item_code"
    if kind is Defect.CODE_RULE_OUT:
        return _DIAGNOSIS[feed].replace("_code", "_name")
    first = kind.name.split("_")[0]
    if first == "CODE":
        return _DIAGNOSIS[feed]
    if (first, feed) in (("NAME", "birth_certificate"), ("COUNTY", "birth_certificate")):
        return "child_name" if first == "NAME" else "mother_residence_county"
    return _BY_NAME[first]


DEFECT = pa.schema(
    [
        ("file", pa.dictionary(pa.int32(), pa.string())),
        ("row", pa.int64()),
        ("field", pa.dictionary(pa.int32(), pa.string())),
        ("kind", pa.dictionary(pa.int32(), pa.string())),
    ]
)


def defect_table(feed: str, file: pa.Array, row: Ints, marks: Ints) -> pa.Table:
    """One row a defect: the file (dictionary), the row in it, the field, the kind."""
    bad = np.flatnonzero(marks)
    at, kind = np.nonzero(marks[bad, None] >> np.arange(len(Defect))[None, :] & 1)
    fields = pa.array([field_of(k, feed) if np.any(kind == k) else ROW for k in Defect])
    names = pa.array([k.name.lower() for k in Defect])
    which = pa.array(kind.astype(np.int32))
    return pa.table(
        [
            file.take(pa.array(bad[at])),
            pa.array(row[bad[at]]),
            pa.DictionaryArray.from_arrays(which, fields),
            pa.DictionaryArray.from_arrays(which, names),
        ],
        schema=DEFECT,
    )
