"""What the chart holds of a history, the truth behind it, and the schema of every table."""
