"""OpenBookQA: sentences to be ended with common knowledge, in ARC's columns but for the question's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from .arc import SignedRow
from .rows import read_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..items import ChoiceItem


class OpenBookRow(SignedRow):
    """A row of OpenBookQA."""

    question_stem: str
    """The beginning of a sentence, or a question."""
    answerKey: Annotated[str, BeforeValidator(lambda key: str(key).strip())]  # noqa: N815 - the column's name
    """Sign of the right choice; some rows have a space beside it."""


def openbookqa_item(row: Mapping[str, Any], where: str) -> ChoiceItem:
    """A row of OpenBookQA (`allenai/openbookqa`; lm-eval, `tasks/openbookqa`).

    Args:
        row: The columns of `OpenBookRow`.
        where: File and line to name in messages.

    Raises:
        InputError: A column is missing or holds something else; names it.

    Example:
        >>> choices = {"text": ["sink", "float"], "label": ["A", "B"]}
        >>> row = {"id": "a", "question_stem": "Wood can", "choices": choices, "answerKey": "B"}
        >>> openbookqa_item(row, "here").context
        'Wood can'
    """
    read = read_row(OpenBookRow, row, where)
    return read.item(read.question_stem, where)
