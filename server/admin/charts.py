"""Charts as SVG inside the page, drawn by pygal, dressed by `office/report.css`: no script, and they print.

pygal's own styles, scripts and tips are taken out; what a bar stands for is its title, so that a pointer tells it. The
numbers stand beside each chart as a table, which is what a screen reader reads.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Final
from xml.etree import ElementTree

import pygal
from markupsafe import Markup
from pygal.style import Style

__all__ = ["NARROW", "WIDE", "bars", "curve", "lying_bars"]

# For plugins that we have none of, pygal hooks into every later import, in a way that Python gave up.
sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != "pygal"]

_FONT: Final = 13
_STYLE: Final = Style(
    font_family="sans-serif",
    label_font_size=_FONT,
    major_label_font_size=_FONT,
    value_font_size=_FONT,
    value_label_font_size=_FONT,
)
_ROW: Final = 30
_LABEL: Final = 53
WIDE: Final = 640
NARROW: Final = 330
"""For a telephone: drawn as it is shown, so that its letters are as large as others."""
_MOST_BARS_WITH_NUMBERS: Final = 14


def bars(
    labels: Sequence[str], values: Sequence[int], *, name: str, number: Callable[[int], str], width: int = WIDE
) -> Markup:
    """Bars that stand, one a label; `name` is what a screen reader calls the chart."""
    is_numbered = len(values) <= _MOST_BARS_WITH_NUMBERS
    chart = _chart(
        pygal.Bar, number, width=width, height=210, print_values=is_numbered, print_values_position="top", spacing=2
    )
    every = _every(labels, width)
    chart.x_labels = [label if place % every == 0 else "" for place, label in enumerate(labels)]
    return _drawn(chart, labels, values, name, number)


def lying_bars(
    labels: Sequence[str], values: Sequence[int], *, name: str, number: Callable[[int], str], width: int = WIDE
) -> Markup:
    """Bars that lie, the first at the top, for labels that are words."""
    height = 50 + _ROW * max(2, len(labels))
    chart = _chart(
        pygal.HorizontalBar,
        number,
        width=width,
        height=height,
        print_values=True,
        print_values_position="top",
        margin_right=width // 9,
    )
    # pygal turns the whole chart: the scale of the values is the one called y here too.
    chart.show_x_labels, chart.show_y_labels = False, True
    chart.x_labels = list(reversed(labels))
    return _drawn(chart, list(reversed(labels)), list(reversed(values)), name, number)


def curve(
    labels: Sequence[str], values: Sequence[int], *, name: str, number: Callable[[int], str], width: int = WIDE
) -> Markup:
    """A filled line over the time of day."""
    chart = _chart(pygal.Line, number, width=width, height=210, fill=True, show_dots=False, print_values=False)
    every = _every(labels, width)
    chart.x_labels = [label if place % every == 0 else "" for place, label in enumerate(labels)]
    return _drawn(chart, labels, values, name, number)


def _every(labels: Sequence[str], width: int) -> int:
    """Which labels have room below their places: every how many."""
    return max(1, -(-len(labels) // (width // _LABEL)))


def _chart(kind: Any, number: Callable[[int], str], **more: Any) -> Any:
    return kind(
        css=[],
        js=[],
        style=_STYLE,
        no_prefix=True,
        show_legend=False,
        margin=8,
        margin_top=18,
        truncate_label=-1,
        formatter=number,
        **more,
    )


def _drawn(chart: Any, labels: Sequence[str], values: Sequence[int], name: str, number: Callable[[int], str]) -> Markup:
    chart.y_labels = _scale(max(values, default=0))
    chart.range = (0, chart.y_labels[-1])
    chart.add("", list(values))
    root = chart.render_tree()
    root.set("role", "img")
    root.set("aria-label", name)
    root.attrib.pop("id", None)
    _strip(root)
    tips = [f"{label}: {number(value)}" for label, value in zip(labels, values, strict=True)]
    drawn = [each for each in root.iter("g") if each.get("class") == "bar"]
    # Bars that lie are drawn in the same order.
    for bar, tip in zip(drawn, tips, strict=bool(drawn)):
        ElementTree.SubElement(bar, "title").text = tip
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _scale(most: int) -> list[int]:
    """Round numbers from 0 to at least `most`, at most six."""
    step = next(each for power in range(13) for each in (10**power, 2 * 10**power, 5 * 10**power) if each * 5 >= most)
    return [step * place for place in range(max(1, -(-most // step)) + 1)]


def _strip(element: Any) -> None:
    for child in list(element):
        is_extra = not isinstance(child.tag, str) or child.tag in ("defs", "title", "desc", "style", "script")
        if is_extra or "tooltip-overlay" in (child.get("class") or ""):
            element.remove(child)
        else:
            _strip(child)
