"""The record: the tables that a clinic would have, and the truth beside them.

`tables.build_tables` makes all tables of some patients; `schema.TABLES` has the type, unit and meaning of every column.
"""
