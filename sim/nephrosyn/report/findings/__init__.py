"""The numbers of a report, computed before anything is drawn or written."""
