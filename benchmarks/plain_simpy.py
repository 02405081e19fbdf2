"""The core of the model as a plain SimPy script, the way one would write it first.

A process for each thing that goes on in a patient (disease, infections, visits, taper), timeouts, interrupts where a
hazard changes, one numpy generator, rows appended to a list. It reads the numbers of the same scenario. Less than the
whole model: no exertion, contraindication, toxicity, non-adherence, dropout, death, diary or spontaneous remission.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy
from scipy import stats

LN2 = math.log(2.0)
YEAR = 365.25
PER_SITE = 300


def draw(rng: np.random.Generator, law: Any, size: int) -> np.ndarray:
    """Draw from a law of the scenario."""
    if law.dist == "fixed":
        return np.full(size, law.parameters["value"])
    return np.asarray(getattr(stats, law.dist)(**law.parameters).rvs(size, random_state=rng))


def log_sd(variation: float) -> float:
    return math.sqrt(math.log1p(variation**2))


class Patient:
    """One patient: what is true, what the clinic believes, and the processes."""

    def __init__(self, env: simpy.Environment, scenario: Any, rng: np.random.Generator, number: int, traits: dict) -> None:
        self.env, self.scenario, self.rng, self.number = env, scenario, rng, number
        self.rows: list[tuple] = []
        self.__dict__.update(traits)  # age, band, lesion, weight, height, upcr levels, blood levels, relapse rate, ...
        self.care = scenario.care.regimen[self.band]
        self.start, self.level, self.slope, self.target = 0.0, self.nephrotic, 0.0, self.nephrotic
        self.blood_time, self.albumin, self.cholesterol = 0.0, 2.0, 400.0
        self.dose = self.mean_dose = self.full = 0.0
        self.alternate, self.windows, self.waiting = False, 0, False
        self.in_remission = False
        self.disease = env.process(self.have_disease())
        env.process(self.have_infections())
        env.process(self.attend())

    # -------------------------------------------------------------------------------------------------- the disease
    def log_upcr(self, t: float) -> float:
        value = self.level + self.slope * (t - self.start)
        if self.slope > 0.0:
            return min(value, self.target)
        return max(value, self.target) if self.slope < 0.0 else value

    def set_path(self, per_day: float, target: float) -> None:
        self.follow_blood()
        self.level, self.start = self.log_upcr(self.env.now), self.env.now
        self.target, self.slope = target, math.copysign(per_day, target - self.level)
        self.rows.append((self.number, "path", self.env.now, self.level, self.slope, target))

    def follow_blood(self) -> None:
        """Albumin and cholesterol up to now, in steps small enough for the moving UPCR."""
        law, fat = self.scenario.disease.albumin, self.scenario.disease.cholesterol
        while self.blood_time < self.env.now:
            here, days = self.log_upcr(self.blood_time), self.env.now - self.blood_time
            if here != self.target:
                days = min(days, 0.25 / abs(self.slope), abs((self.target - here) / self.slope) + 1e-9)
            upcr = math.exp(self.log_upcr(self.blood_time + 0.5 * days))
            clearance = law.catabolism_per_day + law.loss_per_day_per_mg_per_mg * min(upcr, law.loss_saturates_at_mg_per_mg)
            steady = law.catabolism_per_day * self.albumin_normal / clearance
            self.albumin = steady + (self.albumin - steady) * math.exp(-clearance * days)
            goal = self.cholesterol_normal + fat.rise_mg_per_dl_per_g_per_dl * max(self.albumin_normal - self.albumin, 0.0)
            self.cholesterol = goal + (self.cholesterol - goal) * math.exp(-LN2 / fat.half_life_days * days)
            self.blood_time = min(self.blood_time + days, self.env.now)

    def spend(self, budget: float, rate: Any) -> Generator:
        """Spend a budget at a rate that may change: whoever changes it interrupts."""
        while True:
            now, begun = rate(), self.env.now
            self.waiting = True
            try:
                yield self.env.timeout(budget / now) if now > 0.0 else self.env.event()
                return
            except simpy.Interrupt:
                budget = max(budget - now * (self.env.now - begun), 0.0)
            finally:
                self.waiting = False

    def feel_change(self) -> None:
        if self.waiting:
            self.disease.interrupt()

    def response_speed(self) -> float:
        return min(self.mean_dose / self.weight / self.scenario.disease.response_dose_mg_per_kg_per_day, 1.0)

    def relapse_rate(self) -> float:
        law = self.scenario.disease.relapse
        mean = self.mean_dose / self.weight
        effective = mean * law.alternate_day_efficiency if self.alternate else mean
        rate = self.relapses_per_day * math.exp(-law.dose_effect_per_mg_per_kg_per_day * effective)
        if mean < self.threshold:
            rate *= law.below_threshold_factor
        years = math.floor(self.age + self.env.now / YEAR) - law.decline_from_years
        years -= max(math.floor(self.age) - law.decline_from_years, 0.0)
        if years > 0.0:
            rate *= (1.0 - law.decline_per_year) ** years
        return rate * self.scenario.triggers.infection.hazard_factor if self.windows else rate

    def have_disease(self) -> Generator:
        disease = self.scenario.disease
        per_day = LN2 / disease.proteinuria.fall_halving_days[self.lesion]
        law = disease.response[self.band][self.lesion].time_to_remission_days
        shape, scale = law.parameters.get("s", 0.5), law.parameters.get("scale", 14.0)
        low = math.log(disease.proteinuria.remission_below_mg_per_mg)
        goal, target = (low, self.remitted) if self.response == "complete" else (self.partial, self.partial)
        while self.response != "none":
            days = max(self.rng.lognormal(math.log(scale), shape), 0.5)
            fall_days = min((self.nephrotic - goal) / per_day, days)
            yield from self.spend(days - fall_days, self.response_speed)
            self.set_path((self.nephrotic - goal) / fall_days, target)
            yield self.env.timeout(fall_days)
            self.rows.append((self.number, "remission", self.env.now))
            yield from self.spend(self.rng.exponential(), self.relapse_rate)
            self.rows.append((self.number, "relapse", self.env.now))
            self.set_path(LN2 / disease.proteinuria.rise_doubling_days, self.nephrotic)
            if self.rng.random() < disease.late_resistance_probability:
                self.response = "none"

    def have_infections(self) -> Generator:
        law = self.scenario.triggers.infection
        while True:
            step = sum(self.age + self.env.now / YEAR >= years for years in law.from_years) - 1
            yield self.env.timeout(self.rng.exponential() / self.infections_per_day[step])
            self.rows.append((self.number, "infection", self.env.now))
            self.env.process(self.have_window(law.window_days))

    def have_window(self, days: float) -> Generator:
        self.windows += 1
        self.feel_change()
        yield self.env.timeout(days)
        self.windows -= 1
        self.rows.append((self.number, "window ends", self.env.now))
        self.feel_change()

    # ------------------------------------------------------------------------------------------------------- care
    def prescribe(self, milligrams: float, alternate: bool = False) -> None:
        tablet = self.scenario.care.tablet_mg
        self.dose, self.alternate = math.floor(milligrams / tablet + 0.5) * tablet, alternate
        self.mean_dose = self.dose / 2.0 if alternate else self.dose
        self.rows.append((self.number, "dose", self.env.now, self.dose, alternate))
        self.feel_change()

    def milligrams(self, amount: float, per: str, cap: float) -> float:
        surface = (4.0 * self.weight + 7.0) / (self.weight + 90.0)
        return min(amount * {"m2": surface, "kg": self.weight, "patient": 1.0, "full": self.full}[per], cap)

    def taper(self, wait: float, steps: list) -> Generator:
        try:
            yield self.env.timeout(wait)
            self.on_full_dose = False
            for step in steps:
                self.prescribe(self.milligrams(step.amount, step.per, step.cap_mg), step.schedule == "alternate_day")
                yield self.env.timeout(7.0 * step.weeks)
            self.prescribe(0.0)
        except simpy.Interrupt:
            return

    def start_course(self, course: Any) -> None:
        if self.tapering is not None and self.tapering.is_alive:
            self.tapering.interrupt()
        self.course, self.on_full_dose, self.since = course, True, self.env.now
        self.full = self.milligrams(course.dose.amount, course.dose.per, course.dose.cap_mg)
        self.prescribe(self.full)

    def attend(self) -> Generator:
        """Presentation, then visit after visit."""
        watch, plan = self.care.watch, self.care.visits
        self.tapering: Any = None
        yield self.env.timeout(self.presentation)
        self.start_course(self.care.first)
        belief, low, high = "nephrotic", 0, 0
        while True:
            upcr = self.read()
            low = low + 1 if upcr <= watch.remission_mg_per_mg else 0
            high = high + 1 if upcr >= watch.relapse_mg_per_mg else 0
            if belief != "remission" and low >= watch.remission_readings:
                belief = "remission"
                full_days = 7.0 * self.course.full_dose_weeks
                wait = max(self.since + full_days - self.env.now, self.course.after_remission_days)
                if self.on_full_dose:
                    self.tapering = self.env.process(self.taper(wait, self.course.taper))
            elif belief == "nephrotic" and self.env.now - self.since >= 7.0 * self.course.resistance_weeks and not low:
                belief = "resistant"
                self.tapering = self.env.process(self.taper(0.0, self.care.withdrawal))
            elif belief == "remission" and high >= watch.relapse_readings:
                belief = "nephrotic"
                self.start_course(self.care.relapse)
            if (belief == "remission" and high) or (belief != "remission" and low):
                days = watch.confirm_after_days
            elif self.on_full_dose:
                days = plan.full_dose_days
            elif belief == "resistant":
                days = plan.resistant_days
            else:
                days = plan.taper_days if self.dose else plan.off_treatment_days
            yield self.env.timeout(days)

    def read(self) -> float:
        """Take the seven readings; return UPCR (mg/mg)."""
        self.follow_blood()
        readings, now, rows = self.scenario.readings, self.env.now, self.rows
        z = self.rng.standard_normal(7).tolist()
        level = self.log_upcr(now)
        true, assay = math.exp(level), readings.upcr
        part = (math.log(assay.variation_at_high) - math.log(assay.variation_at_low)) / math.log(
            assay.high_mg_per_mg / assay.low_mg_per_mg
        )
        place = min(max(true, assay.low_mg_per_mg), assay.high_mg_per_mg)
        sd = log_sd(assay.variation_at_low * (place / assay.low_mg_per_mg) ** part)
        rows.append((self.number, "visit", now))
        upcr = max(true * math.exp(sd * z[0] - sd * sd / 2.0), assay.detection_limit_mg_per_mg)
        rows.append((self.number, "upcr", now, upcr, true))
        urine = readings.dipstick.urine_creatinine_mg_per_dl.parameters
        concentration = true * urine["scale"] * math.exp(urine["s"] * z[1])
        band = sum(concentration >= cut for cut in readings.dipstick.cuts_mg_per_dl)
        rows.append((self.number, "dipstick", now, band, band))
        height = self.height * self.scenario.disease.kidney_function.male_constant[self.band] / self.filtration
        weight = self.weight * (1.1 if self.albumin < self.scenario.disease.albumin.oedema_below_g_per_dl else 1.0)
        for name, value, sd, score in (
            ("albumin", self.albumin, log_sd(readings.albumin.variation), z[2]),
            ("creatinine", height, log_sd(readings.creatinine_variation), z[3]),
            ("cholesterol", self.cholesterol, log_sd(readings.cholesterol_variation), z[4]),
            ("weight", weight, log_sd(readings.weight_variation), z[5]),
        ):
            rows.append((self.number, name, now, value * math.exp(sd * score - sd * sd / 2.0), value))
        if upcr <= readings.uacr.when_upcr_at_most_mg_per_mg:
            true, sd = true * readings.uacr.albumin_share_of_protein, log_sd(readings.uacr.variation)
            rows.append((self.number, "uacr", now, true * math.exp(sd * z[6] - sd * sd / 2.0), true))
        return upcr


def draw_traits(scenario: Any, rng: np.random.Generator, count: int) -> list[dict]:
    """Draw who the patients are, all at once."""
    bands = scenario.population.bands
    disease, levels, growth = scenario.disease, scenario.disease.proteinuria, scenario.population.growth
    columns = {
        "nephrotic": np.log(draw(rng, levels.nephrotic_mg_per_mg, count)),
        "partial": np.log(draw(rng, levels.partial_mg_per_mg, count)),
        "remitted": np.log(np.minimum(draw(rng, levels.remission_mg_per_mg, count), 0.18)),
        "albumin_normal": draw(rng, disease.albumin.normal_g_per_dl, count),
        "cholesterol_normal": draw(rng, disease.cholesterol.normal_mg_per_dl, count),
        "filtration": draw(rng, disease.kidney_function.gfr_ml_per_min_per_1_73_m2, count),
        "presentation": draw(rng, scenario.care.presentation_delay_days, count),
    }
    people = [dict(zip(columns, values, strict=True)) for values in zip(*(c.tolist() for c in columns.values()), strict=True)]
    for person, name in zip(people, rng.choice(list(bands), count, p=[b.share for b in bands.values()]), strict=True):
        band, relapse = bands[str(name)], disease.relapse.bands[str(name)]
        mix = band.lesion_mix
        lesion = rng.choice(list(mix), p=np.array(list(mix.values())) / sum(mix.values()))
        share = disease.response[str(name)][lesion]
        person["band"], person["lesion"] = str(name), lesion
        person["response"] = rng.choice(
            ["complete", "partial", "none"], p=[share.complete, share.partial, 1.0 - share.complete - share.partial]
        )
        person["age"] = age = rng.uniform(band.from_years, band.to_years)
        person["weight"] = np.interp(age, growth.age_years, growth.male_weight_kg) * rng.lognormal(0.0, band.weight_log_sd)
        person["height"] = np.interp(age, growth.age_years, growth.male_height_cm)
        frailty = rng.gamma(relapse.frailty_shape) / relapse.frailty_shape
        factor = 0.0 if rng.random() < relapse.never_relapsing_share else disease.relapse.lesion_factor[lesion]
        person["relapses_per_day"] = relapse.rate_per_year / YEAR * frailty * factor
        person["threshold"] = 0.5 if rng.random() < relapse.threshold_share else 0.0
        infection = scenario.triggers.infection
        person["infections_per_day"] = [
            max(rate * rng.gamma(shape) / shape, 1e-3) / YEAR
            for rate, shape in zip(infection.rate_per_year, infection.shape, strict=True)
        ]
        person["partial"] = min(person["partial"], person["nephrotic"] - LN2)
    return people


def simulate(scenario: Any, count: int, seed: int = 1) -> tuple[int, int]:
    """Simulate some patients, one environment a site; return the number of rows and of visits."""
    rng = np.random.default_rng(seed)
    rows = visits = 0
    for first in range(0, count, PER_SITE):
        env = simpy.Environment()
        traits = draw_traits(scenario, rng, min(PER_SITE, count - first))
        site = [Patient(env, scenario, rng, first + i, own) for i, own in enumerate(traits)]
        env.run(until=scenario.population.follow_up_days)
        rows += sum(len(patient.rows) for patient in site)
        visits += sum(row[1] == "visit" for patient in site for row in patient.rows)
    return rows, visits
