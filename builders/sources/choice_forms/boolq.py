"""BoolQ: questions about a passage that are answered with yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..items import ChoiceItem
from .rows import Row, read_row

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWERS = ("no", "yes")


class BoolqRow(Row):
    """A row of BoolQ, as SuperGLUE has it."""

    idx: int | str
    """Its number."""
    passage: str
    """What the question is about."""
    question: str
    """The question, without its mark."""
    label: bool
    """Whether the answer is yes; the test split has -1."""


def boolq_item(row: Mapping[str, Any], where: str) -> ChoiceItem:
    r"""A row of BoolQ (`aps/super_glue`; lm-eval, `tasks/super_glue/boolq`).

    Args:
        row: The columns of `BoolqRow`.
        where: File and line to name in messages.

    Raises:
        InputError: A column is missing or holds something else; names it.

    Example:
        >>> item = boolq_item({"idx": 3, "passage": "Ice floats.", "question": "does ice sink", "label": 0}, "here")
        >>> item.context, item.choices[item.target]
        ('Ice floats.\nQuestion: does ice sink?\nAnswer:', 'no')
    """
    read = read_row(BoolqRow, row, where)
    return ChoiceItem(
        sample_id=str(read.idx),
        target=int(read.label),
        category=None,
        context=f"{read.passage}\nQuestion: {read.question}?\nAnswer:",
        choices=ANSWERS,
        where=where,
        decided_by="acc",
    )
