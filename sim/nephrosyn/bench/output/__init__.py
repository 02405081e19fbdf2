"""Results of a bench: scores, leaderboard, page, and the folder they are written to."""
