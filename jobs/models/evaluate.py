"""How well predicted risks meet what happened: discrimination, accuracy and calibration, in plain arithmetic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm, rankdata

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
CLOSEST = 1e-6  # to 0 or 1 that a risk is taken to be when its logit is needed


def metrics(observed: Flags, risk: Floats) -> dict[str, float]:
    """All figures of an evaluation by name. Needs events and non-events."""
    auroc, variance = auroc_delong(observed, risk)
    half = norm.ppf(0.975) * np.sqrt(variance)
    intercept, slope = recalibration(observed, risk)
    return {
        "n": float(len(observed)),
        "events": float(observed.sum()),
        "auroc": auroc,
        "auroc_low": max(0.0, auroc - half),
        "auroc_high": min(1.0, auroc + half),
        "auprc": average_precision(observed, risk),
        "brier": float(np.mean((risk - observed) ** 2)),
        "observed_to_expected": float(observed.sum() / risk.sum()),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
        "calibration_in_the_large": calibration_in_the_large(observed, risk),
    }


def auroc_delong(observed: Flags, risk: Floats) -> tuple[float, float]:
    """Area under the ROC curve and its variance by DeLong, DeLong & Clarke-Pearson (1988), from midranks."""
    cases, controls = risk[observed], risk[~observed]
    m, n = len(cases), len(controls)
    ranks = rankdata(np.concatenate([cases, controls]))
    of_case = (ranks[:m] - rankdata(cases)) / n  # share of controls below each case
    of_control = 1 - (ranks[m:] - rankdata(controls)) / m  # share of cases above each control
    variance = of_case.var(ddof=1) / m + of_control.var(ddof=1) / n
    return float(of_case.mean()), float(variance)


def average_precision(observed: Flags, risk: Floats) -> float:
    """Area under the precision-recall curve by steps: precision weighted by the gain in recall, ties taken together."""
    order = np.argsort(-risk, kind="stable")
    hits = np.cumsum(observed[order])
    last = np.flatnonzero(np.append(np.diff(risk[order]) != 0, True))
    gained = np.diff(np.append(0, hits[last]))
    return float(np.sum(gained * hits[last] / (last + 1)) / observed.sum())


def recalibration(observed: Flags, risk: Floats) -> tuple[float, float]:
    """Intercept and slope of a logistic regression of the outcome on the risk's logit (Cox 1958): ideally 0 and 1."""
    design = np.column_stack([np.ones(len(risk)), logit(risk)])
    intercept, slope = _logistic(observed, design, np.zeros(len(risk)))
    return float(intercept), float(slope)


def calibration_in_the_large(observed: Flags, risk: Floats) -> float:
    """Intercept of the same regression with the slope held at 1: ideally 0."""
    return float(_logistic(observed, np.ones((len(risk), 1)), logit(risk))[0])


def logit(risk: Floats) -> Floats:
    """Log odds."""
    held = np.clip(risk, CLOSEST, 1 - CLOSEST)
    return np.asarray(np.log(held / (1 - held)))


def _logistic(observed: Flags, design: Floats, offset: Floats) -> Floats:
    """Maximum likelihood by Newton's method."""
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        p = expit(offset + design @ beta)
        information = (design * (p * (1 - p))[:, None]).T @ design
        step = np.linalg.lstsq(information, design.T @ (observed - p))[0]
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return beta
