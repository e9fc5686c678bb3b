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
    caveat="Deaths that no delivered record tells of, some of those at home, are missing. A simulated province has no "
    "deaths of COVID-19.",
    caveat_zh="没有任何交付记录的死亡(如部分在家死亡)未计入;模拟省份不含新冠死亡。",
)
