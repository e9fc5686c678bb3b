"""The handbook of measures: a page of Markdown from each declaration, so that page and number can't disagree."""

from __future__ import annotations

from collections.abc import Iterable

from jobs.gold import measures
from jobs.gold.declare import PER_PERSON, Count, Measure

KINDS = {
    "event": "each {of} of a resident under observation",
    "first_event": "each person's first {of} ever, if it falls into the time at risk",
    "ever": "residents on the index day with a {of} up to and including that day",
    "seen": "people, resident or not, with a {of} in the {years} years up to the index day",
    "person_day": "days of residents under observation, the day of death included",
    "person_day_at_risk": "days of residents after {prior_days} days of observation (births from the first day), "
    "up to and including the day of the first {of}",
    "resident": "residents under observation on the index day",
}
METHODS = {
    "poisson": "exact Poisson limits under {exact_below} events, Byar's approximation from there",
    "wilson": "Wilson's score limits",
}


def counted(count: Count) -> str:
    """One side of a measure in words, with the condition as it is computed."""
    words = KINDS[count.kind].format(of=count.of or "day", years=count.years, prior_days=count.prior_days)
    where = f", where `{count.where}`" if count.where else ""
    if count.confirmed is None:
        return words + where
    proof = f"confirmed by one with `{count.confirmed.alone}` or by two days within {count.confirmed.within} days"
    return f"{words}{where}, {proof}"


def page(measure: Measure) -> str:
    """One measure's page."""
    method = METHODS[measure.interval].format(exact_below=measure.exact_below)
    if measure.repeats:
        method += ", widened for persons with several events (Dobson's method on squared counts)"
    unit = "residents" if measure.unit == "persons" else "person-years"
    lines = [
        f"## {measure.title} · {measure.title_zh}",
        "",
        measure.meaning,
        *([f"*{measure.caveat} {measure.caveat_zh}*"] if measure.caveat else []),
        "",
        f"- Name: `{measure.name}`, version `{measure.version}`, owner {measure.owner}",
        f"- Stands on: {measure.label} data",
        f"- Numerator: {counted(measure.numerator)}",
        f"- Denominator: {counted(measure.denominator)}",
        f"- Rate: per {measure.per:,} {unit}" if measure.per > 1 else f"- Rate: per {unit.removesuffix('s')}",
        f"- By: {', '.join(measure.strata)}; city and province by the place table",
        f"- 95% limits: {method}",
        f"- Standardised directly to {' and '.join(measure.standard.populations)}, from "
        f"{measure.standard.least_events} events on, with {measure.standard.limits.capitalize()}'s limits",
    ]
    if measure.denominator.kind in PER_PERSON:
        lines.append(f"- Index day: day {measure.index_day[1]} of month {measure.index_day[0]}; not pooled over years")
    return "\n".join(lines) + "\n"


def handbook(chosen: Iterable[Measure] = measures.MEASURES) -> str:
    """All pages, in the order of the declarations."""
    return "# Measures\n\n" + "\n".join(page(measure) for measure in chosen)
