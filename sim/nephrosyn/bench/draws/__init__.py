"""Scores of classifiers under draws of the scenario's uncertain numbers: played by `play`, summarised in `findings`."""
