"""The biology: proteinuria, relapse, response, kidney function, complications, adverse events.

`proteinuria` holds the path from relapse to remission, `relapse_hazard` the hazard of the next relapse.
"""
