"""The biology: proteinuria, relapse, response, kidney function, complications, adverse events."""
