"""Schema of scenarios: every key with its unit and range."""
