"""The small code lists beside this file, read once: concepts by feed, precedence of sources, standard concepts, units.

Concept ids come from memory of OMOP's vocabularies and are marked so in the files (``status``): compare them with
Athena before results leave the house.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

PRELIMINARY, MAIN_OF_STAY = 32899, 32903
"""OMOP condition status: a suspicion that the record itself calls one; the main diagnosis at discharge."""


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of ``<name>.csv``."""
    with (Path(__file__).parent / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def type_concept(feed: str, table: str) -> int:
    """OMOP type concept of what a feed contributes to a table. Raises ``KeyError`` if the list does not say."""
    for r in rows("type_concept"):
        if (r["feed"], r["table"]) == (feed, table):
            return int(r["concept_id"])
    raise KeyError(f"type_concept.csv has no row for {feed} in {table}")


def precedence(fact: str) -> dict[str, int]:
    """Feed -> rank among the sources of a fact (``death``, ``person``); the smallest rank wins."""
    return {r["feed"]: int(r["rank"]) for r in rows("precedence") if r["fact"] == fact}


def standard_concepts(vocabulary: str) -> dict[str, int]:
    """Code -> standard concept, where one is known."""
    return {r["concept_code"]: int(r["concept_id"]) for r in rows("concept_map") if r["vocabulary_id"] == vocabulary}
