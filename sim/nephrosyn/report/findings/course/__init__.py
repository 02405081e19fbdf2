"""Findings about the true course: states, times to event, treatment and adverse events, pseudo-refractory patients."""
