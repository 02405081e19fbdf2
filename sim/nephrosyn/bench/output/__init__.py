"""The bench's results as files: tables, JSON, leaderboard and page."""
