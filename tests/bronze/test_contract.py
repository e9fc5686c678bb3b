"""Contracts are read strictly, and bronze follows from them."""

from __future__ import annotations

import csv
import re

import pytest

from jobs.lakehouse.table import DIRECT
from jobs.tables.bronze import BRONZE, CONTRACT_FOLDER, CONTRACTS, ORIGIN, QUARANTINE, bronze_table
from jobs.tables.contract import BadContract, load_contract, parse_contract

GOOD = {
    "feed": "visit",
    "version": "1",
    "key": ["no"],
    "happened": "at",
    "fields": [
        {"name": "no", "required": True, "role": "patient_no", "sensitivity": "direct"},
        {"name": "at", "type": "date", "formats": ["%Y%m%d"]},
        {"name": "sex", "type": "code", "codes": ["1", "2"], "otherwise": "flag"},
    ],
}


def field(**parts: object) -> dict[str, object]:
    return {**GOOD, "fields": [*GOOD["fields"], {"name": "more", **parts}]}


def test_a_good_contract_becomes_frozen_values():
    contract = parse_contract(GOOD)
    assert (contract.names, contract.key, contract.happened) == (["no", "at", "sex"], ("no",), "at")
    assert contract.roles == {"patient_no": "no"}
    assert contract.field("sex").otherwise == "flag"
    assert contract.field("at").otherwise == "quarantine"
    assert hash(contract)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "must be a mapping"),
        ({**GOOD, "owner": "x"}, "unknown keys: owner; allowed: feed, version"),
        ({k: v for k, v in GOOD.items() if k != "version"}, "lacks version"),
        ({**GOOD, "fields": []}, "lacks fields"),
        ({**GOOD, "key": ["nothing"]}, "key or happened names no field: nothing"),
        ({**GOOD, "happened": "sex"}, "happened is sex, which is no date"),
        ({**GOOD, "about": "people"}, "allowed: person, reference"),
        (field(typ="text"), "unknown keys: typ"),
        (field(type="number"), "field more: type is 'number'; allowed: text, date"),
        (field(type="date"), "formats belong to type date"),
        (field(formats=["%Y"]), "formats belong to type date"),
        (field(type="date", formats=["%d.%m.%y"]), "needs %Y, %m, %d"),
        (field(type="code", codes=[1, 2]), "texts in quotes"),
        (field(codes=["1"]), "codes belong to type code"),
        (field(role="doctor"), "role is 'doctor'"),
        (field(otherwise="drop"), "allowed: quarantine, flag"),
        (field(sensitivity="secret"), "sensitivity is 'secret'"),
        (field(pattern="("), "pattern '('"),
        ({**GOOD, "fields": [*GOOD["fields"], {"name": "NO"}]}, "fields named twice: no"),
        ({**GOOD, "fields": [*GOOD["fields"], {"name": "_row_id"}]}, "opens with a letter"),
        ({**GOOD, "fields": [*GOOD["fields"], {"name": "a b"}]}, "letters, digits and _"),
    ],
)
def test_a_mistake_in_a_contract_is_named(body, message):
    with pytest.raises(BadContract) as mistake:
        parse_contract(body)
    assert message in str(mistake.value)


def test_a_contract_file_is_named_after_its_feed_and_its_mistakes_after_the_file(tmp_path):
    path = tmp_path / "visits.yaml"
    path.write_text("feed: visit\nversion: '1'\nfields: [{name: a}]\n")
    with pytest.raises(BadContract, match=r"visits\.yaml: feed is 'visit'"):
        load_contract(path)
    path.write_text("feed: [")
    with pytest.raises(BadContract, match=r"^visits\.yaml: "):
        load_contract(path)


def test_bronze_holds_the_origin_and_every_field_as_text():
    table = bronze_table(parse_contract(GOOD))
    assert table.name == "bronze.visit"
    assert table.column_names == [c.name for c in ORIGIN] + ["no", "at", "sex"]
    assert {c.type for c in table.columns if not c.name.startswith("_")} == {"string"}
    assert table.column("no").sensitivity == DIRECT
    assert table.feed_changes


@pytest.mark.parametrize("feed", sorted(CONTRACTS))
def test_contracts_in_the_project_name_their_people_and_days(feed):
    contract = CONTRACTS[feed]
    assert BRONZE[feed].column_names[len(ORIGIN) :] == contract.names
    if contract.about == "person":
        assert "patient_no" in contract.roles
    for f in contract.fields:
        assert not f.element or re.fullmatch(r"DE\d\d\.\d\d\.\d\d\d\.\d\d", f.element)
        if f.role in ("id_number", "mother_id_number", "patient_no", "name", "phone", "address"):
            assert f.sensitivity == "direct", f.name
        if f.role == "id_number":
            assert (f.check, f.otherwise) == ("id_number", "flag"), "a person without a valid number still has a record"


def test_statistics_in_the_log_tell_of_no_person():
    for table in (*BRONZE.values(), QUARANTINE):
        assert set(table.stats) == {"_row_id", "_learned_at"}


def test_synthea_contracts_have_the_headers_of_its_export(shared):
    files = sorted((shared / "data/synthea").glob("*.csv"))
    assert len(files) == len(list(CONTRACT_FOLDER.glob("synthea_*.yaml"))) == 18
    for path in files:
        with path.open(encoding="utf-8", newline="") as text:
            assert CONTRACTS[f"synthea_{path.stem}"].names == next(csv.reader(text)), path.name
