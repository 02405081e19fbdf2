"""The small course in starsim: all patients at once, in steps of a day, which is how starsim works.

What happens during a day is written at its end; a patient who would relapse and remit within one day does one of the
two, and a taper takes the place of one that still runs, where the other peers let both go on. Rows are arrays.
"""

from __future__ import annotations

import os

import numpy as np

os.environ.setdefault("STARSIM_INSTALL_FONTS", "0")  # which it would do at its first import

import starsim

from benchmarks import small


class Course(starsim.Module):
    """Due times of all patients, and the rows written at these times."""

    def __init__(self) -> None:
        super().__init__(name="course")
        self.written: list[tuple[np.ndarray, str, float, np.ndarray | float]] = []
        self.define_states(
            starsim.FloatArr("visit", default=0.0),
            starsim.FloatArr("change", default=np.inf),
            starsim.BoolState("ill", default=True),
            starsim.FloatArr("step_due", default=0.0),
            starsim.FloatArr("steps_left", default=float(small.TAPER_STEPS)),
            starsim.FloatArr("infection", default=np.inf),
            starsim.BoolState("infected", default=False),
        )
        self.draws = np.random.default_rng(0)

    def init_post(self) -> None:
        super().init_post()
        who = self.sim.people.auids
        self.change[who] = self.to_remission(len(who))
        self.infection[who] = self.draws.exponential(small.INFECTION_MEAN, len(who))

    def to_remission(self, many: int) -> np.ndarray:
        return self.draws.lognormal(np.log(small.REMISSION_MEDIAN), small.REMISSION_LOG_SD, many)

    def write(self, who: np.ndarray, kind: str, day: float, values: np.ndarray | float = 0.0) -> None:
        if len(who):
            self.written.append((np.asarray(who), kind, day, values))

    def step(self) -> None:
        day = float(self.ti)
        seen = (self.visit <= day).uids
        self.write(seen, "visit", day)
        for _ in range(small.READINGS):
            self.write(seen, "reading", day, self.draws.standard_normal(len(seen)))
        self.visit[seen] = self.visit[seen] + small.BETWEEN_VISITS
        changed = (self.change <= day).uids
        remitted, relapsed = changed[self.ill[changed]], changed[~self.ill[changed]]
        self.write(remitted, "remission", day)
        self.write(relapsed, "relapse", day)
        self.ill[remitted], self.ill[relapsed] = False, True
        self.change[remitted] = day + self.draws.exponential(small.RELAPSE_MEAN, len(remitted))
        self.change[relapsed] = day + self.to_remission(len(relapsed))
        self.step_due[relapsed], self.steps_left[relapsed] = day, float(small.TAPER_STEPS)
        dosed = ((self.step_due <= day) & (self.steps_left > 0)).uids
        self.write(dosed, "dose", day)
        self.step_due[dosed] = self.step_due[dosed] + small.STEP_DAYS
        self.steps_left[dosed] = self.steps_left[dosed] - 1.0
        turned = (self.infection <= day).uids
        well, begun = turned[self.infected[turned]], turned[~self.infected[turned]]
        self.write(begun, "infection", day)
        self.write(well, "infection over", day)
        self.infected[begun], self.infected[well] = True, False
        self.infection[begun] = day + small.INFECTION_DAYS
        self.infection[well] = day + self.draws.exponential(small.INFECTION_MEAN, len(well))


def simulate(patients: int, seed: int) -> int:
    """Simulate the course; return the number of rows."""
    course = Course()
    days = starsim.days
    sim = starsim.Sim(
        n_agents=patients, modules=course, dt=days(1), dur=days(small.FOLLOW_UP), rand_seed=seed, verbose=0
    )
    sim.run()
    (played,) = [module for module in sim.modules if isinstance(module, Course)]  # a copy of what was handed in
    return sum(len(rows[0]) for rows in played.written)
