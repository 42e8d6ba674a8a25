"""ARC: science questions with three to five choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import model_validator

from ..items import ChoiceItem
from .rows import Row, Text, read_row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


class ArcChoices(Row):
    """The choices of a row."""

    text: list[Text]
    """What is chosen among."""
    label: list[str]
    """A sign for each choice."""


class SignedRow(Row):
    """A row whose answer is the sign of one of its choices."""

    id: int | str
    """Its identifier."""
    choices: ArcChoices
    """What may be answered."""
    answerKey: str  # noqa: N815 - the column's name
    """Sign of the right choice."""

    @model_validator(mode="after")
    def _answer_is_a_choice(self) -> Self:
        if self.answerKey not in self.choices.label:
            raise ValueError(f"answerKey {self.answerKey!r} is not one of {', '.join(map(repr, self.choices.label))}")
        return self

    def item(self, context: str, where: str) -> ChoiceItem:
        """The row as an item with this context."""
        return ChoiceItem(
            sample_id=str(self.id),
            target=self.choices.label.index(self.answerKey),
            category=None,
            context=context,
            choices=tuple(self.choices.text),
            where=where,
        )


class ArcRow(SignedRow):
    """A row of ARC."""

    question: str
    """The question."""


def arc_item(row: Mapping[str, Any], where: str) -> ChoiceItem:
    r"""A row of ARC (`allenai/ai2_arc`; lm-eval, `tasks/arc`).

    Args:
        row: The columns of `ArcRow`.
        where: File and line to name in messages.

    Raises:
        InputError: A column is missing or holds something else; names it.

    Example:
        >>> choices = {"text": ["x", "y"], "label": ["A", "B"]}
        >>> item = arc_item({"id": "a", "question": "Why?", "choices": choices, "answerKey": "B"}, "here")
        >>> item.context, item.choices, item.target
        ('Question: Why?\nAnswer:', ('x', 'y'), 1)
    """
    read = read_row(ArcRow, row, where)
    return read.item(f"Question: {read.question}\nAnswer:", where)
