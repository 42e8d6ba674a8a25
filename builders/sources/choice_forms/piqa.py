"""PIQA: two ways to do something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ..items import ChoiceItem
from .rows import Row, Text, read_row

if TYPE_CHECKING:
    from collections.abc import Mapping


class PiqaRow(Row):
    """A row of PIQA: two choices, no identifier."""

    goal: str
    """What is to be done."""
    sol1: Text
    """The first way to do it."""
    sol2: Text
    """The second way."""
    label: Literal[0, 1, "0", "1"]
    """The right one."""


def piqa_item(row: Mapping[str, Any], where: str) -> ChoiceItem:
    """A row of PIQA (`baber/piqa`; lm-eval, `tasks/piqa`).

    Args:
        row: The columns of `PiqaRow`.
        where: File and line to name in messages.

    Raises:
        InputError: A column is missing or holds something else; names it.

    Example:
        >>> piqa_item({"goal": "Open it.", "sol1": "Pull.", "sol2": "Wait.", "label": 0}, "here").choices
        ('Pull.', 'Wait.')
    """
    read = read_row(PiqaRow, row, where)
    return ChoiceItem(
        sample_id="",
        target=int(read.label),
        category=None,
        context=f"Question: {read.goal}\nAnswer:",
        choices=(read.sol1, read.sol2),
        where=where,
    )
