"""The findings of a report: everything it shows, computed before anything is drawn or written.

`summary.find` counts a cohort batch by batch (`batches`), adds the counts up (`counts`), and makes the findings of
them.
"""
