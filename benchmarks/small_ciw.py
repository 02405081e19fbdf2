"""What Ciw can express of the small course: the visits. Ciw has queues and servers, but no clocks within a patient.

Patients go to and fro between home, where everybody is served at once for four weeks, and a clinic of six slots; a
record of each service is a row. Relapse, remission, taper and infection cannot be said: each would be a clock that runs
while the patient is at home.
"""

from __future__ import annotations

import ciw

from benchmarks import small

SLOTS, VISIT_DAYS = 6, 0.05


class Together(ciw.dists.Distribution):
    """All patients of a site arrive on the first day."""

    def __init__(self) -> None:
        self.come = False

    def sample(self, t: float | None = None, ind: object = None) -> float:
        first, self.come = not self.come, True
        return 0.0 if first else float("inf")


def simulate(patients: int, seed: int) -> int:
    """Simulate the visits; return the number of records."""
    written = 0
    for number, site in enumerate(small.sites(patients)):
        ciw.seed(seed + number)
        network = ciw.create_network(
            arrival_distributions=[Together(), None],
            batching_distributions=[ciw.dists.Deterministic(len(site)), ciw.dists.Deterministic(1)],
            service_distributions=[
                ciw.dists.Deterministic(small.BETWEEN_VISITS),
                ciw.dists.Exponential(1.0 / VISIT_DAYS),
            ],
            number_of_servers=[float("inf"), SLOTS],
            routing=[[0.0, 1.0], [1.0, 0.0]],
        )
        play = ciw.Simulation(network)
        play.simulate_until_max_time(small.FOLLOW_UP)
        written += len(play.get_all_records())
    return written
