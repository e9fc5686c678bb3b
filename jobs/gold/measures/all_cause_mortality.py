"""All-cause mortality."""

from jobs.gold.declare import Count, Measure

ALL_CAUSE_MORTALITY = Measure(
    name="all_cause_mortality",
    title="All-cause mortality",
    title_zh="全死因死亡率",
    meaning="Deaths of residents, from the death register or the first source that reports one, by the day of death.",
    owner="vital-statistics",
    numerator=Count("event", of="death"),
    denominator=Count("person_day"),
    per=100_000,
    label="registered",
)
