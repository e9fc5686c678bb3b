"""From XML to numbered rows of text: HL7 CDA R2 documents, one row each, read at the paths that the contract gives.

A document type is refused before anything behind it is looked at: so no entity can be declared, let alone expanded or
fetched. A document is dropped once it is read, so that the tree never holds more than one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLPullParser
from xml.parsers import expat

import pyarrow as pa

from jobs.landing.refusal import FileRefused
from jobs.landing.rows import Match, Rows, gathered, without_empty
from jobs.tables.bronze import EXTRA
from jobs.tables.contract import Contract

HL7 = "urn:hl7-org:v3"
DOCUMENT, SECTION = f"{{{HL7}}}ClinicalDocument", f"{{{HL7}}}section"
SPACE = {"": HL7}
PIECE = 1 << 16  # bytes given to the parser at a time
BATCH = 5_000  # documents
DEEPEST = 200  # levels of elements
DECLARATION = re.compile(rb"\A<\?xml[^>]*\?>")


def read_cda(text: bytes, contract: Contract) -> Rows:
    """One row a ``ClinicalDocument``, which is the file's root or lies directly in it. ``text`` is in UTF-8, whatever
    its XML declaration says. Raises ``FileRefused`` for a feed without documents and for XML that can't be taken.
    """
    paths = {f.name: f.cda for f in contract.fields if f.cda}
    if not paths:
        raise FileRefused(f"the manifest says format xml, which the contract {contract.feed} has no documents for")
    batches = list(_batches(DECLARATION.sub(b"", text), paths))
    found = dict.fromkeys(name for batch in batches for name in batch.column_names)
    unknown = tuple(n for n in found if n not in paths)
    note = f"unknown section kept in {EXTRA}: {', '.join(unknown)}" if unknown else ""
    return gathered(batches, Match({n: n for n in contract.names}, unknown, len(contract.names), note))


def _batches(text: bytes, paths: dict[str, str]) -> Iterator[pa.Table]:
    some: list[dict[str, str]] = []
    for document in _documents(text):
        some.append(_fields(document, paths))
        if len(some) == BATCH:
            yield _columns(some, paths)
            some = []
    if some:
        yield _columns(some, paths)


def _columns(rows: list[dict[str, str]], paths: dict[str, str]) -> pa.Table:
    names = dict.fromkeys([*paths, *(name for row in rows for name in row)])
    return pa.table({n: without_empty(pa.array([row.get(n) for row in rows], pa.string())) for n in names})


def _fields(document: Element, paths: dict[str, str]) -> dict[str, str]:
    """The text at each path that is there; ``section <code>`` is a section's text, those of no field included."""
    sections: dict[str, str] = {}
    for section in document.iter(SECTION):
        code, text = section.find("code", SPACE), section.find("text", SPACE)
        if text is not None:
            key = f"section {'' if code is None else code.get('code', '')}"
            told = "".join(text.itertext()).strip()
            sections[key] = f"{sections[key]}\n{told}" if key in sections else told
    row = {}
    for name, path in paths.items():
        if path.startswith("section "):
            row[name] = sections.pop(path, "")
            continue
        way, _, attribute = path.partition("/@")
        element = document.find(way, SPACE)
        if element is not None:
            row[name] = element.get(attribute, "") if attribute else "".join(element.itertext()).strip()
    return row | sections


def _documents(text: bytes) -> Iterator[Element]:
    """Each document of a file, whole; it is emptied when the next is asked for."""
    _refuse_document_type(text)
    parser: Any = XMLPullParser(("start", "end"))
    root, depth = None, 0
    try:
        for piece in _pieces(text):
            parser.feed(piece)
            for event, element in parser.read_events():
                if event == "start":
                    depth += 1
                    root = element if root is None else root
                    if depth > DEEPEST:
                        raise FileRefused(f"not readable as XML: elements lie more than {DEEPEST} deep in each other")
                    continue
                depth -= 1
                lies_in_root = depth == 1 and root is not None and root.tag != DOCUMENT
                if lies_in_root and element.tag != DOCUMENT:
                    raise FileRefused("holds an element that is no ClinicalDocument (of urn:hl7-org:v3)")
                if lies_in_root or (depth == 0 and element.tag == DOCUMENT):
                    yield element
                if lies_in_root and root is not None:
                    root.clear()
        parser.close()
    except ParseError as error:
        raise _unreadable(error.code, *error.position) from None


def _refuse_document_type(text: bytes) -> None:
    """Raise ``FileRefused`` where a document type stands before the root element; it can stand nowhere else."""
    begun = []

    def refuse(*_: object) -> None:
        raise FileRefused("its XML has a document type (DOCTYPE), which could bring entities in; deliver it without")

    scanner = expat.ParserCreate("utf-8")
    scanner.StartDoctypeDeclHandler = refuse
    scanner.StartElementHandler = lambda *_: begun.append(True)
    try:
        for piece in _pieces(text):
            scanner.Parse(piece, False)
            if begun:
                return
        scanner.Parse(b"", True)
    except expat.ExpatError as error:
        if not begun:
            raise _unreadable(error.code, error.lineno, error.offset) from None


def _pieces(text: bytes) -> Iterator[bytes]:
    for at in range(0, len(text), PIECE):
        yield text[at : at + PIECE]


def _unreadable(code: int, line: int, column: int) -> FileRefused:
    return FileRefused(f"not readable as XML: {expat.ErrorString(code)} (line {line}, column {column + 1})")
