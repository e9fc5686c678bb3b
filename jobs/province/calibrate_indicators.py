"""Which published indicator is counted by which function, on what scale, and in what.

Survey figures are counted in the truth, service figures in what was delivered.
"""

from __future__ import annotations

from dataclasses import dataclass

from jobs.province.calibrate_bodies import (
    bmi,
    body,
    drinking,
    high_cholesterol,
    kidney_disease,
    of_a_minority,
    pressure_controlled,
    smokers,
    sugar_controlled,
    taking_drugs,
    taking_drugs_of_known,
)
from jobs.province.calibrate_counts import (
    Counting,
    births,
    boys_per_girl,
    boys_per_girl_born,
    cancers_found,
    deaths,
    deaths_by_code,
    delivered,
    delivered_mean,
    first_onsets,
    have,
    have_that_condition,
    in_city,
    infant_deaths,
    insured_as,
    known,
    known_of_all,
    lung_among_cancers,
    nights,
    of_age_first,
    people_per_household,
    share_of_births,
    stroke_stays_of,
    twin_deliveries,
)
from jobs.province.calibrate_published import CHINA, CHINA_RESIDENTS, OLDEST, Published

TRUTH, DELIVERED = "truth", "delivered"
RATE, LIFE_TABLE, SEGI = "rate", "life table", "segi"  # how the parts of a figure come together
FIVES = tuple((a, a + 4) for a in range(5, 85, 5))
LIFE_AGES = ((0, 0), (1, 4), *FIVES, (85, 89), (90, 94), (95, OLDEST))
SEGI_AGES = ((0, 4), *FIVES, (85, OLDEST))


@dataclass(frozen=True)
class Indicator:
    """One indicator. ``per``: what its rate is multiplied by, the place's residents (of 2020, China's of 2022) if
    null; ``needs``: the conditions it is about, any of which; ``zero_is_unsimulated``: none at all means no such event
    can happen in the simulation."""

    name_zh: str
    count: Counting
    per: float | None = 1.0
    against: str = TRUTH
    made_of: str = RATE
    needs: tuple[str, ...] = ()
    mortality: bool = False
    zero_is_unsimulated: bool = False

    def parts(self, row: Published) -> tuple[tuple[int, int], ...]:
        """The ages that are counted apart."""
        return {LIFE_TABLE: LIFE_AGES, SEGI: SEGI_AGES}.get(self.made_of, ((row.age_from, row.age_to),))

    def scale(self, row: Published, residents: float) -> float:
        """What the rate is multiplied by; ``residents``: the province's."""
        if self.per is not None:
            return self.per
        return CHINA_RESIDENTS if row.place == CHINA else residents


def _prevalence(name_zh: str, *conditions: str) -> Indicator:
    return Indicator(name_zh, have(*conditions), 100.0, needs=conditions)


DIABETES = ("diabetes", "type1_diabetes")
INDICATORS = {
    "city_population": Indicator("常住人口", in_city, None),
    "age_share": Indicator("年龄构成", of_age_first, 100.0),
    "avg_household_size": Indicator("平均家庭户规模", people_per_household),
    "births": Indicator("出生人数", births, None),
    "crude_birth_rate": Indicator("出生率", births, 1000.0),
    "sex_ratio_at_birth": Indicator("出生性别比", boys_per_girl_born, 100.0),
    "sex_ratio_age_0": Indicator("0岁性别比", boys_per_girl, 100.0),
    "deaths": Indicator("死亡人数", deaths, None, mortality=True),
    "crude_death_rate": Indicator("死亡率", deaths, 1000.0, mortality=True),
    "infant_mortality": Indicator("婴儿死亡率", infant_deaths, 1000.0, mortality=True),
    "life_expectancy": Indicator("平均预期寿命", deaths, made_of=LIFE_TABLE, mortality=True),
    "visits_per_person": Indicator("人均诊疗人次", delivered("outpatient_visit"), against=DELIVERED),
    "total_visits": Indicator("总诊疗人次", delivered("outpatient_visit"), None, DELIVERED),
    "admissions": Indicator("入院人次", delivered("inpatient_home_page"), None, DELIVERED),
    "admission_rate": Indicator("年住院率", delivered("inpatient_home_page"), 100.0, DELIVERED),
    "mean_length_of_stay_hospital": Indicator("平均住院日", nights, against=DELIVERED),
    "cost_per_hospital_outpatient_visit": Indicator(
        "次均门诊费用", delivered_mean("outpatient_visit", "total_fee"), against=DELIVERED
    ),
    "cost_per_hospital_admission": Indicator(
        "次均住院费用", delivered_mean("inpatient_home_page", "total_fee"), against=DELIVERED
    ),
    "insurance_employee_share": Indicator("职工医保占比", insured_as(0), 100.0),
    "insurance_resident_share": Indicator("居民医保占比", insured_as(1), 100.0),
    "hypertension_prevalence": _prevalence("高血压患病率", "hypertension"),
    "hypertension_prevalence_ccdrfs": _prevalence("高血压患病率", "hypertension"),
    "hypertension_diagnosed_share": Indicator("高血压知晓率", known("hypertension"), 100.0, needs=("hypertension",)),
    "hypertension_treated_share_of_diagnosed": Indicator(
        "高血压治疗率(已诊断者)", taking_drugs_of_known("hypertension"), 100.0, needs=("hypertension",)
    ),
    "hypertension_control_overall": Indicator("高血压控制率", pressure_controlled, 100.0, needs=("hypertension",)),
    "diabetes_prevalence": _prevalence("糖尿病患病率", *DIABETES),
    "diabetes_prevalence_shape": _prevalence("糖尿病患病率", *DIABETES),
    "diabetes_awareness": Indicator("糖尿病知晓率", known(*DIABETES), 100.0, needs=DIABETES),
    "diabetes_self_reported": Indicator("自报糖尿病", known_of_all(*DIABETES), 100.0, needs=DIABETES),
    "diabetes_treated": Indicator("糖尿病治疗率", taking_drugs(*DIABETES), 100.0, needs=DIABETES),
    "diabetes_control_among_treated": Indicator("糖尿病控制率", sugar_controlled(*DIABETES), 100.0, needs=DIABETES),
    "copd_prevalence": _prevalence("慢阻肺患病率", "copd"),
    "ckd_prevalence": Indicator("慢性肾脏病患病率", kidney_disease, 100.0, needs=("ckd",)),
    "ckd_egfr_below_60": _prevalence("eGFR<60", "ckd"),
    "hbsag_prevalence": _prevalence("HBsAg流行率", "hepatitis_b"),
    "hbsag_prevalence_meta": _prevalence("HBsAg流行率", "hepatitis_b"),
    "stroke_prevalence": _prevalence("脑卒中患病率", "stroke"),
    "stroke_incidence": Indicator("脑卒中发病率", first_onsets("stroke"), 1e5, needs=("stroke",)),
    "stroke_mortality": Indicator("脑卒中死亡率", deaths_by_code, 1e5, needs=("stroke",), mortality=True),
    "share_ischaemic_among_incident_stroke": Indicator(
        "缺血性卒中构成", stroke_stays_of, 100.0, DELIVERED, needs=("stroke",), zero_is_unsimulated=True
    ),
    "share_ich_among_incident_stroke": Indicator(
        "脑出血构成", stroke_stays_of, 100.0, DELIVERED, needs=("stroke",), zero_is_unsimulated=True
    ),
    "share_sah_among_incident_stroke": Indicator(
        "蛛网膜下腔出血构成", stroke_stays_of, 100.0, DELIVERED, needs=("stroke",), zero_is_unsimulated=True
    ),
    "overweight_prevalence_bmi_24": Indicator("超重率", body(lambda b: (bmi(b) >= 24) & (bmi(b) < 28)), 100.0),
    "obesity_prevalence_bmi_28": Indicator("肥胖率", body(lambda b: bmi(b) >= 28), 100.0),
    "mean_height_18_44": Indicator("平均身高", body(lambda b: b.height)),
    "mean_weight": Indicator("平均体重", body(lambda b: b.weight)),
    "smoking_prevalence": Indicator("现在吸烟率", smokers, 100.0),
    "drinking_30d": Indicator("30天内饮酒率", drinking, 100.0),
    "high_cholesterol_prevalence": Indicator("高胆固醇血症患病率", high_cholesterol, 100.0),
    "ethnic_minority_share": Indicator("少数民族人口占比", of_a_minority, 100.0),
    "multiple_births": Indicator("多胎分娩占比", twin_deliveries, 100.0),
    "preterm_rate_live_births": Indicator("早产率", share_of_births("gestational_weeks", 20, 36), 100.0, DELIVERED),
    "early_preterm_28_33w": Indicator("早期早产率", share_of_births("gestational_weeks", 28, 33), 100.0, DELIVERED),
    "low_birth_weight": Indicator("低出生体重率", share_of_births("birth_weight_g", 500, 2499), 100.0, DELIVERED),
    "macrosomia": Indicator("巨大儿率", share_of_births("birth_weight_g", 4000, 9000), 100.0, DELIVERED),
    "cancer_incidence_crude": Indicator("恶性肿瘤发病率", cancers_found, 1e5, DELIVERED),
    "cancer_new_cases": Indicator("恶性肿瘤新发病例", cancers_found, None, DELIVERED),
    "cancer_asir_segi": Indicator("恶性肿瘤标化发病率", cancers_found, 1e5, DELIVERED, SEGI),
    "cancer_incidence_of_site": Indicator("发病率", cancers_found, 1e5, DELIVERED, zero_is_unsimulated=True),
    "lung_cancer_new_cases": Indicator("肺癌新发病例", cancers_found, None, DELIVERED),
    "lung_share_of_cancers": Indicator("肺癌占全部癌症", lung_among_cancers, 100.0, DELIVERED),
    "cancer_mortality_crude": Indicator("恶性肿瘤死亡率", deaths_by_code, 1e5, mortality=True),
    "cancer_asmr_segi": Indicator("恶性肿瘤标化死亡率", deaths_by_code, 1e5, made_of=SEGI, mortality=True),
    "cancer_mortality_of_site": Indicator("死亡率", deaths_by_code, 1e5, mortality=True, zero_is_unsimulated=True),
    "lung_cancer_deaths": Indicator("肺癌死亡人数", deaths_by_code, None, mortality=True),
    "condition_prevalence": Indicator("患病率", have_that_condition, 100.0),
}
