"""What compiled code reads and writes: the state of a patient, clocks, parameters, quantile tables, rows of the log.

`state.STATE` and `parameter_records.PARAMETERS` are the records, `clocks` changes the clocks, `events` writes the rows.
"""
