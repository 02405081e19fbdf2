"""The core of the model as a plain SimPy script, written in the obvious way.

A process for each thing that goes on in a patient (disease, infections, visits, taper), timeouts, interrupts where a
hazard changes, one numpy generator, rows appended to a list. It reads the numbers of the same scenario. Less than the
whole model: no exertion, contraindication, toxicity, non-adherence, dropout, death, diary or spontaneous remission.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from benchmarks.plain_traits import draw_traits

LN2 = math.log(2.0)
YEAR = 365.25
PER_SITE = 300


def log_sd(variation: float) -> float:
    return math.sqrt(math.log1p(variation**2))


def noise(sd: float, score: float) -> float:
    """Lognormal error of mean 1."""
    return math.exp(sd * score - 0.5 * sd * sd)


class Laboratory:
    """Values that all readings share, computed once."""

    def __init__(self, scenario: Any) -> None:
        self.readings = readings = scenario.readings
        self.albumin, self.uacr = log_sd(readings.albumin.variation), log_sd(readings.uacr.variation)
        self.creatinine, self.cholesterol = (
            log_sd(readings.creatinine_variation),
            log_sd(readings.cholesterol_variation),
        )
        self.weight = log_sd(readings.weight_variation)
        assay = readings.upcr
        change = math.log(assay.variation_at_high / assay.variation_at_low)
        self.power = change / math.log(assay.high_mg_per_mg / assay.low_mg_per_mg)
        urine = readings.dipstick.urine_creatinine_mg_per_dl.parameters
        self.urine_scale, self.urine_sd = urine["scale"], urine["s"]
        self.creatinine_constant = scenario.disease.kidney_function.male_constant
        self.oedema_below = scenario.disease.albumin.oedema_below_g_per_dl

    def upcr_sd(self, upcr: float) -> float:
        assay = self.readings.upcr
        place = min(max(upcr, assay.low_mg_per_mg), assay.high_mg_per_mg)
        return log_sd(assay.variation_at_low * (place / assay.low_mg_per_mg) ** self.power)

    def band(self, upcr: float, score: float) -> int:
        concentration = upcr * self.urine_scale * math.exp(self.urine_sd * score)
        return bisect.bisect_right(self.readings.dipstick.cuts_mg_per_dl, concentration)


class Patient:
    """One patient: true state, clinical assessment and processes."""

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Any,
        lab: Laboratory,
        rng: np.random.Generator,
        number: int,
        traits: dict,
    ) -> None:
        self.env, self.scenario, self.lab, self.rng, self.number = env, scenario, lab, rng, number
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
        """Update albumin and cholesterol, in steps small enough for the changing UPCR."""
        settings, fat = self.scenario.disease.albumin, self.scenario.disease.cholesterol
        while self.blood_time < self.env.now:
            here, days = self.log_upcr(self.blood_time), self.env.now - self.blood_time
            if here != self.target:
                days = min(days, 0.25 / abs(self.slope), abs((self.target - here) / self.slope) + 1e-9)
            upcr = math.exp(self.log_upcr(self.blood_time + 0.5 * days))
            loss = settings.loss_per_day_per_mg_per_mg * min(upcr, settings.loss_saturates_at_mg_per_mg)
            clearance = settings.catabolism_per_day + loss
            steady = settings.catabolism_per_day * self.albumin_normal / clearance
            self.albumin = steady + (self.albumin - steady) * math.exp(-clearance * days)
            lack = max(self.albumin_normal - self.albumin, 0.0)
            goal = self.cholesterol_normal + fat.rise_mg_per_dl_per_g_per_dl * lack
            self.cholesterol = goal + (self.cholesterol - goal) * math.exp(-LN2 / fat.half_life_days * days)
            self.blood_time = min(self.blood_time + days, self.env.now)

    def spend(self, budget: float, rate: Any) -> Generator:
        """Spend a budget at a rate that may change; a change of the rate interrupts."""
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
        settings = self.scenario.disease.relapse
        mean = self.mean_dose / self.weight
        effective = mean * settings.alternate_day_efficiency if self.alternate else mean
        protected = math.exp(-settings.dose_effect_per_mg_per_kg_per_day * effective)
        below = settings.bands[self.band].below_threshold_factor
        rate = self.relapses_per_day * (below if mean < self.threshold else protected)
        years = math.floor(self.age + self.env.now / YEAR) - max(math.floor(self.age), settings.decline_from_years)
        if years > 0.0:
            rate *= (1.0 - settings.bands[self.band].decline_per_year) ** years
        return rate * self.scenario.triggers.infection.hazard_factor if self.windows else rate

    def have_disease(self) -> Generator:
        disease = self.scenario.disease
        per_day = LN2 / disease.proteinuria.fall_halving_days[self.lesion]
        settings = disease.response[self.band][self.lesion].time_to_remission_days
        shape, scale = settings.parameters["s"], settings.parameters["scale"]
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
            if self.env.now >= self.resistant_from:
                self.response = "none"

    def have_infections(self) -> Generator:
        settings = self.scenario.triggers.infection
        while True:
            step = sum(self.age + self.env.now / YEAR >= years for years in settings.from_years) - 1
            yield self.env.timeout(self.rng.exponential() / self.infections_per_day[step])
            self.rows.append((self.number, "infection", self.env.now))
            self.env.process(self.have_window(settings.window_days))

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
        """Presentation, then one visit after another."""
        watch, plan = self.care.watch, self.care.visits
        self.tapering: Any = None
        yield self.env.timeout(self.presentation)
        self.start_course(self.care.first)
        view, low, high = "nephrotic", 0, 0
        while True:
            upcr = self.read()
            low = low + 1 if upcr <= watch.remission_mg_per_mg else 0
            high = high + 1 if upcr >= watch.relapse_mg_per_mg else 0
            if view != "remission" and low >= watch.remission_readings:
                view = "remission"
                full_days = 7.0 * self.course.full_dose_weeks
                wait = max(self.since + full_days - self.env.now, self.course.after_remission_days)
                if self.on_full_dose:
                    self.tapering = self.env.process(self.taper(wait, self.course.taper))
            elif view == "nephrotic" and self.env.now - self.since >= 7.0 * self.course.resistance_weeks and not low:
                view = "resistant"
                self.tapering = self.env.process(self.taper(0.0, self.care.withdrawal))
            elif view == "remission" and high >= watch.relapse_readings:
                view = "nephrotic"
                self.start_course(self.care.relapse)
            if (view == "remission" and high) or (view != "remission" and low):
                days = watch.confirm_after_days
            elif self.on_full_dose:
                days = plan.full_dose_days
            elif view == "resistant":
                days = plan.resistant_days
            else:
                days = plan.taper_days if self.dose else plan.off_treatment_days
            yield self.env.timeout(days)

    def read(self) -> float:
        """Take the seven readings; return UPCR (mg/mg)."""
        self.follow_blood()
        lab, now, number, rows = self.lab, self.env.now, self.number, self.rows
        z = self.rng.standard_normal(7).tolist()
        true = math.exp(self.log_upcr(now))
        rows.append((number, "visit", now))
        upcr = max(true * noise(lab.upcr_sd(true), z[0]), lab.readings.upcr.detection_limit_mg_per_mg)
        rows.append((number, "upcr", now, upcr, true))
        rows.append((number, "dipstick", now, lab.band(true, z[1])))
        rows.append((number, "albumin", now, self.albumin * noise(lab.albumin, z[2]), self.albumin))
        creatinine = self.height * lab.creatinine_constant[self.band] / self.filtration
        rows.append((number, "creatinine", now, creatinine * noise(lab.creatinine, z[3]), creatinine))
        rows.append((number, "cholesterol", now, self.cholesterol * noise(lab.cholesterol, z[4]), self.cholesterol))
        weight = self.weight * (1.1 if self.albumin < lab.oedema_below else 1.0)
        rows.append((number, "weight", now, weight * noise(lab.weight, z[5]), weight))
        if upcr <= lab.readings.uacr.when_upcr_at_most_mg_per_mg:
            uacr = true * lab.readings.uacr.albumin_share_of_protein
            rows.append((number, "uacr", now, uacr * noise(lab.uacr, z[6]), uacr))
        return upcr


def simulate(scenario: Any, count: int, seed: int = 1) -> tuple[int, int]:
    """Simulate patients with one environment per site; return the numbers of rows and visits."""
    rng, lab = np.random.default_rng(seed), Laboratory(scenario)
    rows = visits = 0
    for first in range(0, count, PER_SITE):
        env = simpy.Environment()
        traits = draw_traits(scenario, rng, min(PER_SITE, count - first))
        site = [Patient(env, scenario, lab, rng, first + i, patient_traits) for i, patient_traits in enumerate(traits)]
        env.run(until=scenario.population.follow_up_days)
        rows += sum(len(patient.rows) for patient in site)
        visits += sum(row[1] == "visit" for patient in site for row in patient.rows)
    return rows, visits
