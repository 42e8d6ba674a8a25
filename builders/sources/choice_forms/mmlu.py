"""MMLU: examination questions of 57 subjects, answered with a letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ..items import ChoiceItem
from .rows import Row, read_row

if TYPE_CHECKING:
    from collections.abc import Mapping

LETTERS = ("A", "B", "C", "D")


class MmluRow(Row):
    """A row of MMLU: four choices, no identifier."""

    question: str
    """The question."""
    subject: str
    """What it is about, with underscores for spaces."""
    choices: Annotated[list[str], Field(min_length=4, max_length=4)]
    """What may be answered; the model answers with a letter."""
    answer: Literal[0, 1, 2, 3]
    """The right one."""


def mmlu_item(row: Mapping[str, Any], where: str) -> ChoiceItem:
    r"""A row of MMLU (`cais/mmlu`; lm-eval, `tasks/mmlu/default`), without examples before it.

    Args:
        row: The columns of `MmluRow`.
        where: File and line to name in messages.

    Raises:
        InputError: A column is missing or holds something else; names it.

    Example:
        >>> row = {"question": "2 + 2?", "subject": "college_mathematics", "choices": ["3", "4", "5", "6"], "answer": 1}
        >>> mmlu_item(row, "here").context.splitlines()[0]
        'The following are multiple choice questions (with answers) about college mathematics.'
    """
    read = read_row(MmluRow, row, where)
    subject = read.subject.replace("_", " ")
    listed = "".join(f"{letter}. {choice}\n" for letter, choice in zip(LETTERS, read.choices, strict=True))
    return ChoiceItem(
        sample_id="",
        target=read.answer,
        category=subject,
        context=f"The following are multiple choice questions (with answers) about {subject}.\n\n"
        f"{read.question.strip()}\n{listed}Answer:",
        choices=LETTERS,
        where=where,
        decided_by="acc",
    )
