"""Lung cancer incidence."""

from jobs.gold.declare import Count, Measure

LUNG_CANCER_INCIDENCE = Measure(
    name="lung_cancer_incidence",
    title="Lung cancer, incidence of a first recorded diagnosis",
    title_zh="肺癌发病率(首次诊断)",
    meaning="Residents with their first record ever of cancer of trachea, bronchus or lung (ICD-10 C33, C34).",
    owner="cancer-registry",
    numerator=Count("first_event", of="diagnosis", where="icd10 in ('C33', 'C34')", prior_days=365),
    denominator=Count("person_day_at_risk", of="diagnosis", where="icd10 in ('C33', 'C34')", prior_days=365),
    per=100_000,
    label="diagnosed",
    caveat="From hospital records, not from the cancer register; diagnoses made elsewhere are missing.",
)
