"""Rows of multiple-choice datasets as items: a model of each form's columns, and lm-evaluation-harness's wording."""

from __future__ import annotations

import re
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ...labels.errors import InputError
from .items import ChoiceItem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LETTERS = ("A", "B", "C", "D")
LONGEST_VALUE = 80
"""Characters that a message quotes of a value."""
Text = Annotated[str, Field(min_length=1)]


class _Row(BaseModel):
    """The columns of a row that an item is made of; others are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


RowT = TypeVar("RowT", bound=_Row)


class ArcChoices(_Row):
    """The choices of a row of ARC."""

    text: list[Text]
    """What is chosen among."""
    label: list[str]
    """A sign for each choice."""


class ArcRow(_Row):
    """A row of ARC: three to five choices."""

    id: int | str
    """Its identifier."""
    question: str
    """The question."""
    choices: ArcChoices
    """What may be answered."""
    answerKey: str  # noqa: N815 - the column's name
    """Sign of the right choice."""

    @model_validator(mode="after")
    def _answer_is_a_choice(self) -> ArcRow:
        if self.answerKey not in self.choices.label:
            raise ValueError(f"answerKey {self.answerKey!r} is not one of {', '.join(map(repr, self.choices.label))}")
        return self


class OpenBookRow(_Row):
    """A row of OpenBookQA: ARC's columns, but for the question's."""

    id: int | str
    """Its identifier."""
    question_stem: str
    """The beginning of a sentence, or a question."""
    choices: ArcChoices
    """How it may go on."""
    answerKey: Annotated[str, BeforeValidator(lambda key: str(key).strip())]  # noqa: N815 - the column's name
    """Sign of the right choice."""

    @model_validator(mode="after")
    def _answer_is_a_choice(self) -> OpenBookRow:
        if self.answerKey not in self.choices.label:
            raise ValueError(f"answerKey {self.answerKey!r} is not one of {', '.join(map(repr, self.choices.label))}")
        return self


class MmluRow(_Row):
    """A row of MMLU: four choices, no identifier."""

    question: str
    """The question."""
    subject: str
    """What it is about, with underscores for spaces."""
    choices: Annotated[list[str], Field(min_length=4, max_length=4)]
    """What may be answered; the model answers with a letter."""
    answer: Literal[0, 1, 2, 3]
    """The right one."""


class PiqaRow(_Row):
    """A row of PIQA: two choices, no identifier."""

    goal: str
    """What is to be done."""
    sol1: Text
    """The first way to do it."""
    sol2: Text
    """The second way."""
    label: Literal[0, 1, "0", "1"]
    """The right one."""


def _clean(text: object) -> object:
    return preprocess(text) if isinstance(text, str) else text


def _answered(label: object) -> str:
    if label is None or not str(label).strip():
        raise ValueError("no label; items without an answer (the test split) cannot be labelled")
    return str(label).strip()


class HellaSwagRow(_Row):
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
    label: Annotated[Literal["0", "1", "2", "3"], BeforeValidator(_answered)]
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
    read = _read(HellaSwagRow, row, where)
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
    read = _read(ArcRow, row, where)
    return ChoiceItem(
        sample_id=str(read.id),
        target=read.choices.label.index(read.answerKey),
        category=None,
        context=f"Question: {read.question}\nAnswer:",
        choices=tuple(read.choices.text),
        where=where,
    )


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
    read = _read(OpenBookRow, row, where)
    return ChoiceItem(
        sample_id=str(read.id),
        target=read.choices.label.index(read.answerKey),
        category=None,
        context=read.question_stem,
        choices=tuple(read.choices.text),
        where=where,
    )


def mmlu_item(row: Mapping[str, Any], where: str) -> ChoiceItem:
    r"""A row of MMLU (`cais/mmlu`; lm-eval, `tasks/mmlu/default`), without examples before it.

    The letters are equally long, so that `acc_norm` decides as the harness's `acc`.

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
    read = _read(MmluRow, row, where)
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
    )


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
    read = _read(PiqaRow, row, where)
    return ChoiceItem(
        sample_id="",
        target=int(read.label),
        category=None,
        context=f"Question: {read.goal}\nAnswer:",
        choices=(read.sol1, read.sol2),
        where=where,
    )


def _read(form: type[RowT], row: Mapping[str, Any], where: str) -> RowT:
    try:
        return form.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        column, *inside = first["loc"] or ("",)
        if first["type"] == "missing" and not inside:
            raise InputError(f"{where}: column {column!r} is missing") from error
        message = str(first["msg"]).removeprefix("Value error, ")
        held = shorten(repr(first["input"]), LONGEST_VALUE, placeholder=" …")
        named = f"column {column!r}" + "".join(f"[{key!r}]" for key in inside) + f" holds {held}: "
        raise InputError(f"{where}: {named if column else ''}{message}") from error


FORMS: dict[str, Callable[[Mapping[str, Any], str], ChoiceItem]] = {
    "hellaswag": hellaswag_item,
    "arc": arc_item,
    "piqa": piqa_item,
    "openbookqa": openbookqa_item,
    "mmlu": mmlu_item,
}
"""Forms of rows, by name; a further task is one more function."""
