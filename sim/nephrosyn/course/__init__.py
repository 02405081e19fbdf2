"""The patient model: a generalised semi-Markov process with compiled handlers.

A patient is a record of state and a vector of clocks. The next event is the earliest clock; its handler changes the
state and sets clocks. Nothing here knows an engine, a file or a scheduler.

========================  ==================================================================
``state``                 the records and the clock vector
``parameters``            a scenario as the numbers the handlers read
``clocks``                timers, and budgets spent at a rate
``log``                   the rows a course leaves behind
``disease``               proteinuria, blood, response, relapse
``triggers``              infection and exertion
``treatment``             steroid doses, taper, toxicity
``readings``              what the laboratory and the dipstick show
``care``                  what the clinic concludes and does
``transitions``           the events, and ``advance``
========================  ==================================================================
"""
