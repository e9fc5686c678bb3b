"""What a part of the residents live through and what is sent about it: everything between lives and files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from jobs.province.birth_certificates import birth_certificate
from jobs.province.cancers import cancer_card, cancer_truth, cancers
from jobs.province.care_feeds import payment, registration
from jobs.province.deaths import deaths
from jobs.province.documents import documents, emr_document
from jobs.province.draws import Draws
from jobs.province.encounters import encounters
from jobs.province.epidemic import at_risk
from jobs.province.facts import ProvinceFacts
from jobs.province.foreseen import hazards, readmissions
from jobs.province.home_page import inpatient_home_page
from jobs.province.identity import identity
from jobs.province.imaging import imaging_study, studies
from jobs.province.immunisation import doses, immunisation
from jobs.province.infections import (
    LONGEST_WAIT,
    infection_events,
    infection_truth,
    infection_visits,
    infections,
    outbreak_truth,
)
from jobs.province.infectious_cards import infectious_card
from jobs.province.institutions import Institutions
from jobs.province.lab_feed import laboratory
from jobs.province.laboratory import results
from jobs.province.life import simulate_lives
from jobs.province.out_of_bed import out_of_bed
from jobs.province.outpatient import outpatient_visit
from jobs.province.pregnancies import LENGTH
from jobs.province.prescriptions import prescribed, prescription
from jobs.province.primary_care import checkups, chronic_followup, followups, health_checkup
from jobs.province.recording import LOOK_BACK, Batch, Scene
from jobs.province.registry_feeds import death_certificate, register_events, resident_register
from jobs.province.scale import Scale
from jobs.province.schedule import Schedule, day_number
from jobs.province.settings import SimulateSettings
from jobs.province.stays import LONGEST, at_hospitals, described, hospital_stays
from jobs.province.truth import causes, couple_events, episode_events, events, persons, pregnancy_events
from jobs.province.undelivered import delivered, undelivered
from jobs.province.visit_fees import visit_fees
from jobs.province.visits import outpatient_visits


def live_and_record(
    settings: SimulateSettings,
    facts: ProvinceFacts,
    institutions: Institutions,
    schedule: Schedule,
    scale: Scale,
    blocks: np.ndarray,
) -> tuple[Scene, list[Batch], dict[str, pa.Table]]:
    """The lives in these blocks, the rows sent about them, and the truth by name of its table."""
    draws = Draws(settings.seed)
    first, last = schedule.days
    # a death up to one longest stay after the end may have begun a stay before it, a birth antenatal visits
    years = range(settings.population_on.year, _year(last + max(LONGEST + 10, LENGTH)) + 1)
    lives = simulate_lives(draws, facts, settings.rate, scale, blocks, years)
    scene = Scene(
        draws,
        facts,
        settings,
        institutions,
        schedule,
        lives,
        identity(draws, facts.names, lives.people, settings.dirt),
    )
    start, recent = day_number(settings.population_on), max(first - LOOK_BACK, day_number(settings.population_on))
    visits = outpatient_visits(draws, facts, scale, institutions, lives, _months(recent, last))
    stays = hospital_stays(draws, facts, scale, lives, _months(start, last))
    stays = at_hospitals(draws, facts, institutions, lives, stays)
    stays = stays.at(np.flatnonzero(stays.discharged >= recent))
    visits = out_of_bed(visits, stays)
    dead = deaths(draws, facts, scale, lives, stays)
    registered = register_events(lives, first if settings.backload_from else None)
    infecting = _months(max(recent - LONGEST_WAIT, start), last)
    risk = at_risk(scene, infecting)
    infected, reports = infections(scene, infecting, risk, visits)
    visits = visits.and_(infection_visits(scene, reports, _months(recent, last)))
    all_visits, all_stays, reaches = visits, stays, delivered(scene, visits, stays, dead, registered, reports)
    visits, stays = visits.at(reaches.visit), stays.at(reaches.stay)
    about = described(draws, facts, lives, stays)
    care = encounters(draws, lives, visits, stays, about)
    done = studies(draws, facts, lives, care)
    given, tested = prescribed(draws, facts, lives, care), results(draws, facts, lives, visits, stays, about)
    fees = visit_fees(scene, care, given, done, tested)
    months = _months(recent, last)
    checked = checkups(scene, range(_year(recent), _year(last) + 1))
    followed = followups(scene, range(months.start // 3, (months.stop - 1) // 3 + 1))
    vaccinated, tumours = doses(scene), cancers(scene)
    record: dict[str, Callable[[], Batch]] = {
        "resident_register": lambda: resident_register(scene, registered, reaches.told),
        "registration": lambda: registration(scene, visits),
        "outpatient_visit": lambda: outpatient_visit(scene, visits, care, fees),
        "emr_document": lambda: emr_document(scene, documents(draws, care, done), done),
        "prescription": lambda: prescription(scene, care, given),
        "payment": lambda: payment(scene, care, fees),
        "inpatient_home_page": lambda: inpatient_home_page(scene, stays, about),
        "laboratory": lambda: laboratory(scene, tested),
        "imaging_study": lambda: imaging_study(scene, done),
        "health_checkup": lambda: health_checkup(scene, checked),
        "chronic_followup": lambda: chronic_followup(scene, followed),
        "immunisation": lambda: immunisation(scene, vaccinated),
        "infectious_card": lambda: infectious_card(scene, reports),
        "cancer_card": lambda: cancer_card(scene, tumours),
        "birth_certificate": lambda: birth_certificate(scene, reaches.birth, stays, about),
        "death_certificate": lambda: death_certificate(scene, dead.at(reaches.death)),
    }
    batches = [record[feed]() for feed in settings.feeds]
    also = [
        ("health_checkup", checked.person, checked.day),
        ("chronic_followup", followed.person, followed.day),
        ("vaccination", vaccinated.person, vaccinated.day),
        *infection_events(scene, infected),
        *episode_events(scene),
        *pregnancy_events(scene),
        *couple_events(scene),
    ]
    truth = {
        "event": events(scene, registered, all_visits, all_stays, also),
        "person": persons(scene),
        "cause_of_death": causes(scene, dead),
        "infection": infection_truth(scene, infected),
        "outbreak": outbreak_truth(scene, infected, infecting, risk),
        "undelivered": undelivered(scene, all_visits, all_stays, dead, registered, infected, reaches),
        "cancer": cancer_truth(scene, tumours),
        "hazard": hazards(scene, scale),
        "readmission": readmissions(scene, scale, stays),
    }
    return scene, batches, truth


def _months(first: int, last: int) -> range:
    months = np.array([first, last]).astype("M8[D]").astype("M8[M]").astype(int)
    return range(int(months[0]), int(months[1]) + 1)


def _year(day: int) -> int:
    return int(np.datetime64(day, "D").astype("M8[Y]").astype(int)) + 1970
