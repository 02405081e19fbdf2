"""Findings on the course of the disease and its treatment."""
