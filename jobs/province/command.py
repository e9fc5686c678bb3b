"""``job=simulate``: the request and its report."""

from __future__ import annotations

from pathlib import Path

from omegaconf import OmegaConf

from jobs.lakehouse.errors import Refused
from jobs.lakehouse.main import Context
from jobs.lakehouse.settings import CONF
from jobs.province.facts import ProvinceFacts
from jobs.province.settings import SimulateSettings
from jobs.province.simulate import expected, simulate


def main(context: Context) -> int:
    """Simulate and say what was delivered. The lake is not touched, so no lease is taken and no key made."""
    context.writes = False
    node = OmegaConf.to_container(context.settings.simulate)
    if not isinstance(node, dict):
        raise Refused("simulate: must be a group of settings")
    settings = SimulateSettings.of({str(k): v for k, v in node.items()})
    province = context.settings.province
    facts = ProvinceFacts.read(str(province.code), Path(str(province.facts)))
    print(
        f"simulating {settings.residents:,} residents of {province.name_en}, {settings.first_day} to {settings.end}: "
        f"about {expected(settings):,} rows",
        flush=True,
    )
    report = simulate(context.spark(), settings, CONF / "contract", facts)
    for feed in report.feeds:
        print(f"  {feed.feed:<20}{feed.files:>7,} files {feed.rows:>13,} rows {feed.bytes / 1e6:>10,.1f} MB")
    print(
        f"{report.rows:,} rows in {report.files:,} files about {report.residents:,} simulated residents (none of them "
        f"real) in {report.seconds:.0f} s; deliveries in {settings.out}, the truth about them in {settings.truth}"
    )
    return 0
