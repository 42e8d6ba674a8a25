"""Figures as they are read, with their intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import console

if TYPE_CHECKING:
    from ...labels.bounds.interval import Interval

UNDEFINED = "–"


def number(value: float | None, found: Interval | None = None) -> str:
    """A number to four digits.

    Example:
        >>> number(2.0718), number(None)
        ('2.072', '–')
    """
    if value is None or math.isnan(value):
        return UNDEFINED
    return f"{value:.4g}" if found is None else f"{value:.4g} ({found.low:.3g} – {found.high:.3g})"


def share(value: float | None, found: Interval | None = None) -> str:
    """A share in percent.

    Example:
        >>> share(0.814)
        '81.4 %'
    """
    if value is None or math.isnan(value):
        return UNDEFINED
    text = console.percent(value)
    return text if found is None else f"{text} ({100 * found.low:.1f} – {100 * found.high:.1f})"


def points(value: float, found: Interval | None = None) -> str:
    """A difference of shares in percentage points, with its sign.

    Example:
        >>> points(-0.016)
        '-1.6'
    """
    text = f"{100 * value:+.1f}"
    return text if found is None else f"{text} ({100 * found.low:+.1f} – {100 * found.high:+.1f})"


def p_value(value: float) -> str:
    """A p-value to three decimals.

    Example:
        >>> p_value(0.0312), p_value(1e-9)
        ('0.031', '< 0.001')
    """
    if math.isnan(value):
        return UNDEFINED
    return "< 0.001" if value < 1e-3 else f"{value:.3f}"
