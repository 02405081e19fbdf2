"""Made-up records that reach the corners of every clause: other drugs, albumin, diaries, tapers, borders of age.

They are made by a `random.Random`, of a fixed seed for many at a time, or one that hypothesis draws and shrinks.
"""

from __future__ import annotations

from math import log

from nephrosyn import vocabulary

from ..builder import Record

AGES = (None, 0.2, 0.25, 0.99, 1.0, 6.0, 6.0, 14.9, 15.0, 16.0, 17.9, 18.0, 40.0, 40.0)
LESIONS = (None, None, None, "minimal_change", "minimal_change", "fsgs", "membranous", "iga")
RATIOS = {
    "well": (0.05, 0.1, 0.2, 0.3),
    "partial": (0.21, 0.5, 0.99, 1.0, 1.5, 1.9),
    "ill": (2.0, 2.5, 3.0, 3.5, 3.6, 5.0, 8.0),
}
BANDS = {"well": ("negative", "trace"), "partial": ("trace", "1+", "2+"), "ill": ("2+", "3+", "4+")}
ALBUMIN = (1.5, 2.4, 2.5, 2.9, 3.0, 3.4, 3.5, 4.2)
TAPERS = ((), (40, 20), (40, 20, 10, 5), (30, 50, 10), (40, 15, 60, 20))
AGENTS = tuple(drug for drug in vocabulary.DRUGS if drug != "prednisone")


def record(random):
    """One record: spells of illness and health, seen and treated in one of many ways."""
    made = Record(random.choice(AGES), random.choice((14.0, 20.0, 33.3, 60.0, 85.0)), lesion=random.choice(LESIONS))
    spells = _spells(random)
    made.end = max(1, spells[-1][1] + random.choice((-20, -1, 0, 0, 1, 40)))
    _clinic(random, made, spells)
    if random.random() < 0.5:
        _diary(random, made, spells)
    steroid = random.choice((_by_spell, _by_spell, _by_spell, _at_random, _none))
    steroid(random, made, spells)
    for _ in range(random.choice((0, 0, 1, 2, 5))):
        _agent(random, made)
    for _ in range(random.choice((0, 0, 1, 3))):
        noted = (random.choice(vocabulary.CONDITIONS[:12]), random.choice(vocabulary.CONDITION_KINDS[:3]))
        made.noted(random.randint(0, made.end), *noted, random.choice(vocabulary.STEROID_ACTIONS))
    return _truth(random, made, spells)


def _spells(random):
    """(first day, day after the last, level), one after the other."""
    day, spells = random.choice((0, 0, 0, 3)), []
    for number in range(random.randint(1, 12)):
        level = "ill" if number == 0 else random.choice(("well", "well", "partial", "ill", "ill"))
        length = random.choice((1, 2, 3, 7, 14, 28, 30, 42, 56, 60, 90, 120, 183, 200))
        spells.append((day, day + length, level))
        day += length
    return spells


def _clinic(random, made, spells):
    step = random.choice((1, 3, 7, 14, 14, 28, 60, 120, 121, 200, 5000))
    day, kinds = random.choice((0, 1, 5)), random.choice((("upcr",), ("dipstick",), ("upcr", "upcr", "dipstick")))
    with_albumin = random.choice((0.0, 0.0, 0.6, 1.0))
    while day <= spells[-1][1]:
        level = _level(spells, day) if random.random() < 0.95 else random.choice(tuple(RATIOS))
        for _ in range(random.choice((1, 1, 1, 2))):
            if random.choice(kinds) == "upcr":
                made.upcr(random.choice(RATIOS[level]), day)
            else:
                made.stick(random.choice(BANDS[level]), day)
        if random.random() < with_albumin:
            made.rows["readings"].append((day, "albumin", random.choice(ALBUMIN)))
        day += step if random.random() < 0.8 else random.choice((0, 1, 2, 10, 40, 119, 120, 121, 250))


def _level(spells, day):
    return next((level for first, stop, level in spells if first <= day < stop), spells[-1][2])


def _truth(random, made, spells):
    """The true ratio jumps or moves to a level of each spell, some days too late."""
    ratio, made.healthy_albumin = random.choice(RATIOS["ill"]), random.choice((3.4, 4.0, 4.4))
    for number, (first, _, level) in enumerate(spells):
        target, days = random.choice(RATIOS[level]) * random.choice((1.0, 1.01)), random.choice((0.0, 0.0, 1.7, 12.0))
        start = first + random.choice((0.0, 0.25, 0.9)) if number else 0.0
        slope = log(target / ratio) / days if days else 0.0
        made.path((start, ratio if slope else target, slope, target))
        ratio = target  # where the spell ends first, the path jumps
    return made


def _diary(random, made, spells):
    day, lasts = random.choice((0, 10, 100)), random.choice((1, 2, 4, 20))
    while day <= spells[-1][1]:
        last = day + random.randint(0, lasts)
        made.home(random.choice(BANDS[_level(spells, day)]), day, last)
        day = last + random.choice((1, 1, 1, 1, 2, 30, 130))


def _none(random, made, spells):
    pass


def _run(random, made, mg, first, last, schedule="daily"):
    if first <= last:
        mean = mg / 2 if schedule == "alternate_day" else mg
        weight = made.weight if random.random() < 0.9 else made.weight * random.choice((0.9, 1.2))
        made.rows["doses"].append(("prednisone", first, last, mg, schedule, mean, weight))


def _by_spell(random, made, spells):
    """Full dose some days after each onset of illness, for some weeks, then less, then perhaps none."""
    free = 0
    for first, _, level in spells:
        start = max(free, first + random.choice((-3, 0, 1, 1, 2, 14)))
        if level == "well" or (start == free and random.random() < 0.6):
            continue
        day = start
        for mg in (random.choice((60, 60, 54, 53, 40, 80)), *random.choice(TAPERS)):
            days = random.choice((3, 14, 27, 28, 29, 42, 55, 56, 57, 84, 85, 112))
            schedule = random.choice(("daily", "daily", "daily", "daily", "alternate_day", "single"))
            _run(random, made, mg, day, day + days - 1, schedule)
            day += days + (random.random() < 0.1)
        free = day


def _at_random(random, made, spells):
    day = random.choice((0, 5, 60))
    while day < made.end and random.random() < 0.9:
        days = random.choice((1, 7, 28, 56, 84, 100))
        schedule = random.choice((*vocabulary.SCHEDULES, "daily", "daily"))
        _run(random, made, random.choice((0, 4, 10, 12, 20, 40, 60, 60, 120)), day, day + days - 1, schedule)
        day += days + random.choice((0, 0, 0, 1, 14, 15, 90))


def _agent(random, made):
    drug, first = random.choice(AGENTS), random.randint(0, made.end)
    taken = [row for row in made.rows["doses"] if row[0] == drug]
    if taken:
        first = max(row[2] for row in taken) + random.choice((1, 2, 29, 30, 31, 60))
    if random.random() < 0.3:
        made.rows["doses"].append((drug, first, first, 500.0, "single", 500.0, made.weight))
    else:
        last = first + random.choice((0, 26, 27, 28, 90, 181, 182, 183, 200, 364, 365, 400))
        mg = random.choice((50.0, 50.0, 50.0, 0.0))
        made.rows["doses"].append((drug, first, last, mg, "daily", mg, made.weight))
