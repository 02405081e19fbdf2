"""The true path of proteinuria, and albumin by the law of `docs/explanation/model.md`, section 4."""

from __future__ import annotations

from math import ceil, exp, log

STEP_DAYS = 0.02


def ratio_at(piece, time):
    """True ratio (mg/mg) on a piece of the path: its logarithm moves by the slope until the target is reached."""
    start, ratio, slope, target = piece
    if slope == 0:
        return ratio
    reached = (log(target) - log(ratio)) / slope
    return target if time - start >= reached else ratio * exp(slope * (time - start))


def true_ratios(path, end):
    """True ratio at the start of each day, from the first day of the path to `end`."""
    if not path:
        return {}
    found, here = {}, 0
    for day in range(ceil(path[0][0]), end + 1):
        while here + 1 < len(path) and path[here + 1][0] <= day:
            here += 1
        found[day] = ratio_at(path[here], day)
    return found


def true_albumin(path, traits, end):
    """Albumin (g/dL) at the start of each day, in balance when the path begins."""
    normal, catabolism = traits["albumin_g_per_dl"], traits["albumin_catabolism_per_day"]
    per_ratio, saturated = traits["albumin_loss_per_day_per_mg_per_mg"], traits["albumin_loss_saturates_at_mg_per_mg"]

    def rate(ratio):
        return catabolism + per_ratio * min(ratio, saturated)

    def after(albumin, ratio, days):
        settles = catabolism * normal / rate(ratio)
        return settles + (albumin - settles) * exp(-rate(ratio) * days)

    albumin = catabolism * normal / rate(path[0][1])
    found, time = {}, path[0][0]
    for number, piece in enumerate(path):
        stop = path[number + 1][0] if number + 1 < len(path) else end + 1
        while time < stop:
            if time == int(time):
                found[int(time)] = albumin
            mark = min(stop, int(time) + 1)
            if ratio_at(piece, time) != ratio_at(piece, mark):
                mark = min(mark, time + STEP_DAYS)
                if int(time) + 1 - mark < STEP_DAYS / 1000:
                    mark = min(stop, int(time) + 1)
            albumin = after(albumin, ratio_at(piece, (time + mark) / 2), mark - time)
            time = mark
    return found
