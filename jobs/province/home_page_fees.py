"""What a stay costs, item by item: the bill that the home page lists and the settlement adds up.

Beds and nursing cost by the day; the rest by the main diagnosis, the days and the operation (stay_kinds.csv), in parts
by kind of illness (fee_items.csv). All amounts are whole fen, so that the items make the total exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from jobs.province.datafiles import csv
from jobs.province.draws import Draws, Floats, Ints
from jobs.province.facts import ProvinceFacts
from jobs.province.recording import money
from jobs.province.stay_kinds import StayKinds, stay_kinds

STAY_FEE = 10315.8  # mean cost in yuan, China 2023 (calibration.csv)
LEVEL = 0.977  # of the amounts of stay_kinds.csv, so that the mean comes out
BED, NURSING = 62.0, 38.0  # yuan a day (assumed)
SPREAD, SPREAD_OPERATION, SPREAD_ITEM = 0.45, 0.2, 0.3  # log standard deviations (assumed)
OWN = (0.2, 0.3)  # an insured patient's least part of the total, and how much more at most (assumed)
PHYSICAL = {"brain": 0.3, "surgical": 0.15}  # of non-surgical treatment, by profile (assumed)
ANTIMICROBIAL = {"infection": 0.6, "surgical": 0.3, "birth": 0.2}  # most of western drugs (assumed)
A_LITTLE = 0.05  # most in other profiles
DRUGS = ("fee_western_drugs", "fee_patent_chinese_drugs", "fee_herbal_drugs")
EXAMINATIONS = ("fee_pathology", "fee_laboratory", "fee_imaging", "fee_clinical_diagnosis")
SURGICAL = ("fee_anaesthesia", "fee_operation")


@dataclass(frozen=True)
class Bill:
    """Amounts in fen, one entry a stay: ``items`` by field of fee_items.csv, which make the total."""

    items: dict[str, Ints]
    total: Ints
    own: Ints
    self_paid: np.ndarray
    antimicrobials: Ints  # of western drugs
    physical: Ints  # of non-surgical treatment

    def sum_of(self, fields: tuple[str, ...]) -> Ints:
        """These items together: ``DRUGS``, ``EXAMINATIONS``, ``SURGICAL``."""
        return np.sum([self.items[f] for f in fields], axis=0)


@cache
def _items() -> pd.DataFrame:
    return csv("fee_items.csv").set_index("field")


def bill(draws: Draws, facts: ProvinceFacts, key: Ints, diagnosis: Ints, days: Ints, operated: np.ndarray) -> Bill:
    """The bills of stays by key, true main diagnosis (position in Codes), days and whether there was an operation."""
    kinds, items = stay_kinds(facts.codes.icd10), _items()
    days = np.maximum(days, 1)
    spent = pd.DataFrame(_shared(draws, kinds, key, diagnosis, days, operated), columns=items.index)
    spent["fee_general_service"] = BED * days * (0.7 + 0.6 * draws.uniform("bed", key))
    spent["fee_nursing"] = NURSING * days * (0.6 + 0.8 * draws.uniform("nursing", key))
    fen = np.round(100 * spent.to_numpy()).astype(np.int64)
    by_item = dict(zip(items.index, fen.T, strict=True))
    total = fen.sum(axis=1)
    self_paid = draws.happens(facts.catalogue.share["insurance.self_paid_stay"], "stay self paid", key)
    part = np.where(self_paid, 1.0, OWN[0] + OWN[1] * draws.uniform("own share", key))
    profile = kinds.profile[diagnosis]

    def most(of: dict[str, float], otherwise: float, purpose: str) -> Floats:
        return np.array([of.get(p, otherwise) for p in kinds.profiles])[profile] * draws.uniform(purpose, key)

    return Bill(
        by_item,
        total,
        np.rint(total * part).astype(np.int64),
        self_paid,
        (by_item["fee_western_drugs"] * most(ANTIMICROBIAL, A_LITTLE, "antimicrobials")).astype(np.int64),
        (by_item["fee_nonsurgical_treatment"] * most(PHYSICAL, A_LITTLE, "physical therapy")).astype(np.int64),
    )


def _shared(draws: Draws, kinds: StayKinds, key: Ints, diagnosis: Ints, days: Ints, operated: np.ndarray) -> Floats:
    """Yuan by stay and item, beds and nursing left out."""
    items = _items()
    treated = LEVEL * (kinds.fixed[diagnosis] + kinds.per_day[diagnosis] * days)
    treated = money(draws, "stay fee", key, treated, SPREAD)
    surgery = operated * money(draws, "operation fee", key, LEVEL * kinds.operation[diagnosis], SPREAD_OPERATION)
    nth = np.arange(len(items))
    present = draws.happens(items["present"].to_numpy(), "fee item", key[:, None], nth)
    around = present * np.exp(SPREAD_ITEM * draws.normal("fee of item", key[:, None], nth))
    of_profile = items[list(kinds.profiles)].to_numpy(np.float64).T[kinds.profile[diagnosis]]
    with_report = examined(draws, kinds, key, diagnosis, operated)[:, None] | (items.index != "fee_pathology")
    of_operation = with_report * items["operation"].to_numpy(np.float64)
    parts = [w * around / (w * around).sum(axis=1, keepdims=True) for w in (of_profile, of_operation)]
    return parts[0] * treated[:, None] + parts[1] * surgery[:, None]


def examined(draws: Draws, kinds: StayKinds, key: Ints, diagnosis: Ints, operated: np.ndarray) -> np.ndarray:
    """Whether a pathologist saw what an operation removed."""
    return operated & draws.happens(kinds.pathology[diagnosis], "pathology", key)
