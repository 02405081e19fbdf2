"""What a scenario may say: every key with its unit and range."""
