"""Statistics that several rooms share: proportions, survival, agreement, bootstrap and paired tests."""
