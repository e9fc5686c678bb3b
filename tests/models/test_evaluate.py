"""The arithmetic of an evaluation against published worked examples, and against answers worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobs.models.evaluate import auroc_delong, average_precision, metrics


def test_auroc_and_its_variance_as_proc_gives_them_for_113_patients_with_subarachnoid_haemorrhage(shared: Path) -> None:
    folder = shared / "worked_examples"
    expected = json.loads((folder / "roc_asah.json").read_text())["expected"]
    patients = pd.read_csv(folder / "data/aSAH.csv")
    poor = (patients["outcome"] == "Poor").to_numpy()
    for marker in ("wfns", "s100b"):  # wfns has five values only: ties
        auroc, variance = auroc_delong(poor, patients[marker].to_numpy(float))
        assert auroc == pytest.approx(expected[marker]["auc"], abs=1e-12)
        assert variance == pytest.approx(expected[marker]["var_delong"], rel=1e-9)


def test_metrics_as_published_for_750_patients_with_105_cancers(shared: Path) -> None:
    folder = shared / "worked_examples"
    expected = json.loads((folder / "prediction_metrics_dcurves.json").read_text())["expected"]
    patients = pd.read_csv(folder / "data/dcurves_df_binary.csv")
    found = metrics(patients["cancer"].to_numpy(bool), patients["cancerpredmarker"].to_numpy(float))
    assert (found["n"], found["events"]) == (750, 105)
    assert found["auroc"] == pytest.approx(expected["auroc"], abs=1e-12)
    assert found["auprc"] == pytest.approx(expected["auprc_average_precision"], abs=1e-12)
    assert found["brier"] == pytest.approx(expected["brier"], abs=1e-12)
    assert found["observed_to_expected"] == pytest.approx(expected["oe_ratio"], abs=1e-9)
    assert found["calibration_slope"] == pytest.approx(expected["calibration_slope"], abs=1e-7)
    assert found["calibration_intercept"] == pytest.approx(expected["calibration_intercept_joint"], abs=1e-7)
    assert found["calibration_in_the_large"] == pytest.approx(expected["calibration_in_the_large"], abs=1e-7)


def test_a_tied_pair_counts_half_and_ties_enter_precision_together() -> None:
    # Events at 0.9 and 0.4, others at 0.4, 0.2 and 0.1. Of 6 pairs 5 are right and 1 is tied: (5 + 0.5) / 6.
    observed, risk = np.array([True, True, False, False, False]), np.array([0.9, 0.4, 0.4, 0.2, 0.1])
    assert auroc_delong(observed, risk)[0] == pytest.approx(5.5 / 6)
    # At 0.9: recall 1/2 at precision 1. At 0.4, two at once: recall 1 at precision 2/3. 1/2 + 1/2 * 2/3 = 5/6.
    assert average_precision(observed, risk) == pytest.approx(5 / 6)


def test_risks_twice_too_extreme_have_half_the_slope() -> None:
    # Among 100 at logit -2 and 100 at logit 2, 27 and 73 events: the true logits are -0.9946 and 0.9946.
    risk = np.repeat([1 / (1 + np.e**2), 1 / (1 + np.e**-2)], 100)
    observed = np.concatenate([np.arange(100) < 27, np.arange(100) < 73])
    found = metrics(observed, risk)
    assert found["calibration_slope"] == pytest.approx(np.log(73 / 27) / 2)
    assert found["calibration_intercept"] == pytest.approx(0, abs=1e-9)
    assert found["observed_to_expected"] == pytest.approx(1)
