"""``job=calibrate``: the request, its table and its verdict."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table as Grid

from jobs.lakehouse.errors import Refused
from jobs.lakehouse.main import Context
from jobs.lakehouse.settings import CONF
from jobs.province.calibrate import AWAY, HOLDS, NOT_SIMULATED, OFF, OUTSIDE, WITHIN, Compared, calibrate
from jobs.province.calibrate_indicators import INDICATORS
from jobs.province.calibrate_published import BOTH, OLDEST, published
from jobs.province.facts import ProvinceFacts
from jobs.province.settings import MOST_RESIDENTS, SimulateSettings

COLUMNS = (
    "indicator", "name", "sex", "age", "place", "year", "unit", "published", "simulated", "ratio", "error", "verdict",
    "label",
)  # fmt: skip
NUMBERS = ("published", "simulated", "ratio", "error")
ENOUGH = 0.90  # share of targets that hold
COVID = "no deaths of COVID-19 in the simulation 不含新冠死亡"


def main(context: Context) -> int:
    """Simulate without delivering, and print every published figure beside the simulated one."""
    context.writes = False
    settings, out = _settings(context)
    province = context.settings.province
    folder = Path(str(province.facts))
    facts = ProvinceFacts.read(str(province.code), folder)
    rows = published(facts, folder, str(province.name_en))
    print(f"simulating {settings.residents:,} residents of {province.name_en} against {len(rows)} figures", flush=True)
    found = calibrate(context.spark(), settings, CONF / "contract", facts, rows)
    table = [cells(c) for c in found]
    _print(table)
    if out:
        write(out, table)
        print(f"all rows are in {out}")
    print("\n".join(summary(found)))
    return 0


def _settings(context: Context) -> tuple[SimulateSettings, Path | None]:
    """The settings of simulate with the residents of calibrate, and where a CSV file goes."""
    node, own = (
        OmegaConf.to_container(s) for s in (context.settings_of("simulate").simulate, context.settings.calibrate)
    )
    if not isinstance(node, dict) or not isinstance(own, dict):
        raise Refused("simulate, calibrate: must be groups of settings")
    residents, out = own["residents"], own["out"]
    if isinstance(residents, bool) or not isinstance(residents, int) or not 1 <= residents <= MOST_RESIDENTS:
        raise Refused(f"calibrate.residents={residents}: must be a whole number from 1 to {MOST_RESIDENTS}")
    if out is not None and (Path(str(out)).suffix != ".csv" or "://" in str(out)):
        raise Refused(f"calibrate.out={out}: must be a file of this machine whose name ends in .csv, or null")
    settings = SimulateSettings.of({str(k): v for k, v in node.items()})
    return replace(settings, residents=residents), None if out is None else Path(str(out)).absolute()


def cells(found: Compared) -> dict[str, str]:
    """One line of the table."""
    row, indicator = found.row, INDICATORS.get(found.row.indicator)
    names = [row.indicator.replace("_", " ") + (f": {row.name_en}" if row.name_en else "")]
    names += [(indicator.name_zh if indicator else "") + (f" {row.name_zh}" if row.name_zh else "")]
    ages = f"{row.age_from}+" if row.age_to >= OLDEST else f"{row.age_from}-{row.age_to}"
    values = (row.value, found.simulated, found.ratio, found.error)
    texts = dict(zip(NUMBERS, ("" if v is None or v != v else number(v) for v in values), strict=True))
    return {
        "indicator": names[0],
        "name": names[1].strip(),
        "sex": "" if row.sex == BOTH else row.sex,
        "age": "" if ages == "0+" else ages,
        "place": row.place,
        "year": row.year,
        "unit": row.unit,
        **texts,
        "verdict": found.verdict,
        "label": "; ".join(_labels(found)),
    }


def _labels(found: Compared) -> list[str]:
    row, indicator = found.row, INDICATORS.get(found.row.indicator)
    labels = ["target" if found.target else "listed"]
    labels += [found.note] if found.note else []
    labels += [row.extent] if row.extent else []
    labels += [row.status] if row.status != "opened" and row.status else []
    if indicator and found.simulated is not None:
        labels.append(f"against {indicator.against}")
    if indicator and indicator.mortality:
        labels.append(COVID)
    return labels


def number(value: float) -> str:
    """Four figures are enough to compare by."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def summary(found: Sequence[Compared]) -> list[str]:
    """How many targets hold, what does not and why not."""
    targets = [c for c in found if c.target]
    of = {v: [c for c in targets if c.verdict == v] for v in (HOLDS, OFF, AWAY)}
    share = len(of[HOLDS]) / max(len(targets), 1)
    unsimulated = sum(c.verdict == NOT_SIMULATED for c in found)
    lines = [f"{c.verdict}: {_told(c)}" for v in (OFF, AWAY) for c in of[v]]
    good = share >= ENOUGH and not of[AWAY]
    listed = len(found) - len(targets) - unsimulated
    return [
        *lines,
        f"{unsimulated} figures are not simulated, {listed} are listed only",
        f"{len(of[HOLDS])} of {len(targets)} targets hold ({share:.0%}), within {WITHIN:.0%} or the sampling error; "
        f"{len(of[OFF])} are off, {len(of[AWAY])} are outside {OUTSIDE:.0%} and twice the error: "
        f"{'calibrated' if good else 'not calibrated'}",
    ]


def _told(found: Compared) -> str:
    line = cells(found)
    about = " ".join(line[c] for c in ("indicator", "sex", "age", "place", "year") if line[c])
    return f"{about}: {line['simulated']} against {line['published']} {line['unit']} (ratio {line['ratio']})" + (
        f"; {found.note}" if found.note else ""
    )


def _print(table: list[dict[str, str]]) -> None:
    """A table in a terminal, else lines of text in columns."""
    if not sys.stdout.isatty():
        width = {c: max(len(c), *(len(line[c]) for line in table)) for c in COLUMNS}
        for line in [dict(zip(COLUMNS, COLUMNS, strict=True)), *table]:
            print(
                "  ".join(
                    line[c].rjust(width[c]) if c in NUMBERS else line[c].ljust(width[c]) for c in COLUMNS
                ).rstrip()
            )
        return
    grid = Grid(*COLUMNS, title="simulated against published")
    for column in grid.columns:
        column.justify = "right" if column.header in NUMBERS else "left"
    colours = {HOLDS: "green", OFF: "yellow", AWAY: "red"}
    for line in table:
        style = colours.get(line["verdict"]) if line["label"].startswith("target") else "dim"
        grid.add_row(*(line[c] for c in COLUMNS), style=style)
    Console().print(grid)


def write(path: Path, table: list[dict[str, str]]) -> None:
    """All lines as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(table)
