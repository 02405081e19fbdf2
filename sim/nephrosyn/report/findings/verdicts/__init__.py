"""Findings on categories and the refractory share."""
