"""The style that all figures share, and their conversion to reproducible SVG."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any
from xml.sax.saxutils import escape

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from nephrosyn import vocabulary
from nephrosyn.report.inline_svg import CATEGORY_COLOURS as CATEGORY_COLOURS
from nephrosyn.report.inline_svg import GRID as GRID
from nephrosyn.report.inline_svg import INK as INK
from nephrosyn.report.inline_svg import MUTED as MUTED
from nephrosyn.report.inline_svg import PAPER as PAPER
from nephrosyn.report.inline_svg import SECOND as SECOND

SPARE_COLOURS = ("#009e73", "#8c5a2b", "#7a4fa3", "#5f6b3a", "#a3123f", "#3fb8af")
"""For further categories, in the order of the vocabulary."""
ACCENT = "#d55e00"
LINES = (SECOND, "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
MARKERS = ("o", "D", "s", "^", "v", "P")
DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (8, 3)), (0, (1, 1)))

WIDTH_INCHES = 5.6
# Points. In a column of the page, half as wide as the page, no text may be smaller than 8 pixels.
SMALL = 8.5
SMALLEST = 7.5
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}

SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "nephrosyn",
    "text.parse_math": False,  # a dollar in a title is a dollar
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.grid": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "savefig.facecolor": PAPER,
}


_drawing = RLock()
"""Settings of matplotlib hold for all threads, so that one thread must not draw between the settings of another."""


@contextmanager
def drawing() -> Iterator[None]:
    """Use the settings of this module only, whatever the user's matplotlib is set to; one thread draws at a time."""
    with _drawing, matplotlib.rc_context(), warnings.catch_warnings():
        # Text in SVG stays text: the viewer has the fonts, for example for a title in Chinese.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


class _Layout(ConstrainedLayoutEngine):
    """Rounds positions to four digits: the last digits of the solver depend on memory addresses."""

    def execute(self, fig: Any) -> Any:
        layout = super().execute(fig)
        for axes in fig.axes:
            axes.set_position([round(edge, 4) for edge in axes.get_position().bounds])
            axes.set_in_layout(True)  # set_position excludes axes from further layouts
        return layout


class Drawing(Figure):
    """A figure that a notebook can show without pyplot."""

    def _repr_svg_(self) -> str:
        """The figure as an SVG document, with its heading as title."""
        suptitle = self.get_suptitle()
        return svg(self, suptitle or "Figure")


def blank(height_inches: float, width_inches: float = WIDTH_INCHES) -> Figure:
    """Return an empty figure with the notice at its foot."""
    figure = Drawing(figsize=(width_inches, height_inches), layout=_Layout())
    figure.supxlabel(vocabulary.NOTICE, x=0.995, ha="right", fontsize=SMALLEST, color=MUTED)
    return figure


def svg(figure: Figure, title: str) -> str:
    """Return a figure as SVG with real text and no date, so that the bytes are reproducible.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Any figure of this package.
    title : str
        What the figure shows, for screen readers.

    Returns
    -------
    str
        A complete SVG document.
    """
    buffer = io.StringIO()
    dpi, canvas = figure.dpi, figure.canvas
    with drawing():
        # savefig would draw everything twice
        svg_canvas: Any = FigureCanvasSVG(figure)
        svg_canvas.print_svg(buffer, metadata=NO_METADATA)
    figure.set_canvas(canvas)
    figure.set_dpi(dpi)
    text = re.sub(r"font-family: [^;\"]*", "font-family: sans-serif", buffer.getvalue())
    text = re.sub(r"font: ([^'\"]*?)'DejaVu Sans'[^;\"]*", r"font: \1sans-serif", text)
    text = text.replace("<svg ", '<svg role="img" ', 1)
    return re.sub(r"(<svg [^>]*>)", lambda match: f"{match[1]}\n <title>{escape(title)}</title>", text, count=1)


def warm_up() -> None:
    """Draw a small figure, so that matplotlib has loaded its fonts and backend before the first one is needed."""
    with drawing():
        figure = blank(1.0)
        axes = figure.subplots()
        axes.plot([0.0, 1.0], [0.0, 1.0], label="line")
        axes.legend()
    svg(figure, "")


def document(draw: Callable[[], Figure], title: str) -> str:
    """Draw a figure in the style of this module, and return it as SVG; see `svg`."""
    with drawing():
        figure = draw()
    return svg(figure, title)


def colour_of(category: str) -> str:
    """Return the colour of a category; categories without a colour take the spare ones in order."""
    if category in CATEGORY_COLOURS:
        return CATEGORY_COLOURS[category]
    others = [name for name in vocabulary.CATEGORIES if name not in CATEGORY_COLOURS]
    return SPARE_COLOURS[others.index(category) % len(SPARE_COLOURS) if category in others else 0]


def row_axis(axes: Any, names: Sequence[str], **text: Any) -> None:
    """Give axes a row for each name, the first at the top; `text` is how the names are written."""
    axes.set_yticks(range(len(names)), names, **text)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def percent_axis(axis: Any, high: float = 1.0) -> None:
    """Label an axis of fractions in per cent."""
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1.0, decimals=0 if high > 0.05 else 1))


def ink_on(colour: str) -> str:
    """Return black or white, whichever is readable on a colour."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "#ffffff"
