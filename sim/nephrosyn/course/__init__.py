"""The patient model: a generalised semi-Markov process with compiled event handlers.

A patient is a record of state and a vector of clocks. The next event is the earliest clock; its handler changes the
state and sets clocks. `advance.advance` plays the events in order and is the only entry point; engines call it. The
rooms: ``state`` (records, clocks, the rows of the log), ``parameters`` (a scenario as arrays), ``disease`` (biology)
and ``care`` (what the clinic measures, concludes and does).
"""
