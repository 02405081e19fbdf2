"""Figures are the same bytes wherever their objects lie in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from nephrosyn.report.figures import style


def _figure():
    figure = style.blank(6.0)
    panels = figure.subplots(5, 1, sharex=True, height_ratios=[4.6, 3.6, 2.6, 2.6, 2.6])
    for number, axes in enumerate(panels):
        axes.plot([0, 1], [0, number])
        axes.set_title("a group", loc="left")
    panels[-1].set_xlabel("accuracy")
    return figure


def test_axes_stand_on_ten_thousandths():
    """The solver of the layout gives other last digits from time to time; five axes in a column show it."""
    with style.drawing():
        figure = _figure()
        figure.draw_without_rendering()
    edges = [edge for axes in figure.axes for edge in axes.get_position().bounds]
    assert all(abs(edge - round(edge, 4)) < 1e-12 for edge in edges)
    assert len({round(axes.get_position().y0, 4) for axes in figure.axes}) == 5


def test_a_figure_drawn_twice_is_the_same():
    with style.drawing():
        figure = _figure()
        first = style.svg(figure, "first")
        assert style.svg(figure, "first") == first
        assert style.svg(_figure(), "first") == first


def test_threads_draw_the_same_as_one_alone():
    """Settings of matplotlib are those of the whole process."""
    alone = style.document(_figure, "a figure")
    with ThreadPoolExecutor(4) as threads:
        drawn = list(threads.map(lambda _: style.document(_figure, "a figure"), range(8)))
    assert set(drawn) == {alone}
