"""Definition sets: their files, their sections and thresholds, and the numbers that compiled code reads.

`loading.load` reads and checks a set; `in_words.in_words` describes it; `compiled.rules` turns it into numbers.
"""
