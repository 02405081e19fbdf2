"""A run in memory of this process, by its URL."""

from __future__ import annotations

import nephrosyn as ns


def test_workers_do_not_write_into_memory_of_another_process():
    options = {"patients": 400, "part_patients": 20, "report": False, "overrides": ["population.patients_per_site=20"]}
    cohort = ns.run("baseline", workers=3, out="memory://several-workers", **options)
    assert cohort.labels.equals(ns.run("baseline", **options).labels)
