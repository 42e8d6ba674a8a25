"""What the forms of rows share: a model of columns, and messages that name the column."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ....labels.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_VALUE = 80
"""Characters that a message quotes of a value."""
Text = Annotated[str, Field(min_length=1)]
"""A text that a choice adds to its context."""


class Row(BaseModel):
    """The columns of a row that an item is made of; others are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


RowT = TypeVar("RowT", bound=Row)


def answered(label: object) -> str:
    """A label as text; for columns that are empty in splits without answers."""
    if label is None or not str(label).strip():
        raise ValueError("no label; items without an answer (the test split) cannot be labelled")
    return str(label).strip()


def read_row(form: type[RowT], row: Mapping[str, Any], where: str) -> RowT:
    """The columns of a row, checked.

    Args:
        form: The model of the columns.
        row: The row.
        where: File and line to name in messages.

    Raises:
        InputError: A column is missing or holds something else; names it.
    """
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
