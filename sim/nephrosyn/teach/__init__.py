"""Practice cases: made from the observed record of a run, judged as displayed, written for teaching software."""
