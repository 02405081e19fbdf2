"""The report as HTML and Markdown; `frame` and `tables` also serve the pages of comparisons, validation and bench."""
