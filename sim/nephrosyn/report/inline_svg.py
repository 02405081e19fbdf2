"""SVG documents as elements of a page, and the colours that a page replaces by its own; without matplotlib."""

from __future__ import annotations

import re

INK = "#1b1f24"
MUTED = "#5d6570"
GRID = "#d8dce2"
PAPER = "#fffffe"
# almost the blue of a category, but a colour of its own: the dark mode of the page lightens lines, not categories
SECOND = "#0071b2"
TOKENS = {SECOND: "var(--second)", INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--grid)", PAPER: "var(--card)"}

# the palette of Okabe and Ito, and the wine of Paul Tol: warm for categories of a flag, cool for the others
CATEGORY_COLOURS = {
    "steroid_resistant": "#d55e00",
    "steroid_dependent": "#e69f00",
    "frequently_relapsing": "#cc79a7",
    "steroid_intolerant": "#f0e442",
    "non_remitting": "#882255",
    "infrequently_relapsing": "#56b4e9",
    "non_relapsing": "#0072b2",
    "undetermined": "#c4c9d0",
}


def inline(document: str, name: str) -> str:
    """Return an SVG document as an element of a page: unique ids, the colours of the page, no external references.

    Parameters
    ----------
    document : str
        From `nephrosyn.report.figures.svg`.
    name : str
        Prefix of its ids, unique on the page.

    Returns
    -------
    str
        An ``<svg>`` element without XML header, namespaces, fixed size or style sheet.
    """
    text = document[document.index("<svg ") :]
    text = re.sub(r"\s*<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r'(<svg [^>]*?)\swidth="[^"]*"\sheight="[^"]*"', r"\1", text, count=1)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))

    def keep(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in used else ""

    text = re.sub(r'\sid="([^"]+)"', keep, text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", text)
    for colour, variable in TOKENS.items():
        text = text.replace(colour, variable)
    text = re.sub(r"\s*<defs>\s*</defs>", "", text)
    return re.sub(r"\n\s*", "\n", text)
