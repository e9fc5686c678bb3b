"""The measures, one module each: ``MEASURES`` have rates, ``COUNTED`` all that has atoms in ``gold.measure_state``."""

from jobs.gold.declare import Measure
from jobs.gold.measures.all_cause_mortality import ALL_CAUSE_MORTALITY
from jobs.gold.measures.diagnosed_hypertension import DIAGNOSED_HYPERTENSION
from jobs.gold.measures.lung_cancer_incidence import LUNG_CANCER_INCIDENCE
from jobs.gold.measures.outpatient_visits import OUTPATIENT_VISITS
from jobs.gold.measures.population import POPULATION

__all__ = ["COUNTED", "MEASURES", "POPULATION"]

MEASURES: tuple[Measure, ...] = (ALL_CAUSE_MORTALITY, OUTPATIENT_VISITS, DIAGNOSED_HYPERTENSION, LUNG_CANCER_INCIDENCE)
COUNTED: tuple[Measure, ...] = (*MEASURES, POPULATION)
