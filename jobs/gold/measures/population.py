"""Heads counted for ``gold.population``. No rate: the people seen include those who are not residents."""

from jobs.gold.declare import Count, Measure

POPULATION = Measure(
    name="population",
    title="People on the register and people seen",
    title_zh="登记人口与就诊人口",
    meaning="Residents on 1 July, and people with any visit in the three years up to that day.",
    owner="vital-statistics",
    numerator=Count("seen", of="visit", years=3),
    denominator=Count("resident"),
    per=1,
    label="recorded",
)
