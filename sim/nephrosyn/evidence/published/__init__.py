"""Published estimates with their citations: `estimates_table.published_estimates`."""
