"""Diagnosed hypertension."""

from jobs.codes.lists import PRELIMINARY
from jobs.gold.declare import Count, Measure

DIAGNOSED_HYPERTENSION = Measure(
    name="diagnosed_hypertension",
    title="Diagnosed hypertension, point prevalence on 1 July",
    title_zh="已诊断高血压患病率(7月1日)",
    meaning="Residents on 1 July with a diagnosis of hypertension (ICD-10 I10 to I15) in any record up to that day; "
    "suspicions do not count.",
    owner="chronic-disease",
    numerator=Count(
        "ever", of="diagnosis", where=f"icd10 between 'I10' and 'I15' and status is distinct from {PRELIMINARY}"
    ),
    denominator=Count("resident"),
    per=100,
    label="diagnosed",
    caveat="Counts who was diagnosed and recorded; those who have it undiagnosed are found by surveys only.",
    caveat_zh="只计已诊断并有记录的患者,不含未诊断者。",
    interval="wilson",
)
