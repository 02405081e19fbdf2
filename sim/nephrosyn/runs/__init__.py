"""A run: simulate and classify a cohort, and write its folder.

`run.Plan` is one run; `draws` plays draws of the scenario's uncertain numbers beside it; `folder` reads and writes run
folders; `workers` spreads a run over processes; `relabel` classifies a finished run by further definition sets.
"""
