"""Records that were made elsewhere: read into observed tables, checked, and classified."""
