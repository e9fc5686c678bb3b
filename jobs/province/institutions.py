"""Who delivers: hospitals, and each city's register, centres and primary care."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.province.datafiles import csv
from jobs.province.draws import Choice, Draws, Floats, Ints
from jobs.province.facts import Places
from jobs.province.settings import SimulateSettings

NONE = -1
CLERKS = 12  # who write an institution's rows of one feed (assumed)
LEAST = 1e-9  # multiple of the shares of dirt: uniform numbers are divided by it


@dataclass(frozen=True)
class Institutions:
    """All senders by position. ``hospital[city, n]``: the city's hospital, then its county hospitals or the city's."""

    code: tuple[str, ...]
    city: Ints
    hospital: Ints
    of_county: Ints  # the hospital that lies in a county, or NONE
    register: Ints
    disease_control: Ints
    maternal: Ints
    primary: Ints  # the clinics of a city that make check-ups and follow chronic disease, as one sender
    gb18030: np.ndarray
    edition: Ints  # position in EDITIONS
    careless: Floats  # each institution's own multiple of the shares of dirt, mean 1
    dirt: Floats  # the same, lower where rows are kept well, by registries; hospitals' mean is 1
    clerk: Floats  # [institution, clerk]: the clerks' own multiple of it, mean 1
    choice: Floats  # [severity]: shares of their county's, the city's, its others, the near city's; the rest: capital's

    @staticmethod
    def of(places: Places, settings: SimulateSettings) -> Institutions:
        """The same institutions for the same seed, whatever the number of residents."""
        codes: list[str] = []
        city_of: list[int] = []

        def add(code: str, city: int) -> int:
            codes.append(code)
            city_of.append(city)
            return len(codes) - 1

        cities = range(len(places.city_code))
        of_county = np.full(len(places.county_code), NONE)
        hospital = np.zeros((len(places.city_code), settings.hospitals_per_city), np.int64)
        for city in cities:
            hospital[city] = add(f"{places.city_code[city]}H001", city)
            largest = sorted(np.flatnonzero(places.city == city), key=lambda c: -places.people[c])
            for n, county in enumerate(largest[: settings.hospitals_per_city - 1], start=1):
                of_county[county] = hospital[city, n] = add(f"{places.county_code[county]}H001", city)
        register, control, maternal, primary = (
            np.array([add(f"{places.city_code[c]}{kind}001", c) for c in cities]) for kind in "PCMJ"
        )
        draws, key = Draws(settings.seed), np.array([int.from_bytes(c.encode()[-10:], "big") % 2**63 for c in codes])
        spread, clerks = settings.dirt.spread, settings.dirt.clerk_spread
        national, insurance = settings.recording.national_edition, settings.recording.insurance_edition
        careless = np.exp(spread * draws.normal("dirt", key) - spread**2 / 2)
        registries = max(settings.dirt.registry_multiple, LEAST)
        return Institutions(
            tuple(codes),
            np.array(city_of),
            hospital,
            of_county,
            register,
            control,
            maternal,
            primary,
            draws.happens(settings.gb18030_share, "encoding", key),
            Choice.of([1 - national - insurance, national, insurance]).pick(draws.uniform("edition", key)),
            careless,
            np.where(np.isin(np.arange(len(codes)), hospital), 1.0, registries) * careless,
            np.exp(clerks * draws.normal("clerk dirt", key[:, None], np.arange(CLERKS)) - clerks**2 / 2),
            csv("hospital_choice.csv")[["own_county", "city", "other_of_city", "near_city"]].to_numpy(),
        )

    def visited(self, places: Places, county: Ints, severity: Ints | int, u: Floats) -> Ints:
        """The hospital that residents of a county go to, by how severe it is and a uniform number: their county's own
        where it has one, the city's, another of the city, that of a larger city near by, or that of the province's
        capital (the first city)."""
        own, city = self.of_county[county], places.city[county]
        at_own, at_city, at_other, at_near = self.choice[np.minimum(severity, len(self.choice) - 1)].T
        without = np.where(own == NONE, at_own, 0.0)  # half go to the city's hospital, half to others
        to_own = at_own - without
        to_city = to_own + at_city + without / 2
        to_other = to_city + at_other + without / 2
        wards = self.hospital.shape[1]
        other = self.hospital[city, np.minimum(1 + (u * 1e6).astype(np.int64) % max(wards - 1, 1), wards - 1)]
        within = np.where(u < to_own, own, np.where(u < to_city, self.hospital[city, 0], other))
        beyond = np.where(u < to_other + at_near, self.hospital[places.near_city[city], 0], self.hospital[0, 0])
        return np.where(u < to_other, within, beyond)
