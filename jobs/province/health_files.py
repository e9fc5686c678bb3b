"""One resident, several health files: some are given a new number at an institution every two years or so."""

from __future__ import annotations

import numpy as np

from jobs.province.codebook import age_group
from jobs.province.draws import Ints
from jobs.province.recording import Scene
from jobs.province.schedule import day_number

KEPT_FOR = 730  # days until the next number
MOST = 9  # numbers after the first
INSTITUTIONS = 10_000  # senders are numbered below this
FILES = 200_000  # numbers a person, of two systems of each institution


def several_files(scene: Scene) -> np.ndarray:
    """The residents to whom it happens, by place and age on their first day."""
    people = scene.lives.people
    county = scene.lives.county(np.arange(len(people)), people.first)
    share = scene.settings.undelivered.several_files
    group = age_group(people.age(people.first))
    return scene.draws.happens(share.of(scene.facts.places.urban[county], group), "several files", people.no)


def file_key(scene: Scene, person: Ints, sender: Ints, day: Ints) -> Ints:
    """The key of the number that a person has at an institution on a day."""
    no = scene.lives.people.no[person]
    key = no * FILES + sender
    again = np.flatnonzero(several_files(scene)[person])
    since = day[again] - day_number(scene.settings.population_on)
    offset = scene.draws.whole(KEPT_FOR, "new file", no[again], sender[again])
    key[again] += np.clip((since + offset) // KEPT_FOR, 0, MOST) * INSTITUTIONS
    return key
