"""Care: what the clinic measures, concludes and does.

`decisions` follows a visit from its readings to the next appointment; `steroid`, `second_line` and `second_agents` are
the treatment. Care acts on readings only, never on the true state.
"""
