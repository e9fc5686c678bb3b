"""Settings: Hydra groups under ``conf/``, checked before anything starts, with the valid names on a mistake."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from jobs.lakehouse.errors import Refused

CHECKOUT = Path(__file__).resolve().parents[2]
CONF = CHECKOUT / "conf"
GROUPS = ("province", "env", "job")
SPARK = "spark.conf."

OmegaConf.register_new_resolver("checkout", lambda: str(CHECKOUT), replace=True)


@dataclass(frozen=True)
class Override:
    """One ``name=value`` as it stood on the command line."""

    name: str
    value: str

    @property
    def quoted(self) -> str:
        """The form Hydra reads as plain text: Chinese, spaces, commas and ``=`` in a value stay as they are."""
        plain = self.value.replace("_", "").replace(".", "").replace("-", "")
        if self.value in ("", "null", "true", "false") or (plain.isascii() and plain.isalnum()):
            return f"{self.name}={self.value or repr('')}"
        if self.value[:1] in "[{":
            return f"{self.name}={self.value}"
        escaped = self.value.replace("\\", "\\\\").replace("'", "\\'")
        return f"{self.name}='{escaped}'"


def parse(arguments: Sequence[str]) -> list[Override]:
    """Split ``name=value`` arguments. Raises ``Refused`` for anything of another form."""
    overrides = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or not name:
            raise Refused(
                f"{argument!r} is no setting; settings look like <name>=<value>, for example lake.root=/data/lake"
            )
        overrides.append(Override(name, value))
    return overrides


def choices(group: str) -> list[str]:
    """The names to choose from in a group: one a file under ``conf/<group>/``."""
    return sorted(p.stem for p in (CONF / group).glob("*.yaml"))


def _group(override: Override) -> str:
    """The group that an override picks from: ``province``, or ``dirt`` of ``simulate.dirt=<profile>``; else empty."""
    if override.name in GROUPS:
        return override.name
    job, _, name = override.name.partition(".")
    return name if name.isidentifier() and job in choices("job") and choices(name) else ""


def load(job: str, overrides: Sequence[Override] = (), others: Sequence[str] = ()) -> DictConfig:
    """The settings of one job, composed and checked.

    ``overrides`` whose first part is one of ``others`` belong to another job of the same request and are left out.
    Raises ``Refused`` naming the setting and the valid ones.
    """
    mine = [
        o for o in overrides if o.name != "job" and not (o.name.split(".")[0] in others and o.name.split(".")[0] != job)
    ]
    for o in mine:
        group = _group(o)
        if group and o.value not in choices(group):
            raise Refused(f"{o.name}={o.value}: no such {group}; there are: {', '.join(choices(group))}")
    groups = [f"{g if g in GROUPS else f'{g}@{o.name}'}={o.value}" for o in mine if (g := _group(o))]
    defaults = _compose([f"job={job}", *groups])
    for o in mine:
        if not _group(o):
            _check(o, defaults)
    given = [f"++{o.quoted}" if o.name.startswith(SPARK) else o.quoted for o in mine if not _group(o)]
    settings = _compose([f"job={job}", *groups, *given])
    for name in ("lake.root", "lake.key_file"):
        value = OmegaConf.select(settings, name)
        if value and "://" not in value:
            OmegaConf.update(settings, name, str(Path(value).absolute()))
    return settings


def _compose(overrides: list[str]) -> DictConfig:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        try:
            settings = compose("config", overrides=overrides)
            OmegaConf.resolve(settings)
        except (HydraException, OmegaConfBaseException) as error:
            raise Refused(" ".join(str(error).split())) from error
    return settings


def names(settings: DictConfig) -> list[str]:
    """Every setting's full name."""

    def walk(node: Any, prefix: str) -> list[str]:
        found: list[str] = []
        for key in node:
            value = node[key]
            name = f"{prefix}{key}"
            found += walk(value, f"{name}.") if isinstance(value, DictConfig) and len(value) else [name]
        return found

    # Spark's own settings pass through unchecked (spark.conf.<any name of Spark's>), and job is the request itself.
    return [n for n in walk(settings, "") if n != "job" and not n.startswith(SPARK)]


def _check(override: Override, defaults: DictConfig) -> None:
    """Raise ``Refused`` if there is no such setting or the value can't be of its default's type."""
    name = override.name
    if name.startswith(SPARK):
        return
    known = names(defaults)
    below = [n for n in known if n.startswith(f"{name}.")]
    if below:
        raise Refused(f"{name} is a group of settings; give one of: {', '.join(below)}")
    if name not in known:
        full = [n for n in known if n.endswith(f".{name}")]
        if full:
            raise Refused(f"{name}: give the full name: {' or '.join(full)}")
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.85)
        hint = f" (did you mean {' or '.join(near)}?)" if near else ""
        raise Refused(f"no setting {name}{hint}; valid settings: {', '.join(known)}")
    default = OmegaConf.select(defaults, name)
    wanted = {bool: "true or false", int: "a whole number", float: "a number"}.get(type(default))
    if wanted and not _reads_as(override.value, type(default)):
        raise Refused(f"{name}={override.value}: must be {wanted}")


def _reads_as(text: str, kind: type) -> bool:
    if kind is bool:
        return text.lower() in ("true", "false")
    try:
        kind(text)
    except ValueError:
        return False
    return True


def as_json(settings: DictConfig | dict[str, Any]) -> str:
    """Settings as JSON with sorted keys; dates and paths as text."""
    plain = OmegaConf.to_container(settings) if isinstance(settings, DictConfig) else settings
    return json.dumps(plain, sort_keys=True, default=str, ensure_ascii=False)
