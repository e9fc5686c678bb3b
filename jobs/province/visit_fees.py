"""What a visit costs: registration, consultation, drugs prescribed, tests and studies done, and treatment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jobs.province.care_feeds import registration_fee
from jobs.province.draws import Floats
from jobs.province.encounters import Encounters
from jobs.province.feeds import VisitFees
from jobs.province.imaging import Studies
from jobs.province.laboratory import Results
from jobs.province.prescriptions import Prescribed
from jobs.province.recording import Scene, money

TREATMENT_SD = 0.9  # of the logarithm of a treatment's fee (assumed)


def visit_fees(scene: Scene, care: Encounters, given: Prescribed, done: Studies, tested: Results) -> VisitFees:
    """The fees of these visits, of what was prescribed and done at them; a stay's are 0."""
    share, visit = scene.facts.catalogue.share, ~care.of_stay
    drugs = np.bincount(given.of, given.price, len(care)) * visit
    examinations = _examinations(scene, care, done, tested) * visit
    treated, draws = scene.facts.catalogue.treated, scene.draws
    city = np.where(np.isin(care.hospital, scene.institutions.hospital[:, 0]), share["fee.city_hospital"], 1.0)
    treatment = money(draws, "treatment fee", care.key, treated.fee[care.diagnosis], TREATMENT_SD)
    treatment *= draws.happens(treated.share[care.diagnosis], "treated", care.key) * share["fee.treatment"] * city
    registered = registration_fee(scene, care.department, care.source * 2)
    drugs, examinations = np.round(drugs, 2), np.round(examinations, 2)
    rest = np.round(share["fee.consultation"] * city + treatment, 2)
    return VisitFees(visit * (registered + drugs + examinations + rest), drugs, examinations)


def _examinations(scene: Scene, care: Encounters, done: Studies, tested: Results) -> Floats:
    """Fees of studies by their modality, and of laboratory results, by encounter."""
    share, items = scene.facts.catalogue.share, scene.facts.catalogue.imaging.items
    price = items["modality"].map(lambda m: share.get(f"fee.study_{m}", share["fee.study"])).to_numpy(np.float64)
    at = pd.Index(care.key)
    studied = at.get_indexer(done.of.key)
    counted = at.get_indexer(tested.of.source * 2 + tested.of.of_stay)
    found = counted >= 0
    return np.bincount(studied, price[done.item], len(care)) + share["fee.test"] * np.bincount(
        counted[found], minlength=len(care)
    )
