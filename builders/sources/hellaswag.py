"""HellaSwag's rows as items, by the text rules that lm-evaluation-harness applies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...labels.errors import InputError
from .items import ChoiceItem

if TYPE_CHECKING:
    from collections.abc import Mapping

N_ENDINGS = 4
REQUIRED = ("ind", "activity_label", "ctx_a", "ctx_b", "endings", "label")


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
    """One row of HellaSwag as a language model sees it.

    Args:
        row: Columns `ind`, `activity_label`, `ctx_a`, `ctx_b`, `endings`, `label` and, where there is one, `split`.
        where: File and line to name in messages.

    Raises:
        InputError: A column is missing, there are not four endings, one is empty, or the label is missing or wrong.
    """
    missing = [column for column in REQUIRED if column not in row]
    if missing:
        raise InputError(f"{where}: column {missing[0]!r} is missing")
    for column in ("activity_label", "ctx_a", "ctx_b"):
        if not isinstance(row[column], str):
            raise InputError(f"{where}: column {column!r} holds {row[column]!r} where text is expected")
    endings = row["endings"]
    if not isinstance(endings, list) or len(endings) != N_ENDINGS:
        raise InputError(f"{where}: expected a list of {N_ENDINGS} endings")
    choices = tuple(preprocess(str(ending)) for ending in endings)
    if not all(choices):
        raise InputError(f"{where}: ending {choices.index('')} is empty")
    context = f"{row['activity_label']}: {row['ctx_a']} {row['ctx_b'].capitalize()}"
    return ChoiceItem(
        sample_id=f"{row.get('split') or 'item'}-{row['ind']}",
        target=_label(row["label"], where),
        group=str(row["activity_label"]),
        context=preprocess(context),
        choices=choices,
        where=where,
        split_type=row.get("split_type") or None,
    )


def _label(value: object, where: str) -> int:
    text = str(value).strip()
    if value is None or not text:
        raise InputError(f"{where}: no label; items without an answer (the test split) cannot be labelled")
    if not text.isdecimal() or int(text) >= N_ENDINGS:
        raise InputError(f"{where}: label {value!r} is not one of 0 to {N_ENDINGS - 1}")
    return int(text)
