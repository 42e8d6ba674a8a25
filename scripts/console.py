"""What the command line prints: reports on standard output, everything else on standard error."""

from __future__ import annotations

import json
import math
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SIGNIFICANT_DIGITS = 4

WIDTH_OF_FILES = 200
"""Columns of a report that goes into a file or a pipe, where nothing is cut."""

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH_OF_FILES)
"""Reports."""
err = Console(stderr=True, highlight=False, soft_wrap=True)
"""Progress, remarks and errors."""


class TerminalProgress:
    """Draws bars on standard error; in a log file, one line for each task."""

    def say(self, message: str) -> None:
        """A line about what is done or will be done."""
        err.print(message, markup=False)

    @contextmanager
    def task(self, description: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar of `total` steps."""
        if not err.is_terminal:
            self.say(f"{description}: {total} to do")
            yield lambda steps: None
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=err) as bars:
            bar = bars.add_task(description, total=total)
            yield lambda steps: bars.advance(bar, steps)


def print_json(content: Any) -> None:  # noqa: ANN401 - any JSON document
    """One JSON document on standard output; undefined numbers are null, never NaN."""
    out.file.write(json.dumps(_finite(content), ensure_ascii=False, allow_nan=False, indent=2) + "\n")


def _finite(content: Any) -> Any:  # noqa: ANN401 - any JSON document
    """The same with null where a number is infinite or undefined, which JSON cannot say."""
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output, numbers to the right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], (int, float, type(None))) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    out.print(table)


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
