"""What the command line prints: reports on standard output, everything else on standard error."""

from __future__ import annotations

import json
import math
import sys
import time
from collections import Counter
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from ..builders.progress import FOUND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    out: Console
    """Reports."""
    err: Console
    """Progress, remarks and errors."""

SIGNIFICANT_DIGITS = 4
LOG_SECONDS = 30.0
"""Time between lines about progress where nobody watches a terminal."""
SECONDS_SHOWN = 120
MINUTES_SHOWN = 120

WIDTH_OF_FILES = 200
"""Columns of a report that goes into a file or a pipe, where nothing is cut."""


def __getattr__(name: str) -> Console:
    """The consoles, made on first use: rich takes longer to load than `--help` to answer."""
    if name in ("out", "err"):
        return _console(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _console(name: str) -> Console:
    from rich.console import Console

    if name == "err":
        return Console(stderr=True, highlight=False, soft_wrap=True)
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH_OF_FILES)


class TerminalProgress:
    """Draws bars on standard error; in a log file, one line for each task."""

    def say(self, message: str) -> None:
        """A line about what is done or will be done."""
        _console("err").print(message, markup=False)

    @contextmanager
    def task(self, description: str, total: int, *, per: int = 1, unit: str = "") -> Iterator[Meter]:
        """A bar of `total` steps with its rate; where nobody watches a terminal, a line now and then."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        meter = Meter(total, per, unit)
        console = _console("err")
        if not console.is_terminal:
            self.say(f"{description}: {total // per} {unit} to do" if unit else f"{description}: {total} to do")
            meter.listen(
                lambda: self.say(f"{description}: {meter.done // per} of {total // per}, {meter}"), LOG_SECONDS
            )
            yield meter
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[pace]}"),
        )
        with Progress(*columns, console=console) as bars:
            bar = bars.add_task(description, total=total // per, pace="")
            meter.listen(lambda: bars.update(bar, completed=meter.done / per, pace=str(meter)), 0)
            yield meter
            bars.update(bar, completed=meter.done / per, pace=str(meter))


class Meter:
    """Counts steps, and tells the rate, what bounds it, and the time left."""

    def __init__(self, total: int, per: int, unit: str) -> None:
        """Start counting.

        Args:
            total: Steps in all.
            per: Steps that make one unit.
            unit: Name of the unit; empty where only the time left is told.
        """
        self.done = 0
        self._total, self._per, self._unit = total, per, unit
        self._worked, self._bounds = 0, Counter[str]()
        self._started = self._told = time.monotonic()
        self._tell: Callable[[], None] = lambda: None
        self._every = math.inf

    def listen(self, tell: Callable[[], None], every: float) -> None:
        """Call a function whenever steps are done, at most once in so many seconds."""
        self._tell, self._every = tell, every

    def __call__(self, steps: int, *, bound_by: str | None = None) -> None:
        """Some steps are done; those that were `found` finished do not count towards the rate."""
        self.done += steps
        if bound_by != FOUND:
            self._worked += steps
        if bound_by not in (None, FOUND):
            self._bounds[str(bound_by)] += steps
        now = time.monotonic()
        if now - self._told >= self._every:
            self._told = now
            self._tell()

    def __str__(self) -> str:
        rate = self._worked / max(time.monotonic() - self._started, 1e-9)  # steps per second
        if self._worked == 0:
            return ""
        left = f"{duration((self._total - self.done) / rate)} left"
        if not self._unit:
            return left
        bound = f", bound by {self._bounds.most_common(1)[0][0]}" if self._bounds else ""
        return f"{rate / self._per:.3g} {self._unit}/s{bound}, {left}"


def duration(seconds: float) -> str:
    """A time as it is read.

    Example:
        >>> duration(3.2), duration(400), duration(9000)
        ('3 s', '7 min', '2.5 h')
    """
    if seconds < SECONDS_SHOWN:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < MINUTES_SHOWN * 60 else f"{seconds / 3600:.1f} h"


def print_json(content: Any) -> None:  # noqa: ANN401 - any JSON document
    """One JSON document on standard output; undefined numbers are null, never NaN."""
    _console("out").file.write(json.dumps(_finite(content), ensure_ascii=False, allow_nan=False, indent=2) + "\n")


def _finite(content: Any) -> Any:  # noqa: ANN401 - any JSON document
    """The same with null where a number is infinite or undefined, which JSON cannot say."""
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output, numbers to the right."""
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], (int, float, type(None))) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    _console("out").print(table)


def _cell(value: object) -> str:
    from rich.markup import escape

    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.{SIGNIFICANT_DIGITS}g}"
    return f"{value:,}" if isinstance(value, int) else escape(str(value))


def percent(share: float | None) -> str:
    """A share as it is read: `81.4 %`."""
    return "–" if share is None else f"{100 * share:.1f} %"
