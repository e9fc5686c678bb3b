"""The places people live in, from the province's code list."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from jobs.codes.places import counties, read_places
from jobs.lakehouse.job import job
from jobs.tables.omop import LOCATION


@job(writes=LOCATION)
def location(*, places: str) -> DataFrame:
    """One row per county or zone of ``jobs/codes/place_<places>.csv``; its id is the county code as a number."""
    names = {p.code: p.name_zh for p in read_places(places)}
    rows = []
    for place in counties(places):
        row = dict.fromkeys(LOCATION.column_names)
        row |= {"location_id": int(place.code), "county": place.name_zh, "city": names.get(place.parent or "")}
        row |= {"state": place.code[:2], "location_source_value": place.code, "country_source_value": "CN"}
        row |= {"latitude": place.lat, "longitude": place.lon}
        rows.append(tuple(row[name] for name in LOCATION.column_names))
    return SparkSession.active().createDataFrame(rows, LOCATION.schema)
