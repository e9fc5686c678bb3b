"""Settings of what is planted and of what is never delivered: shares by place and age group, typed and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from jobs.lakehouse.errors import Refused
from jobs.province.draws import Floats, Ints

AGE_GROUPS = 5  # under 6, 6 to 17, 18 to 44, 45 to 64, 65 and over
NOTIFIABLE = ("hand_foot_mouth", "influenza", "hepatitis_b", "tuberculosis")


@dataclass(frozen=True)
class Shares:
    """A share by place (a city's districts, or its other counties) and age group."""

    urban: tuple[float, ...]
    rural: tuple[float, ...]

    def of(self, urban: np.ndarray, group: Ints) -> Floats:
        """The share for each of these places and age groups."""
        return np.array([self.rural, self.urban])[urban.astype(np.int64), group]

    @staticmethod
    def read(node: Any, name: str) -> Shares:
        """From ``{urban: [five shares], rural: [five shares]}``."""
        if not isinstance(node, Mapping) or set(node) != {"urban", "rural"}:
            raise Refused(f"simulate.{name}={node}: must have the places urban and rural")
        return Shares(*(_five(node[place], f"{name}.{place}") for place in ("urban", "rural")))


@dataclass(frozen=True)
class Undelivered:
    """What never reaches the centre, or late; ``conf/job/simulate.yaml`` says what each share is of."""

    home_death: Shares
    home_death_unheard: Shares
    birth_elsewhere: Shares
    care_elsewhere: Shares
    register_never: Shares
    register_late: Shares
    several_files: Shares
    unnotified: Mapping[str, Shares]

    @staticmethod
    def read(node: Mapping[str, Any]) -> Undelivered:
        """From the group ``undelivered``."""
        plain = [f.name for f in fields(Undelivered) if f.name != "unnotified"]
        shares = {name: Shares.read(node[name], f"undelivered.{name}") for name in plain}
        diseases = node["unnotified"]
        if not isinstance(diseases, Mapping) or set(diseases) != set(NOTIFIABLE):
            raise Refused(f"simulate.undelivered.unnotified: must have the diseases {', '.join(NOTIFIABLE)}")
        missed = {d: Shares.read(diseases[d], f"undelivered.unnotified.{d}") for d in NOTIFIABLE}
        return Undelivered(**shares, unnotified=missed)


@dataclass(frozen=True)
class Outbreaks:
    """Outbreaks that are planted on top of what the process brings."""

    a_year: float  # a county and year, of each disease that spreads
    size_multiple: float  # mean: cases as a multiple of the group's usual number in as long a time
    weeks: float  # mean length

    @staticmethod
    def read(node: Mapping[str, Any]) -> Outbreaks:
        """From the group ``outbreaks``."""
        limits = {"a_year": (0, 10), "size_multiple": (0, 1000), "weeks": (1, 26)}
        return Outbreaks(*(_number(node[n], f"outbreaks.{n}", *limits[n]) for n in limits))


def _five(values: Any, name: str) -> tuple[float, ...]:
    if not isinstance(values, list | tuple) or len(values) != AGE_GROUPS:
        raise Refused(f"simulate.{name}={values}: must be a list of {AGE_GROUPS} shares, one an age group")
    return tuple(_number(v, f"{name}[{n}]", 0, 1) for n, v in enumerate(values))


def _number(value: Any, name: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise Refused(f"simulate.{name}={value}: must be a number from {least:g} to {most:g}")
    return float(value)
