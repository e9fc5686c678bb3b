"""Lung cancer incidence."""

from functools import partial

from jobs.codes.lists import MAIN_OF_STAY, PRELIMINARY
from jobs.gold.declare import Confirmed, Count, Measure

CASE = partial(
    Count,
    of="diagnosis",
    where=f"icd10 in ('C33', 'C34') and status is distinct from {PRELIMINARY}",
    prior_days=365,
    confirmed=Confirmed(alone=f"status = {MAIN_OF_STAY}"),
)

LUNG_CANCER_INCIDENCE = Measure(
    name="lung_cancer_incidence",
    title="Lung cancer, incidence of a first recorded diagnosis",
    title_zh="肺癌发病率(首次诊断)",
    meaning="Residents who become a case of cancer of trachea, bronchus or lung (ICD-10 C33, C34): the main diagnosis "
    "of a hospital stay, or diagnosed on two days within a year, counted on the first. Suspicions do not count.",
    owner="cancer-registry",
    numerator=CASE("first_event"),
    denominator=CASE("person_day_at_risk"),
    per=100_000,
    label="diagnosed",
    caveat="From hospital records, not from the cancer register; diagnoses made elsewhere are missing, and "
    "those of the last weeks that no second record has confirmed yet.",
    caveat_zh="来自医院记录,而非肿瘤登记;缺少在别处的诊断,以及最近几周尚待第二次记录证实的诊断。",
)
