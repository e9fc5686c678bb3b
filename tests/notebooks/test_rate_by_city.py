"""The notebook runs from top to bottom on a literal lake, and says what it should."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jupytext
import pytest
from nbclient import NotebookClient

from jobs.gold.interval import wilson
from jobs.tables.gold import MEASURE
from tests.serving.literal_lake import CITIES, PROVINCE, write

CHECKOUT = Path(__file__).resolve().parents[2]
NOTEBOOK = CHECKOUT / "notebooks" / "rate_by_city.py"


def hypertension(period: str, level: str, place: str, cases: int, residents: int) -> dict[str, Any]:
    """One row of gold.measure: residents with diagnosed hypertension, with Wilson's interval."""
    low, high = wilson(cases, residents)
    return {
        "measure": "diagnosed_hypertension",
        "measure_version": "a1b2c3d4",
        "period": period,
        "level": level,
        "place_code": place,
        "sex": "all",
        "age_band": "all",
        "numerator": cases,
        "denominator": residents,
        "unit": "persons",
        "per": 100,
        "rate": 100 * cases / residents,
        "rate_low": 100 * float(low),
        "rate_high": 100 * float(high),
        "interval": "wilson",
        "status": "ok",
        "label": "diagnosed",
    }


def not_estimable() -> dict[str, Any]:
    """Lung cancer in a year before which nobody had been observed for 365 days."""
    row = hypertension("2021", "province", PROVINCE, 0, 1)
    absent = dict.fromkeys(("numerator", "denominator", "rate", "rate_low", "rate_high", "interval"))
    return {**row, **absent, "measure": "lung_cancer_incidence", "status": "not_estimable"}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """All outputs of the notebook, run in a folder of its own on a lake of 16 cities and two years.

    City i (from 0) has 1,000 residents, and 100 + 10 i of them with diagnosed hypertension in 2025.
    """
    root = tmp_path_factory.mktemp("notebook") / "lake"
    cities = [hypertension("2025", "city", code, 100 + 10 * i, 1_000) for i, code in enumerate(CITIES)]
    earlier = [hypertension("2024", "city", code, 500, 1_000) for code in CITIES]
    whole = hypertension("2025", "province", PROVINCE, 2_800, 16_000)
    write(root, MEASURE, [*cities, *earlier, whole, not_estimable()])

    notebook = jupytext.read(NOTEBOOK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKE_ROOT", str(root))
        patch.setenv("PYTHONPATH", str(CHECKOUT))
        NotebookClient(
            notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(root)}}
        ).execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


@pytest.fixture(scope="module")
def text(outputs: list[Any]) -> str:
    """What the notebook printed."""
    return "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stdout")


def test_spark_and_plain_python_read_the_same_rows(text: str):
    # 16 cities in two years, one province, one cell that is not estimable.
    assert "34 rows\n" in text
    assert "34 rows; the same as without Spark: True" in text


def test_cities_of_the_latest_year_come_in_order_of_their_rate_with_intervals(text: str):
    shown = re.findall(r"(\S+市)\s+(\d+)\s+1000\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)", text)
    assert len(shown) == 16
    assert [float(rate) for _, _, rate, _, _ in shown] == [10.0 + i for i in range(16)]
    # Jinan, 100 of 1,000, Wilson by hand: (0.1 + 3.8415/2000 ± 1.96 sqrt(0.1 x 0.9/1000 + 3.8415/4000000)) / 1.0038415
    # = (0.101921 ± 0.018693) / 1.003842 = 0.08291 and 0.12015.
    assert shown[0] == ("济南市", "100", "10.0", "8.29", "12.02")


def test_what_is_not_estimable_is_counted_apart(text: str):
    assert re.search(r"lung_cancer_incidence\s+1\s+0", text)
    assert re.search(r"diagnosed_hypertension\s+0\s+33", text)


def test_it_draws_one_picture_and_complains_of_nothing(outputs: list[Any]):
    pictures = [o for o in outputs if o.output_type == "display_data" and "image/png" in o.data]
    assert len(pictures) == 1
    assert len(pictures[0].data["image/png"]) > 20_000
    warnings = [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr" and "Glyph" in o.text]
    assert warnings == []


def test_it_defines_nothing():
    code = [c.source for c in jupytext.read(NOTEBOOK).cells if c.cell_type == "code"]
    assert not [
        line for source in code for line in source.splitlines() if re.match(r"\s*(def|class)\s|.*\blambda\b", line)
    ]
