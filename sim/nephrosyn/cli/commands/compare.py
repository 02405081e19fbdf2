"""The verbs that hold one answer against another: under other care, or under another definition set."""

from __future__ import annotations

from nephrosyn.cli import console
from nephrosyn.cli.options import AsJson, FromSet, OneSet, Out, Overwrite, Record, RunFolder, Runs, ToSet, View


def compare(
    runs: Runs,
    criteria: OneSet = None,
    view: Record = View.observed,
    out: Out = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Compare runs of the same patients under different care."""
    import nephrosyn as ns

    found = ns.compare(*runs, criteria=criteria, view=view.value)
    page = None if out is None else found.write(out, overwrite=overwrite)
    if as_json:
        console.say_json(found.json())
    else:
        console.comparison(found, page)


def reclassify(
    run: RunFolder,
    from_: FromSet,
    to: ToSet,
    view: Record = View.observed,
    out: Out = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Say who moves when one definition set replaces another."""
    import nephrosyn as ns

    found = ns.reclassify(run, from_, to, view=view.value)
    page = None if out is None else found.write(out, overwrite=overwrite)
    if as_json:
        console.say_json(found.json())
    else:
        console.reclassification(found, page)
