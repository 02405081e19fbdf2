"""Cases and their questions, keys and feedback."""
