"""Feed contracts: what a sender promises to deliver, read from ``conf/contract/<feed>.yaml`` into frozen values."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

TYPES = ("text", "date", "datetime", "integer", "decimal", "code")
PERSON_ROLES = ("id_number", "mother_id_number", "patient_no", "name", "sex", "birth_date", "death_date")
ROLES = (*PERSON_ROLES, "phone", "place", "address")
SENSITIVITIES = ("public", "internal", "pseudonymised", "direct")
CHECKS = ("id_number",)
OTHERWISE = ("quarantine", "flag")
DIRECTIVES = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}  # of a date format; each of fixed width


class BadContract(ValueError):
    """A contract file that can't be used; the message names the file, the field and the mistake."""


@dataclass(frozen=True)
class ContractField:
    """One column of a delivered file. ``otherwise`` says what a bad value, or an absent required one, leads to."""

    name: str
    type: str = "text"
    title_en: str = ""
    title_zh: str = ""
    element: str = ""  # data element of WS 363, DExx.xx.xxx.xx
    required: bool = False
    formats: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    value_set: str = ""
    pattern: str = ""
    role: str = ""
    sensitivity: str = "internal"
    check: str = ""
    otherwise: str = "quarantine"
    also_called: tuple[str, ...] = ()  # names under which senders deliver the column, besides its own
    cda: str = ""  # where an HL7 CDA document has it: a path below ClinicalDocument, @attribute last


@dataclass(frozen=True)
class Contract:
    """One feed: its fields in file order, its natural key within a sender, and the field that dates the event.

    ``about`` is ``person`` (each row is about one person) or ``reference`` (organisations, payers). An empty ``key``
    means that no field tells rows apart: each row is a record of its own.
    """

    feed: str
    version: str
    fields: tuple[ContractField, ...]
    about: str = "person"
    key: tuple[str, ...] = ()
    happened: str = ""
    title_en: str = ""
    title_zh: str = ""

    @cached_property
    def names(self) -> list[str]:
        """Headers in file order."""
        return [f.name for f in self.fields]

    @cached_property
    def by_any_name(self) -> dict[str, str]:
        """Every name that a column may be delivered under -> the field's name."""
        return {called: f.name for f in self.fields for called in (f.name, *f.also_called)}

    @cached_property
    def needed(self) -> frozenset[str]:
        """Fields whose column a file must have: those required, those that say which record or whom it is about."""
        person = {f.name for f in self.fields if f.required or f.role in PERSON_ROLES}
        return frozenset({*person, *self.key, *filter(None, [self.happened])})

    @cached_property
    def roles(self) -> dict[str, str]:
        """Role -> name of the first field that has it."""
        return {f.role: f.name for f in reversed(self.fields) if f.role}

    def field(self, name: str) -> ContractField:
        """The field of this name; ``KeyError`` if there is none."""
        for f in self.fields:
            if f.name == name:
                return f
        raise KeyError(f"{self.feed} has no field {name}")


def load_contracts(folder: Path) -> dict[str, Contract]:
    """Every contract in a folder, by feed. Raises ``BadContract`` at the first mistake, naming it."""
    contracts = [load_contract(path) for path in sorted(folder.glob("*.yaml"))]
    return {c.feed: c for c in contracts}


def load_contract(path: Path) -> Contract:
    """One contract file. Its name must be ``<feed>.yaml``."""
    try:
        with path.open(encoding="utf-8") as text:
            body = yaml.load(text, Loader=_LOADER)
        contract = parse_contract(body)
    except (yaml.YAMLError, BadContract) as error:
        raise BadContract(f"{path.name}: {' '.join(str(error).split())}") from error
    if contract.feed != path.stem:
        raise BadContract(f"{path.name}: feed is {contract.feed!r}, so the file must be called {contract.feed}.yaml")
    return contract


def parse_contract(body: object) -> Contract:
    """A contract from the mapping that its YAML holds. Raises ``BadContract`` saying what is wrong."""
    given = _known(body, Contract, "the contract")
    rows = given.get("fields")
    if not isinstance(rows, list) or not rows:
        raise BadContract("fields must be a list of at least one field")
    contract = Contract(
        **{k: str(v) for k, v in given.items() if k not in ("fields", "key")},
        key=tuple(given.get("key") or ()),
        fields=tuple(_field(row) for row in rows),
    )
    _check_contract(contract)
    return contract


def _field(row: object) -> ContractField:
    given = _known(row, ContractField, "a field")
    where = f"field {given['name']}"
    for name in _LISTS:
        if not all(isinstance(v, str) for v in given.get(name) or ()):
            raise BadContract(f"{where}: {name} must be texts in quotes (01 without quotes is the number 1)")
    lists: dict[str, Any] = {k: tuple(given.get(k) or ()) for k in _LISTS}
    field = ContractField(**{**given, **lists})
    for value, allowed, what in (
        (field.type, TYPES, "type"),
        (field.role, ("", *ROLES), "role"),
        (field.sensitivity, SENSITIVITIES, "sensitivity"),
        (field.check, ("", *CHECKS), "check"),
        (field.otherwise, OTHERWISE, "otherwise"),
    ):
        if value not in allowed:
            raise BadContract(f"{where}: {what} is {value!r}; allowed: {', '.join(a for a in allowed if a)}")
    _check_field(field, where)
    return field


def _check_field(field: ContractField, where: str) -> None:
    """Raise ``BadContract`` where a field's parts don't fit together."""
    if not re.fullmatch(r"[A-Za-z\u4e00-\u9fff][\w\u4e00-\u9fff]*", field.name):
        raise BadContract(f"{where}: a name holds letters, digits and _ and opens with a letter")
    dated = field.type in ("date", "datetime")
    if dated != bool(field.formats):
        raise BadContract(f"{where}: formats belong to type date or datetime, and to no other")
    for form in field.formats:
        used = re.findall(r"%.", form)
        if any(d not in DIRECTIVES for d in used) or not {"%Y", "%m", "%d"} <= set(used) or len(used) != len(set(used)):
            raise BadContract(f"{where}: format {form!r} needs %Y, %m, %d, each once; besides them: %H, %M, %S")
    if field.codes and field.type != "code":
        raise BadContract(f"{where}: codes belong to type code")
    try:
        re.compile(field.pattern)
    except re.error as error:
        raise BadContract(f"{where}: pattern {field.pattern!r}: {error}") from error


def _check_contract(contract: Contract) -> None:
    """Raise ``BadContract`` where a contract's parts don't fit together."""
    if contract.about not in ("person", "reference"):
        raise BadContract(f"about is {contract.about!r}; allowed: person, reference")
    names = [n for f in contract.fields for n in (f.name, *f.also_called)]
    folded = [name.lower() for name in names]  # Spark and Delta tell no case apart
    doubled = sorted({n for n in folded if folded.count(n) > 1})
    if doubled:
        raise BadContract(f"fields named twice: {', '.join(doubled)}")
    missing = [n for n in (*contract.key, *filter(None, [contract.happened])) if n not in contract.names]
    if missing:
        raise BadContract(f"key or happened names no field: {', '.join(missing)}")
    if contract.happened and contract.field(contract.happened).type not in ("date", "datetime"):
        raise BadContract(f"happened is {contract.happened}, which is no date or datetime")


def _known(body: object, kind: type[Any], what: str) -> dict[str, Any]:
    """The mapping given, once its keys are known to be those of a dataclass and the needed ones are there."""
    if not isinstance(body, dict):
        raise BadContract(f"{what} must be a mapping of names to values, not {body!r}")
    allowed = [f.name for f in fields(kind)]
    unknown = [str(k) for k in body if k not in allowed]
    if unknown:
        raise BadContract(f"{what} has unknown keys: {', '.join(unknown)}; allowed: {', '.join(allowed)}")
    needed = ("feed", "version", "fields") if kind is Contract else ("name",)
    missing = [n for n in needed if not body.get(n)]
    if missing:
        raise BadContract(f"{what} lacks {', '.join(missing)}: {str(body)[:80]}")
    return body


_LISTS = ("formats", "codes", "also_called")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
