"""Settings of how records differ from life: the recording model's, and the shares of each kind of dirt."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Coding:
    """How diagnoses are coded in one setting. What is not coded under its own category is ``missing``, a ``symptom``,
    and so on, in proportion to these weights."""

    sensitivity: float
    predictive_value: float
    rule_out_said: float
    missing: float
    symptom: float
    unspecified: float
    neighbouring: float
    local: float
    outside: float
    traditional: float

    @property
    def misses(self) -> tuple[float, ...]:
        """The weights of the ways to miss, in the order of the fields."""
        return tuple(getattr(self, f.name) for f in fields(Coding)[3:])


@dataclass(frozen=True)
class Recording:
    """How codes come out of what was the matter, by setting, and which edition institutions code by, as shares."""

    national_edition: float
    insurance_edition: float
    outpatient: Coding
    inpatient: Coding
    death: Coding


@dataclass(frozen=True)
class Dirt:
    """Shares of people, institutions or delivered rows with each kind of defect; ``conf/dirt`` says of which."""

    spread: float
    clerk_spread: float
    registry_multiple: float
    person_without_id: float
    person_permit: float
    permit_hong_kong: float
    permit_macao: float
    person_foreign: float
    foreigner_new_card: float
    foreigner_old_card: float
    person_soldier: float
    person_minority_name: float
    person_rare_character: float
    person_lunar_birthday: float
    person_namesake: float
    newborn_temporary_name: float
    id_missing: float
    id_mistyped: float
    id_15_digit: float
    id_borrowed: float
    id_full_width: float
    id_of_mother: float
    id_military: float
    name_homophone: float
    homophone_of_surname: float
    name_spaced: float
    name_cut_short: float
    name_dot: float
    name_pinyin: float
    sex_code_unknown: float
    birth_date_impossible: float
    birth_day_month: float
    birth_digits: float
    birth_lunar: float
    county_old_code: float
    phone_placeholder: float
    phone_full_width: float
    age_text: float
    age_full_width: float
    event_date_impossible: float
    clock_a_day_off: float
    row_repeated: float
    row_late: float
    row_corrected: float
    row_of_two_systems: float
    file_repeated: float
    file_withdrawn: float
    lab_other_unit: float
    lab_local_name: float
    weight_in_jin: float
    pressure_in_kpa: float
    text_line_end: float
    code_other_edition: float
    code_full_width: float
