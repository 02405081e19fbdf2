"""Published figures with their citations."""
