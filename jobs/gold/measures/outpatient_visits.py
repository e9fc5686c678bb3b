"""Outpatient visits."""

from jobs.gold.declare import Count, Measure

OUTPATIENT_VISITS = Measure(
    name="outpatient_visits",
    title="Outpatient visits per person-year",
    title_zh="人均年门诊就诊次数",
    meaning="Outpatient visits of residents; one person, institution, department and day are one visit.",
    owner="health-services",
    numerator=Count("event", of="visit", where="visit_concept_id = 9202"),
    denominator=Count("person_day"),
    per=1,
    label="recorded",
    caveat="Visits to institutions that do not deliver are not counted.",
    caveat_zh="未交付数据的机构的就诊未计入。",
    repeats=True,
)
