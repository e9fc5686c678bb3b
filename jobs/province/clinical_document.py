"""EMR documents as HL7 CDA R2: header, patient, author, custodian, encounter, and a section a part of the note.

After WS/T 500 in outline; its object identifiers 2.16.156.10011.* are from memory. Section codes are LOINC's, which is
copyright Regenstrief Institute, Inc. and the LOINC Committee (http://loinc.org).
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

ROOT = "2.16.156.10011"
SECTION = "section "  # what a section that no field has is called, before its LOINC code
SECTIONS = {  # field -> LOINC code, title
    "chief_complaint": ("10154-3", "主诉"),
    "present_illness": ("10164-2", "现病史"),
    "past_history": ("11348-0", "既往史"),
    "physical_examination": ("29545-1", "体格检查"),
    "narrative": ("8648-8", "诊疗经过"),
    "findings": ("18782-3", "检查所见"),
    "impression": ("29548-5", "诊断"),
}


def escaped(values: pa.Array) -> pa.Array:
    """Texts as XML has them."""
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\r", "&#13;")):
        values = pc.replace_substring(values, sign, entity)
    return values


def clinical_documents(columns: Mapping[str, pa.Array], encoding: str) -> bytes:
    """The rows of a file, ``escaped``, a document each, in one wrapping element. In UTF-8, whatever ``encoding`` it
    declares. Sections may be missing, and others be there under ``SECTION`` and their code."""
    head = f'<?xml version="1.0" encoding="{encoding.upper()}"?>\n<documents>\n'
    if not len(columns["document_no"]):
        return f"{head}</documents>\n".encode()
    documents = pc.binary_join_element_wise(*_parts(columns), "")
    return (head + "\n".join(documents.to_pylist()) + "\n</documents>\n").encode()


def _parts(f: Mapping[str, pa.Array]) -> list[pa.Array | str]:
    """What a document consists of, in the order of CDA's schema (POCD_MT000040): literal texts and columns."""
    written = _digits(f["written_at"])
    organisation = "<location><healthCareFacility><serviceProviderOrganization>"
    parts: list[pa.Array | str] = [
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><realmCode code="CN"/>'
        '<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>', _id(1, f["document_no"]),
        '<code code="', f["document_code"], f'" codeSystem="{ROOT}.2.4"/><title>', f["document_title"],
        '</title><effectiveTime value="', written,
        '"/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="zh-CN"/>'
        "<recordTarget><patientRole>", _id(11, f["patient_no"]), _id(32, f["report_no"]),
        "<patient>", _id(3, f["id_number"]), "<name>", f["name"], "</name>",
        _given('<administrativeGenderCode code="', f["sex_code"], f'" codeSystem="{ROOT}.2.3.3.4"/>'),
        _given('<birthTime value="', f["birth_date"], '"/>'),
        '</patient></patientRole></recordTarget><author><time value="', written, '"/><assignedAuthor>',
        _id(7, f["doctor_no"]), "</assignedAuthor></author>"
        "<custodian><assignedCustodian><representedCustodianOrganization>", _id(5, f["organisation_code"]),
        "</representedCustodianOrganization></assignedCustodian></custodian><componentOf><encompassingEncounter>",
        _id(12, f["visit_no"]), "<effectiveTime>", _given('<low value="', _digits(f["admitted_at"]), '"/>'),
        _given('<high value="', _digits(f["discharged_at"]), '"/>'), f"</effectiveTime>{organisation}",
        _id(26, f["department_code"]), "<name>", f["department_name"],
        "</name></serviceProviderOrganization></healthCareFacility></location></encompassingEncounter></componentOf>"
        "<component><structuredBody>",
    ]  # fmt: skip
    more = {field: (field.removeprefix(SECTION), "附注") for field in f if field.startswith(SECTION)}
    for field, (code, title) in ({k: v for k, v in SECTIONS.items() if k in f} | more).items():
        opened = f'<component><section><code code="{code}" codeSystem="2.16.840.1.113883.6.1"/><title>{title}</title>'
        parts.append(_given(f"{opened}<text>", f[field], "</text></section></component>"))
    return [*parts, "</structuredBody></component></ClinicalDocument>"]


def _given(before: str, value: pa.Array, after: str) -> pa.Array:
    """An element around each value that is there."""
    return pc.if_else(pc.equal(value, ""), "", pc.binary_join_element_wise(before, value, after, ""))


def _id(kind: int, value: pa.Array) -> pa.Array:
    """A number, below the object identifier of its kind."""
    return _given(f'<id root="{ROOT}.1.{kind}" extension="', value, '"/>')


def _digits(time: pa.Array) -> pa.Array:
    """A time as HL7 has it."""
    return pc.replace_substring_regex(time, "[^0-9]", "")
