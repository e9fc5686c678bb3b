# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A rate by city, with its interval · 各市的率及其区间
#
# This notebook reads `gold.measure`, twice: without Spark, which takes a second, and with Spark, which works on a
# province's whole lake. Both give the same rows. Then it draws one rate by city and explains how to read it.
#
# Run `make run` first. `LAKE_ROOT` in the environment names another lake. Gold may hold small cells: this notebook is
# for whoever may read gold, and its pictures are not for publication. What may leave the centre is in `release`.

# %%
import os

import matplotlib.pyplot as plt
from matplotlib import font_manager

from jobs.codes.places import read_places
from jobs.gold.measures.diagnosed_hypertension import DIAGNOSED_HYPERTENSION as MEASURE
from jobs.lakehouse.read import read_table, table_version
from jobs.lakehouse.session import session
from jobs.lakehouse.settings import load
from jobs.tables.gold import MEASURE as GOLD_MEASURE

settings = load("pipeline")
root = os.environ.get("LAKE_ROOT", settings.lake.root)
version = table_version(root, "gold.measure")
print(f"gold.measure of {root}, version {version}")

# %% [markdown]
# ## Without Spark · 不用 Spark
#
# `read_table` opens one Delta version with the deltalake library and hands over Arrow. Name the version, and the same
# rows come back next year.

# %%
key = list(GOLD_MEASURE.key)
columns = GOLD_MEASURE.column_names
plain = read_table(root, "gold.measure", columns, version).to_pandas().sort_values(key, ignore_index=True)
print(f"{len(plain):,} rows")

# %% [markdown]
# ## With Spark · 用 Spark

# %%
spark = session(settings)
frame = spark.read.format("delta").option("versionAsOf", version).load(f"{root}/gold/measure").select(*columns)
distributed = frame.toPandas().sort_values(key, ignore_index=True)
print(f"{len(distributed):,} rows; the same as without Spark: {plain.equals(distributed.astype(plain.dtypes))}")

# %% [markdown]
# ## One rate · 一个率

# %%
print(f"{MEASURE.title} ({MEASURE.title_zh}), per {MEASURE.per} {MEASURE.unit}")
print(MEASURE.meaning)
print(f"Label: {MEASURE.label}. {MEASURE.caveat}")

# %% [markdown]
# **'Diagnosed' (确诊).** The numerator counts who has a diagnosis on record, not who has the disease. Somebody whose
# blood pressure nobody measured is not in it; surveys that go from door to door find about twice as many. A rate
# made from records is therefore labelled `diagnosed`, and cities can differ in who sees a doctor, not in who is ill.
#
# **Intervals (区间).** `rate_low` and `rate_high` enclose what the count alone leaves open: 95 of 100 such intervals
# would hold the rate that made these counts. A count of events follows Poisson's distribution (exact below 10 events,
# Byar's formula above); a proportion, as here, takes Wilson's interval; a standardised rate Dobson's. For visits, which
# one person can repeat, the spread between persons goes in. Missing hospitals and wrong codes are not in any of them.
#
# **`not_estimable` (不可估计).** Incidence counts a *first* diagnosis, which needs somebody observed for 365 days
# before. Where nobody was, the rate is absent, with this status. It is not zero, and must not be drawn as zero.

# %%
print(plain.groupby(["measure", "status"]).size().unstack(fill_value=0).to_string())

# %%
place = {p.code: p for p in read_places(settings.province.places)}
years = sorted(p for p in plain.period.unique() if "-" not in p)
everybody = (plain.sex == "all") & (plain.age_band == "all")
latest = plain[(plain.measure == MEASURE.name) & (plain.period == years[-1]) & everybody & (plain.status == "ok")]
counts = {"numerator": "int64", "denominator": "int64"}
city = latest[latest.level == "city"].astype(counts).sort_values("rate", ignore_index=True)
province = latest[latest.level == "province"]
city["name"] = [place[code].name_zh for code in city.place_code]
print(city[["name", "numerator", "denominator", "rate", "rate_low", "rate_high"]].round(2).to_string(index=False))

# %% [markdown]
# The dot is the rate, the line its interval, the dashed line the province. Where the lines overlap widely, the order
# of two cities says nothing: with about one person in 5,000 simulated, most of them do.

# %%
chinese = {"Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC"}
found = sorted(chinese & {font.name for font in font_manager.fontManager.ttflist})
plt.rcParams["font.family"] = [*found[:1], "DejaVu Sans"]
names = city["name"] if found else [place[code].name_en for code in city.place_code]

figure, axes = plt.subplots(figsize=(8, 6), layout="constrained")
axes.hlines(city.index, city.rate_low, city.rate_high, color="#2f78c4", linewidth=2)
axes.plot(city.rate, city.index, "o", color="#123f7a", markersize=6)
for value in province.rate:
    axes.axvline(value, color="#c2571a", linestyle="--", linewidth=1)
axes.set_yticks(city.index, names)
axes.set_xlim(left=0)
axes.set_xlabel(f"per {MEASURE.per} {MEASURE.unit}, crude, with 95% interval")
axes.set_title(f"{MEASURE.title_zh if found else MEASURE.title}, {years[-1]} ({MEASURE.label})")
axes.spines[["top", "right"]].set_visible(False)
plt.show()
