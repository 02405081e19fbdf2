"""A patient's record as a learner sees it: `sections` turns tables into text, `parse_back` reads that text again."""
