"""EMR documents as HL7 CDA R2: header, patient, author, encounter, and a section for each part of the note.

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
    """What a document consists of, in order: literal texts and columns."""
    clock = pc.replace_substring_regex(f["written_at"], "[^0-9]", "")
    place = "<location><healthCareFacility><serviceProviderOrganization>"
    parts: list[pa.Array | str] = [
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><realmCode code="CN"/>'
        '<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>'
        f'<id root="{ROOT}.1.1" extension="', f["document_no"],
        '"/><code code="', f["document_code"], f'" codeSystem="{ROOT}.2.4"/><title>', f["document_title"],
        '</title><effectiveTime value="', clock,
        '"/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="zh-CN"/>'
        f'<recordTarget><patientRole><id root="{ROOT}.1.11" extension="', f["patient_no"],
        f'"/><id root="{ROOT}.1.32" extension="', f["report_no"],
        f'"/><patient><id root="{ROOT}.1.3" extension="', f["id_number"],
        '"/><name>', f["name"], '</name><administrativeGenderCode code="', f["sex_code"],
        f'" codeSystem="{ROOT}.2.3.3.4"/><birthTime value="', f["birth_date"],
        '"/></patient></patientRole></recordTarget><author><time value="', clock,
        f'"/><assignedAuthor><id root="{ROOT}.1.7" extension="', f["doctor_no"],
        f'"/></assignedAuthor></author><componentOf><encompassingEncounter><id root="{ROOT}.1.12" extension="',
        f["visit_no"], '"/>', f'{place}<id root="{ROOT}.1.26" extension="', f["department_code"], '"/><name>',
        f["department_name"], "</name></serviceProviderOrganization></healthCareFacility></location>"
        "</encompassingEncounter></componentOf><component><structuredBody>",
    ]  # fmt: skip
    more = {field: (field.removeprefix(SECTION), "附注") for field in f if field.startswith(SECTION)}
    for field, (code, title) in ({k: v for k, v in SECTIONS.items() if k in f} | more).items():
        opened = f'<component><section><code code="{code}" codeSystem="2.16.840.1.113883.6.1"/><title>{title}</title>'
        whole = pc.binary_join_element_wise(f"{opened}<text>", f[field], "</text></section></component>", "")
        parts.append(pc.if_else(pc.equal(f[field], ""), "", whole))
    return [*parts, "</structuredBody></component></ClinicalDocument>"]
