"""Benchmarks as files: a cohort and its task exported, and the predictions of others read back."""
