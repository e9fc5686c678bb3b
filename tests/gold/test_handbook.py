"""The handbook says what is computed."""

from jobs.gold.handbook import counted, handbook, page
from jobs.gold.measures import MEASURES
from jobs.gold.measures.diagnosed_hypertension import DIAGNOSED_HYPERTENSION
from jobs.gold.measures.lung_cancer_incidence import LUNG_CANCER_INCIDENCE
from jobs.gold.measures.outpatient_visits import OUTPATIENT_VISITS


def test_every_measure_has_a_page_with_its_version_and_conditions():
    text = handbook()
    for measure in MEASURES:
        assert f"`{measure.name}`, version `{measure.version}`" in text
        assert measure.numerator.where in text


def test_a_page_says_from_when_on_somebody_is_at_risk():
    assert "after 365 days of observation" in page(LUNG_CANCER_INCIDENCE)
    assert counted(LUNG_CANCER_INCIDENCE.denominator).endswith("or by two days within 365 days")


def test_a_page_names_the_limits_that_are_computed():
    assert "Wilson" in page(DIAGNOSED_HYPERTENSION) and "day 1 of month 7" in page(DIAGNOSED_HYPERTENSION)
    assert "per person-year\n" in page(OUTPATIENT_VISITS) and "squared counts" in page(OUTPATIENT_VISITS)
