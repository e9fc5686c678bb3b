"""``job=simulate``: the request and its report."""

from __future__ import annotations

from pathlib import Path

from omegaconf import OmegaConf

from jobs.lakehouse.errors import Refused
from jobs.lakehouse.main import Context
from jobs.lakehouse.settings import CONF
from jobs.province.dry_run import Projection, project
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
    if node["dry_run"]:
        print("\n".join(told(project(settings, CONF / "contract", facts))))
        return 0
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


def told(projection: Projection) -> list[str]:
    """A dry run in words."""
    files, rows, size = (sum(getattr(f, n) for f in projection.feeds) for n in ("files", "rows", "bytes"))
    rate = rows / max(projection.making + projection.writing, 1e-9)
    return [
        *(
            f"  {f.feed:<20}{f.files:>11,} files {f.rows:>17,} rows {f.bytes / 1e6:>13,.1f} MB"
            for f in projection.feeds
        ),
        f"dry run, nothing written: {projection.residents:,} simulated residents would be {rows:,} rows in "
        f"{files:,} files, {size / 1e9:,.2f} GB, and {projection.truth_bytes / 1e9:,.2f} GB of truth",
        f"about {projection.core_hours:,.2f} core-hours, {projection.making / 3600:,.2f} to make and "
        f"{projection.writing / 3600:,.2f} to write ({rate:,.0f} rows a CPU-second), Spark's start and shuffle aside",
        f"the largest file has about {projection.largest / 1e6:,.1f} MB; a writer holds one file in memory",
    ]
