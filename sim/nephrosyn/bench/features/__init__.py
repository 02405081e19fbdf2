"""Wide features, one row per patient, computed from the observed record alone, with their data dictionary.

The entry is `extract.features`.
"""
