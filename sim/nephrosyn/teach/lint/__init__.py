"""Checks of finished cases by the rules of good items; see `rules.lint_both`."""
