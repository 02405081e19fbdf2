"""Findings about categories and the refractory share, and their comparison between definition sets and records."""
