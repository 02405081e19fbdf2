"""Made-up records for properties: anything that can stand in a record, sensible or not."""

from __future__ import annotations

from hypothesis import strategies as st

from nephrosyn import vocabulary

from .builder import Record

LEVELS = {"well": 0.1, "between": 1.0, "ill": 5.0}
levels = st.sampled_from(sorted(LEVELS))
# Levels that last: a course in which every reading may differ shows little of what follows from what.
phases = st.lists(st.tuples(levels, st.integers(1, 9)), min_size=1, max_size=14)


@st.composite
def steroid(draw, record, end):
    day = draw(st.integers(0, 30))
    runs = draw(st.lists(st.tuples(st.sampled_from([0, 5, 10, 20, 40, 60, 60, 60]), st.integers(5, 130)), max_size=9))
    for mg, days in runs:
        if day > end:
            break
        if mg:
            schedule = draw(st.sampled_from([*vocabulary.SCHEDULES, "daily", "daily"]))
            record.steroid(mg, day, min(day + days - 1, end), schedule)
        day += days
    return record


@st.composite
def on_a_grid(draw, step=14):
    """Readings every `step` days from day 0 to the end, one each, and steroid."""
    record = Record(draw(st.sampled_from([6.0, 40.0])), 60.0)
    seen = [level for level, times in draw(phases) for _ in range(times)]
    record.end = step * (len(seen) - 1)
    for k, level in enumerate(seen):
        record.upcr(LEVELS[level], k * step)
    return draw(steroid(record, record.end))


@st.composite
def anything(draw):
    """Readings of both kinds, diary, steroid and conditions on any day."""
    record = Record(draw(st.sampled_from([6.0, 40.0])), 60.0, draw(st.integers(30, 900)))
    days = st.integers(0, record.end)
    for day, level in draw(st.lists(st.tuples(days, levels), max_size=30)):
        record.upcr(LEVELS[level], day)
    for day, band in draw(st.lists(st.tuples(days, st.sampled_from(vocabulary.DIPSTICK_BANDS)), max_size=15)):
        record.stick(band, day)
    day = draw(days)
    for length, gap, band in draw(
        st.lists(
            st.tuples(st.integers(1, 20), st.integers(0, 40), st.sampled_from(vocabulary.DIPSTICK_BANDS)), max_size=15
        )
    ):
        record.home(band, day, day + length - 1)
        day += length + gap
    for noted, condition in draw(st.lists(st.tuples(days, st.sampled_from(vocabulary.CONDITIONS)), max_size=3)):
        kind, action = (
            draw(st.sampled_from(vocabulary.CONDITION_KINDS)),
            draw(st.sampled_from(vocabulary.STEROID_ACTIONS)),
        )
        record.noted(noted, condition, kind, action)
    return draw(steroid(record, record.end))


@st.composite
def many_drugs(draw):
    """As `anything`, at any age, with other drugs, albumin and perhaps a biopsy."""
    record = draw(anything())
    record.age = draw(st.sampled_from([0.2, 0.25, 0.9, 1.0, 6.0, 14.9, 15.0, 17.9, 18.0, 40.0]))
    record.lesion = draw(st.sampled_from([None, *vocabulary.LESIONS]))
    day = draw(st.integers(0, record.end))
    for _ in range(draw(st.integers(0, 4))):
        drug, days = draw(st.sampled_from(vocabulary.DRUGS[1:])), draw(st.integers(1, 250))
        record.agent(drug, 100, day, day + days - 1)
        day += days + draw(st.integers(0, 60))
    for taken, grams in draw(st.lists(st.tuples(st.integers(0, record.end), st.sampled_from([2.2, 2.8, 3.2, 4.0])))):
        record.rows["readings"].append((taken, "albumin", grams))
    return record


@st.composite
def treated_on_a_grid(draw, step=14):
    """As `on_a_grid`, with full steroid from the first day on for weeks or months."""
    record = draw(on_a_grid(step))
    record.rows["doses"].clear()
    first = draw(st.sampled_from([28, 42, 56, 84, 120]))
    record.steroid(60, 0, min(first - 1, record.end))
    if first <= record.end:
        record.steroid(draw(st.sampled_from([10, 30, 60])), first, record.end)
    return record
