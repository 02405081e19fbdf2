"""Checks of a scenario: by the schema, and across its fields."""
