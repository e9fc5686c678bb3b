"""Where planted defects end up: how many rows of each kind are accepted, flagged, quarantined, duplicate or refused.

``python -m tests.province.ends lake truth`` prints it for a province that was received: only here do lake and truth
meet.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from jobs.lakehouse.read import read_table
from jobs.province.defects import Defect

ACCEPTED, FLAGGED, QUARANTINED, DUPLICATE, REFUSED = "accepted", "flagged", "quarantined", "duplicate", "refused"
SEEN = {  # kinds that landing sees and lets pass with a word, and the word
    Defect.ID_MISTYPED: "id_number: ",  # its check character, or the date of birth in it
    Defect.ID_FULL_WIDTH: "id_number: form",
    Defect.ID_MILITARY: "id_number: form",
    Defect.SEX_CODE_UNKNOWN: "sex_code: code",
    Defect.BIRTH_DATE_IMPOSSIBLE: "birth_date: date",
    Defect.AGE_TEXT: "age: integer",
    Defect.AGE_FULL_WIDTH: "age: integer",
    Defect.PRESSURE_IN_KPA: "systolic: integer",
}
SOMETIMES_SEEN = {
    Defect.ID_FOREIGN: "id_number: form",  # older cards and passports
    Defect.ID_BORROWED: "id_number: form",  # a foreigner's
    Defect.BIRTH_DIGITS: "birth_date: date",  # where that makes no day
    Defect.BIRTH_LUNAR: "birth_date: date",  # a 30 February
    Defect.CODE_MISSING: "main_diagnosis_code: absent",  # of stays, which must have one
}
KEPT_OUT = {
    Defect.EVENT_DATE_IMPOSSIBLE: QUARANTINED,
    Defect.ROW_REPEATED: DUPLICATE,
    Defect.FILE_REPEATED: DUPLICATE,
}
SILENT = (  # kinds that no check of one row can see
    Defect.ID_MISSING,
    Defect.ID_15_DIGIT,
    Defect.ID_OF_MOTHER,
    Defect.ID_PERMIT,
    Defect.ID_NONE,
    Defect.NAME_HOMOPHONE,
    Defect.NAME_SPACED,
    Defect.NAME_TEMPORARY,
    Defect.NAME_DOT,
    Defect.NAME_CUT_SHORT,
    Defect.NAME_OUTSIDE_GBK,
    Defect.NAME_PINYIN,
    Defect.BIRTH_DAY_MONTH,
    Defect.COUNTY_OLD_CODE,
    Defect.PHONE_PLACEHOLDER,
    Defect.PHONE_FULL_WIDTH,
    Defect.CLOCK_A_DAY_OFF,
    Defect.ROW_LATE,
    Defect.ROW_CORRECTED,
    Defect.ROW_OF_TWO_SYSTEMS,
    Defect.FILE_WITHDRAWN,  # by itself; the file that takes it back makes its rows count nowhere
    Defect.LAB_OTHER_UNIT,
    Defect.LAB_LOCAL_NAME,
    Defect.WEIGHT_IN_JIN,
    Defect.TEXT_LINE_END,
    Defect.COMPLAINT_LINE_END,
    Defect.ILLNESS_LINE_END,
    Defect.NARRATIVE_LINE_END,
    Defect.CODE_SYMPTOM,
    Defect.CODE_UNSPECIFIED,
    Defect.CODE_NEIGHBOURING,
    Defect.CODE_LOCAL,
    Defect.CODE_OUTSIDE,
    Defect.CODE_TRADITIONAL,
    Defect.CODE_RULE_OUT,
    Defect.CODE_WRONG,
    Defect.CODE_OTHER_EDITION,
    Defect.CODE_FULL_WIDTH,
)
ENDS: dict[Defect, set[str]] = {
    **{kind: {FLAGGED} for kind in SEEN},
    **{kind: {ACCEPTED, FLAGGED} for kind in SOMETIMES_SEEN},
    **{kind: {where} for kind, where in KEPT_OUT.items()},
    **{kind: {ACCEPTED} for kind in SILENT},
}
STRICT_FEED = "resident_register"  # whose contract keeps out what others flag
WORSE = (  # kinds beside which another does not decide where a row ends
    *KEPT_OUT,
    Defect.SEX_CODE_UNKNOWN,
    Defect.BIRTH_DATE_IMPOSSIBLE,
    Defect.BIRTH_DIGITS,
    Defect.BIRTH_LUNAR,
)
MUCH = {  # settings with which a thousand residents have every kind
    f"dirt__{kind}": share
    for kind, share in {
        **dict.fromkeys(
            ("person_permit", "person_foreign", "person_soldier", "person_minority_name", "person_rare_character",
             "id_borrowed", "id_full_width", "name_spaced", "sex_code_unknown", "birth_date_impossible",
             "birth_day_month", "birth_digits", "phone_full_width", "event_date_impossible", "clock_a_day_off",
             "row_repeated", "row_of_two_systems", "weight_in_jin", "pressure_in_kpa",
             "code_other_edition", "code_full_width"),
            0.05,
        ),
        "person_without_id": 0.02,
        "text_line_end": 0.2,
        "person_lunar_birthday": 0.5,
        "county_old_code": 0.5,
        "age_text": 0.7,
        "age_full_width": 0.5,
    }.items()
}  # fmt: skip


def where_defects_end(root: str, truth: Path) -> pd.DataFrame:
    """Every planted defect (file, row, field, kind) of the files received, and the ``outcome`` of its row: flagged is
    what landing has a word about in that field."""
    told = pq.read_table(truth / "defect").to_pandas().astype({"file": str, "field": str, "kind": str})
    books = read_table(root, "ops.delivery", ["feed", "file", "status", "first_row_id"]).to_pandas()
    found = told.merge(books, on="file")
    found["row_id"] = found["first_row_id"] + found["row"]
    flags = [
        read_table(root, f"bronze.{feed}", ["_row_id", "_flags"]).to_pandas() for feed in sorted(set(found["feed"]))
    ]
    found = found.merge(pd.concat(flags), how="left", left_on="row_id", right_on="_row_id")
    kept_out = set(read_table(root, "bronze.quarantine", ["_row_id"])["_row_id"].to_pylist())
    words = found["_flags"].fillna("").tolist()
    doubted = np.array([bool(f) and f"; {f}:" in f"; {w}" for f, w in zip(found["field"], words, strict=True)])
    held = found["_row_id"].notna()
    whether = [found["status"] == REFUSED, held & doubted, held, found["row_id"].isin(kept_out)]
    found["outcome"] = np.select(whether, [REFUSED, FLAGGED, ACCEPTED, QUARANTINED], DUPLICATE)
    return found[["feed", "file", "row", "field", "kind", "outcome"]]


if __name__ == "__main__":
    found = where_defects_end(sys.argv[1], Path(sys.argv[2]))
    print(pd.crosstab(found["kind"], found["outcome"]).to_string())
