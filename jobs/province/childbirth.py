"""The hours around a birth: when the mother is admitted, whether she is operated on, and the minute of birth.

All by the number of the (first) child, so that her stay, its operation and the child's certificate agree.
"""

from __future__ import annotations

import numpy as np

from jobs.province.draws import Draws, Ints

CAESAREAN = 0.45  # of deliveries (assumed)
PLANNED = 0.6  # of caesareans: by day, the mother admitted the day before or two days before (assumed)
LABOUR = 480.0  # mean minutes from admission to birth of the others (assumed); two days at most
DAY = 1440
KEYS, LAST_DIGIT = 100_000, 8  # keys of a person's stays are below; the last digit is that of these stays alone


def by_caesarean(draws: Draws, no: Ints) -> np.ndarray:
    """Which of these children are born by caesarean section."""
    return draws.happens(CAESAREAN, "by caesarean", no)


def _planned(draws: Draws, no: Ints) -> np.ndarray:
    return by_caesarean(draws, no) & draws.happens(PLANNED, "caesarean planned", no)


def birth_minute(draws: Draws, no: Ints) -> Ints:
    """The minute of the day of birth; planned operations are made from eight to five."""
    u = draws.uniform("birth minute", no)
    return np.where(_planned(draws, no), 480 + 540 * u, DAY * u).astype(np.int64)


def _admission(draws: Draws, no: Ints) -> Ints:
    """The minute at which the mother is admitted, counted from the beginning of the day of birth."""
    labour = 20 + (LABOUR - 20) * draws.exponential("labour", no)
    came = birth_minute(draws, no) - np.minimum(labour, 2 * DAY).astype(np.int64)
    early = np.where(draws.happens(0.8, "admitted the day before", no), -DAY, -2 * DAY)
    early += 480 + draws.whole(540, "admitted for caesarean", no)
    return np.where(_planned(draws, no), early, came)


def stay_key(no: Ints) -> Ints:
    """The key of the stay for the birth of a child."""
    return no * KEYS + LAST_DIGIT


def is_childbirth(key: Ints) -> np.ndarray:
    """Whether stays of these keys are for a birth."""
    return key % 10 == LAST_DIGIT


def days_to_birth(draws: Draws, key: Ints) -> Ints:
    """Days from admission to birth, 0 to 2, by the key of a stay; 0 of stays for anything else."""
    return np.where(is_childbirth(key), -(_admission(draws, key // KEYS) // DAY), 0)


def admission_minute(draws: Draws, key: Ints) -> Ints:
    """The minute of the day of admission for a birth, by the key of the stay."""
    return _admission(draws, key // KEYS) % DAY
