"""Tables and text from data, as Markdown that stays what it is meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP = "–"
"""Stands for what is not known."""


class Markup(str):
    """Text that is Markdown already, and stands in a table as it is."""

    __slots__ = ()


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown, figures to the right; whatever comes from data is escaped.

    Example:
        >>> print(markdown_table(["state", "GFLOPs"], [["a|b", 1.23456]]))
        | state | GFLOPs |
        | --- | ---: |
        | a&#124;b | 1.235 |
    """
    content = [list(row) for row in rows]
    right = [all(_is_figure(row[place]) for row in content) for place in range(len(columns))]
    lines = ["| " + " | ".join(columns) + " |", "|" + "".join(" ---: |" if figure else " --- |" for figure in right)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in content]
    return "\n".join(lines)


def escape(text: str) -> str:
    r"""Text from data, so that it stays text: no markup, no HTML, one line.

    Example:
        >>> escape("<b>`x`|y\nz")
        '&lt;b&gt;&#96;x&#96;&#124;y z'
    """
    entities = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "*": "&#42;", "[": "&#91;"}
    return " ".join("".join(entities.get(letter, letter) for letter in text).split())


def percent(share: float | None) -> str:
    """A share as it is read.

    Example:
        >>> percent(0.8137), percent(None)
        ('81.4 %', '–')
    """
    return GAP if share is None else f"{100 * share:.1f} %"


def _cell(value: object) -> str:
    if value is None:
        return GAP
    if isinstance(value, Markup):
        return value
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else escape(str(value))


def _is_figure(value: object) -> bool:
    return not isinstance(value, str) or value == GAP or value.removeprefix("-")[:1].isdigit()
