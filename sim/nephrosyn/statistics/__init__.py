"""Statistics that several rooms share: proportions, survival, agreement, bootstrap, paired differences and tests.

Every function takes counts or arrays and returns numbers; nothing here knows about patients' records.
"""
