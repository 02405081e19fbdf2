"""The robustness bench: classifiers tested on unperturbed records and on records with known errors.

`run.open_run` opens a run, `run.ask` asks classifiers, `output.results.finish` scores their answers and
`output.write.write` writes the results. `perturbations` makes the errors.
"""
