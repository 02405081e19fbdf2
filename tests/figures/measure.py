"""What the imitated studies measured, in simulated cohorts: every figure as a number."""

from __future__ import annotations

import numpy as np

from nephrosyn import terms

from .cohorts import MONTH, YEAR, drug, free, play

CHILDREN = 5000
EIGHT_WEEKS, TWELVE_WEEKS = 56, 84


def _relapse_free(cohort, origin, days):
    """Share without relapse some days after each patient's origin."""
    since = np.where(np.isfinite(origin), origin, 0.0)
    return free(origin, cohort.first("relapse", after=since), cohort.end, [days])[0]


def after_cyclophosphamide(name, years, patients=CHILDREN, weeks=12):
    """Share without relapse some years after the end of cyclophosphamide."""
    override = f"second_line.regimens.cyclophosphamide_oral.course_days={weeks * 7}"
    cohort = play(name, patients, override)
    return _relapse_free(cohort, cohort.first("agent_stopped", drug("cyclophosphamide")), years * YEAR)


def yearly_relapses(name, after):
    """Mean yearly relapses in the year before cyclophosphamide, or in the two years after it."""
    cohort = play(name, CHILDREN)
    start, stop = (cohort.first(f"agent_{what}", drug("cyclophosphamide")) for what in ("started", "stopped"))
    here = cohort.end >= stop + 2 * YEAR
    start, stop = np.where(here, start, 0.0), np.where(here, stop, 0.0)
    if after:
        return float(cohort.count("relapse", stop, stop + 2 * YEAR)[here].mean() / 2)
    return float(cohort.count("relapse", start - YEAR, start)[here].mean())


def year_on(name, agent):
    """Share without relapse in the first year on an agent."""
    cohort = play(name, CHILDREN)
    return _relapse_free(cohort, cohort.first("agent_started", drug(agent)), YEAR)


def after_ciclosporin():
    """Share without relapse two years after a whole course of two years of ciclosporin."""
    cohort = play("e13-ciclosporin", CHILDREN)
    start = cohort.first("agent_started", drug("ciclosporin"))
    stop = cohort.first("agent_stopped", drug("ciclosporin"))
    whole = np.isfinite(stop) & (stop >= start + 730)
    return _relapse_free(cohort, np.where(whole, stop, np.inf), 24 * MONTH)


def after_rituximab(name):
    """Share still in remission six months after rituximab, or after an infusion without effect."""
    cohort = play(name, 3 * CHILDREN)
    return _relapse_free(cohort, cohort.first("agent_started", drug("rituximab")), 6 * MONTH)


def resistant_on_rituximab():
    """Share of children in complete or partial remission within six months of rituximab, of those not in it before."""
    cohort = play("e15-rituximab", 3000)
    origin = cohort.first("agent_started", drug("rituximab"))
    since = np.where(np.isfinite(origin), origin, 0.0)
    here = np.isfinite(origin) & (cohort.end >= origin + 6 * MONTH)
    reached = [cohort.first(f"{kind}_remission", after=since) for kind in ("complete", "partial")]
    return float(np.mean((np.minimum(*reached) - since)[here] <= 6 * MONTH))


def _days_to_relapse(name):
    cohort = play(name, CHILDREN)
    origin = cohort.first("agent_started", drug("levamisole"))
    here = np.isfinite(origin)
    last = np.minimum(cohort.first("relapse", after=np.where(here, origin, 0.0)), cohort.end)
    return last[here] - origin[here]


def levamisole_hazard_ratio():
    """First relapses per day from day 100 to a year, levamisole over placebo."""
    rates = []
    for name in ("e19-levamisole", "e19-placebo"):
        days = _days_to_relapse(name)
        late = days[days > 100]
        rates.append(np.sum(late <= YEAR) / np.sum(np.minimum(late, YEAR) - 100))
    return float(rates[0] / rates[1])


def _thrombosis(name, patients, lesion=None, renal=True):
    """Days from presentation to the first venous thrombosis and to the end, of those without one before."""
    cohort = play(name, patients)
    seen = cohort.traits["presentation_days"]
    first = cohort.first("venous_thrombosis")
    in_kidney = cohort.first("renal_vein_thrombosis")
    here = np.minimum(first, in_kidney) > seen
    if lesion:
        here &= cohort.traits["lesion"] == terms.LESIONS.index(lesion)
    if renal:
        first = np.minimum(first, in_kidney)
    return (first - seen)[here], (cohort.end - seen)[here]


def thrombosis_rate(days):
    """First venous thromboses per person-year up to some days after presentation."""
    first, end = _thrombosis("f01-groningen", 6000)
    years = np.minimum(np.minimum(first, end), days) / YEAR
    return float(np.sum(first <= days) / years.sum())


def thrombosis_share(lesion, renal=True):
    """Share with a venous thrombosis in 63 months."""
    first, _ = _thrombosis("f04-toronto", 12000, lesion, renal)
    return float(np.isfinite(first).mean())


def infected():
    """Share of children with a serious infection within 32 months."""
    cohort = play("f06-india", CHILDREN)
    return 1.0 - free(np.zeros(len(cohort)), cohort.first("serious_infection"), cohort.end, [973])[0]


def _diabetes():
    cohort = play("adult-mixed-lesions", 10000)
    steroid = cohort.doses["patient"][cohort.doses["code"] == drug("prednisone")]
    treated = np.bincount(steroid, minlength=len(cohort)) > 0
    days = cohort.first("steroid_toxicity", terms.TOXICITIES.index("steroid_diabetes"))
    return (days - cohort.traits["presentation_days"])[treated]


def steroid_diabetes():
    """Share of adults on steroid with steroid diabetes in two years."""
    return float(np.isfinite(_diabetes()).mean())


def steroid_diabetes_within_a_year():
    """Of adults with steroid diabetes, the share within a year."""
    days = _diabetes()
    return float((days[np.isfinite(days)] <= YEAR).mean())


STATES = ("complete_remission", "partial_remission", "relapse", "kidney_failure")


def in_state(wanted):
    """Share of resistant children who end in a state after 4.64 years; "relapse" stands for no remission."""
    cohort = play("f17-south-china", 3000)
    last = np.full(len(cohort), -1.0)
    state = np.full(len(cohort), STATES.index("relapse"))
    for number, event in enumerate(STATES):
        rows = cohort.all(event)
        when = np.full(len(cohort), -1.0)
        np.maximum.at(when, rows["patient"], rows["time"])
        state[when > last] = number
        last = np.maximum(last, when)
    state[np.isfinite(cohort.first("death"))] = -1
    return float(np.mean(state == STATES.index(wanted)))


def renal_survival(years):
    """Share of resistant children without kidney failure, some years after onset."""
    cohort = play("f18-brazil", 3000)
    return free(np.zeros(len(cohort)), cohort.first("kidney_failure"), cohort.end, [years * YEAR])[0]


def _rate(events, days):
    return len(events) / np.sum(days)


def thrombosis_ratio_per_g_per_dl():
    """Hazard of thrombosis for each g/dL less of albumin, below the knee: at 2.52 and at 1.8 g/dL."""
    rates = []
    for loss in (0.003, 0.006):
        cohort = play("law-nephrotic", 6000, f"disease.albumin.loss_per_day_per_mg_per_mg={loss}")
        first = np.minimum(cohort.first("venous_thrombosis"), cohort.first("renal_vein_thrombosis"))
        rates.append(np.isfinite(first).sum() / np.minimum(first, cohort.end).sum())
    albumin = [0.036 * 4.2 / (0.036 + 8 * loss) for loss in (0.003, 0.006)]
    return float((rates[1] / rates[0]) ** (1.0 / (albumin[0] - albumin[1])))


def infection_ratio_by_albumin():
    """Hazard of serious infection at an albumin of 1.4 g/dL over that at 1.8 g/dL."""
    cohorts = [
        play("law-nephrotic", 6000, f"disease.albumin.loss_per_day_per_mg_per_mg={loss}") for loss in (0.009, 0.006)
    ]
    low, higher = (_rate(cohort.all("serious_infection"), cohort.end) for cohort in cohorts)
    return float(low / higher)


def infection_ratio_by_dose():
    """Hazard of serious infection on 1 mg/kg/day of steroid over that without: twelve weeks, and after withdrawal."""
    cohort = play("law-nephrotic", 6000, "disease.albumin.loss_per_day_per_mg_per_mg=0.006")
    start = cohort.traits["presentation_days"]
    stop = cohort.first("steroid_stopped")
    whole = np.isfinite(stop) & (stop < cohort.end) & (cohort.first("steroid_toxicity") > cohort.end)
    on = cohort.count("serious_infection", start, start + 7 * 12)[whole].sum() / (7 * 12 * whole.sum())
    off = cohort.count("serious_infection", stop, cohort.end)[whole].sum() / np.sum((cohort.end - stop)[whole])
    return float(on / off)
