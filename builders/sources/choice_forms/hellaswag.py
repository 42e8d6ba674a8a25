"""HellaSwag: an activity, a context, and four endings, of which one is real."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ..items import ChoiceItem
from .rows import Row, Text, answered, read_row

if TYPE_CHECKING:
    from collections.abc import Mapping


def _clean(text: object) -> object:
    return preprocess(text) if isinstance(text, str) else text


class HellaSwagRow(Row):
    """A row of HellaSwag: an activity, a context in two parts, four endings."""

    ind: int | str
    """Its number."""
    activity_label: str
    """The activity."""
    ctx_a: str
    """The context's whole sentences."""
    ctx_b: str
    """Beginning of the sentence that is to be ended."""
    endings: Annotated[list[Annotated[Text, BeforeValidator(_clean)]], Field(min_length=4, max_length=4)]
    """How it may end, cleaned."""
    label: Annotated[Literal["0", "1", "2", "3"], BeforeValidator(answered)]
    """The right ending."""
    split: str | None = None
    """The split that it is of."""
    split_type: str | None = None
    """Whether its activity is among those of the training split."""
    source_id: str | None = None
    """The video or article that it is from; several items may be from one."""


def preprocess(text: str) -> str:
    """Clean WikiHow's markers out of a text (lm-eval, `tasks/hellaswag/utils.py`).

    Example:
        >>> preprocess("Wash it. [title] Dry it. [step] Use a  towel")
        'Wash it.. Dry it. Use a towel'
    """
    text = text.strip()
    text = text.replace(" [title]", ". ")
    text = re.sub("\\[.*?\\]", "", text)
    return text.replace("  ", " ")


def hellaswag_item(row: Mapping[str, Any], where: str) -> ChoiceItem:
    """A row of HellaSwag as a language model sees it (lm-eval, `tasks/hellaswag`).

    Args:
        row: The columns of `HellaSwagRow`.
        where: File and line to name in messages.

    Raises:
        InputError: A column is missing or holds something else; names it.
    """
    read = read_row(HellaSwagRow, row, where)
    return ChoiceItem(
        sample_id=f"{read.split or 'item'}-{read.ind}",
        target=int(read.label),
        category=read.activity_label,
        context=preprocess(f"{read.activity_label}: {read.ctx_a} {read.ctx_b.capitalize()}"),
        choices=tuple(read.endings),
        where=where,
        split_type=read.split_type or None,
        source_id=read.source_id or None,
    )
