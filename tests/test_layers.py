"""Data flows one way: a layer imports only from earlier layers and the machinery, the simulator from neither."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

JOBS = Path(__file__).resolve().parents[1] / "jobs"
FLOW = ["landing", "bronze", "identity", "silver", "gold", "governance", "imaging", "models", "serving"]
SHARED_BY_ALL = {"lakehouse", "tables", "codes"}
ALLOWED = {
    "lakehouse": {"lakehouse", "tables"},
    "tables": {"lakehouse", "tables", "codes"},
    "codes": {"codes", "lakehouse"},
    "province": {"province", "lakehouse"},
    **{layer: SHARED_BY_ALL | set(FLOW[: at + 1]) for at, layer in enumerate(FLOW)},
}


def imports(source: Path) -> set[str]:
    """Second parts of the ``jobs.<part>`` modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source.read_text())):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "jobs" else [f"jobs.{a.name}" for a in node.names]
        found |= {n.split(".")[1] for n in names if n.startswith("jobs.")}
    return found


LAYERS = sorted(p.name for p in JOBS.iterdir() if p.is_dir() and list(p.rglob("*.py")))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_what_comes_before_it(layer: str) -> None:
    assert layer in ALLOWED, f"jobs/{layer} is no known layer: give it a place in the flow"
    for source in (JOBS / layer).rglob("*.py"):
        beyond = imports(source) - ALLOWED[layer]
        assert not beyond, f"{source.relative_to(JOBS.parent)} imports {', '.join(sorted(beyond))}"


def test_nothing_but_its_own_command_knows_the_simulator() -> None:
    for source in JOBS.rglob("*.py"):
        if source.parts[len(JOBS.parts)] != "province":
            assert "province" not in imports(source), source
