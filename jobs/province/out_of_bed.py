"""Nobody sees a doctor elsewhere while lying in hospital."""

from __future__ import annotations

import numpy as np

from jobs.province.stays import Stays
from jobs.province.visits import Visits, finds_condition


def out_of_bed(visits: Visits, stays: Stays) -> Visits:
    """These visits without those inside a stay of the same person; ``scale`` makes up for them. Stays do not overlap;
    on the first and the last day of one there may be a visit, and what finds a condition is kept."""
    order = np.lexsort((stays.admitted, stays.person))
    begun = stays.person[order] * 1_000_000 + stays.admitted[order]
    nth = np.searchsorted(begun, visits.person * 1_000_000 + visits.day) - 1
    mine = np.flatnonzero(nth >= 0)
    of = order[nth[mine]]  # the latest stay that began before the day of the visit
    lies = (stays.person[of] == visits.person[mine]) & (stays.discharged[of] > visits.day[mine])
    inside = np.zeros(len(visits), bool)
    inside[mine] = lies
    return visits.at(~inside | finds_condition(visits))
