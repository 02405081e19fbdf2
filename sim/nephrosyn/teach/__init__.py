"""Practice cases from the observed record of a run, written as pages and for teaching software.

`make_cases` is what the commands call: `items` builds the cases of a `request` from a run, with records that `display`
turns into text and reads back for the key; `lint` checks the cases; `formats` writes them. `model` is a case as data.
"""
