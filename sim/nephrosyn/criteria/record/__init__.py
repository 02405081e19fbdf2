"""The record as the clauses read it: states of the urine, episodes, steroid courses, response.

`patient_arrays.read_record` turns tables into arrays; the other modules are compiled and derive everything else.
"""
