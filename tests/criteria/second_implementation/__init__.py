"""A second implementation of the definition sets, written from `docs/explanation/criteria.md` and the set files alone.

It is plain, slow and independent: nothing in it is imported from the compiled classification. Numbers in
parentheses are the sections of that page.
"""
