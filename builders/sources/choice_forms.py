"""Rows of multiple-choice datasets as items: one small function for each form, with lm-evaluation-harness's wording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...labels.errors import InputError
from .hellaswag import hellaswag_item
from .items import ChoiceItem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def arc_item(row: Mapping[str, Any], where: str) -> ChoiceItem:
    r"""A row of ARC (`allenai/ai2_arc`; lm-eval, `tasks/arc`): three to five choices.

    Args:
        row: Columns `id`, `question`, `choices` (`text` and `label`) and `answerKey`.
        where: File and line to name in messages.

    Raises:
        InputError: A column is missing, a choice is empty, or the answer is none of the choices.

    Example:
        >>> choices = {"text": ["x", "y"], "label": ["A", "B"]}
        >>> item = arc_item({"id": "a", "question": "Why?", "choices": choices, "answerKey": "B"}, "here")
        >>> item.context, item.choices, item.target
        ('Question: Why?\nAnswer:', ('x', 'y'), 1)
    """
    _require(row, ("id", "question", "choices", "answerKey"), where)
    choices, key = row["choices"], row["answerKey"]
    if not isinstance(choices, dict) or set(choices) != {"text", "label"}:
        raise InputError(f"{where}: column 'choices' holds {choices!r}; lists 'text' and 'label' are expected")
    if key not in choices["label"]:
        raise InputError(f"{where}: answerKey {key!r} is not one of {', '.join(map(repr, choices['label']))}")
    return ChoiceItem(
        sample_id=str(row["id"]),
        target=list(choices["label"]).index(key),
        group=None,
        context=f"Question: {row['question']}\nAnswer:",
        choices=_texts(choices["text"], where),
        where=where,
    )


def piqa_item(row: Mapping[str, Any], where: str) -> ChoiceItem:
    """A row of PIQA (`baber/piqa`; lm-eval, `tasks/piqa`): two choices, no identifiers.

    Args:
        row: Columns `goal`, `sol1`, `sol2` and `label`.
        where: File and line to name in messages.

    Raises:
        InputError: A column is missing, a choice is empty, or the label is neither 0 nor 1.

    Example:
        >>> piqa_item({"goal": "Open it.", "sol1": "Pull.", "sol2": "Wait.", "label": 0}, "here").choices
        ('Pull.', 'Wait.')
    """
    _require(row, ("goal", "sol1", "sol2", "label"), where)
    if row["label"] not in (0, 1, "0", "1"):
        raise InputError(f"{where}: label {row['label']!r} is not 0 or 1; items without an answer cannot be labelled")
    return ChoiceItem(
        sample_id="",
        target=int(row["label"]),
        group=None,
        context=f"Question: {row['goal']}\nAnswer:",
        choices=_texts((row["sol1"], row["sol2"]), where),
        where=where,
    )


def _require(row: Mapping[str, Any], columns: Sequence[str], where: str) -> None:
    missing = [column for column in columns if column not in row]
    if missing:
        raise InputError(f"{where}: column {missing[0]!r} is missing")


def _texts(choices: Sequence[Any], where: str) -> tuple[str, ...]:
    texts = tuple(choices)
    for number, text in enumerate(texts):
        if not isinstance(text, str) or not text:
            raise InputError(f"{where}: choice {number} is {text!r}; text is expected")
    return texts


FORMS: dict[str, Callable[[Mapping[str, Any], str], ChoiceItem]] = {
    "hellaswag": hellaswag_item,
    "arc": arc_item,
    "piqa": piqa_item,
}
"""Forms of rows, by name; a further task is one more function."""
