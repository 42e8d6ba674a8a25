"""WinoGrande: which of two names fills the blank of a sentence.

Scored by partial evaluation (Trinh and Le, arXiv 1806.02847): how likely the rest of the sentence is once a name is put
in, so that names that are likely by themselves win nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from ..items import BLANK, ChoiceItem
from .rows import Row, Text, answered, read_row

if TYPE_CHECKING:
    from collections.abc import Mapping


def _with_blank(sentence: str) -> str:
    if not sentence.partition(BLANK)[2].strip():
        raise ValueError(f"expected a blank, {BLANK!r}, and text after it")
    return sentence


class WinoGrandeRow(Row):
    """A row of WinoGrande: two choices; on the Hub without an identifier."""

    sentence: Annotated[str, AfterValidator(_with_blank)]
    """A sentence with a blank."""
    option1: Text
    """What may fill it."""
    option2: Text
    """What else may."""
    answer: Annotated[Literal["1", "2"], BeforeValidator(answered)]
    """The right one."""


def winogrande_item(row: Mapping[str, Any], where: str) -> ChoiceItem:
    """A row of WinoGrande (`allenai/winogrande`; lm-eval, `tasks/winogrande`).

    Args:
        row: The columns of `WinoGrandeRow`.
        where: File and line to name in messages.

    Raises:
        InputError: A column is missing or holds something else; names it.

    Example:
        >>> row = {"sentence": "Ann told Bea that _ had won.", "option1": "Ann", "option2": "Bea", "answer": "1"}
        >>> winogrande_item(row, "here").scored
        (('Ann told Bea that Ann', 'had won.'), ('Ann told Bea that Bea', 'had won.'))
    """
    read = read_row(WinoGrandeRow, row, where)
    return ChoiceItem(
        sample_id="",
        target=int(read.answer) - 1,
        category=None,
        context=read.sentence,
        choices=(read.option1, read.option2),
        where=where,
        decided_by="partial",
    )
