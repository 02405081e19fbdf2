"""A patient's record as a learner sees it."""
