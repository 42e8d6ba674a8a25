"""Rows of multiple-choice datasets as items: for each form its columns, and lm-evaluation-harness's wording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .arc import arc_item
from .boolq import boolq_item
from .hellaswag import hellaswag_item
from .mmlu import mmlu_item
from .openbookqa import openbookqa_item
from .piqa import piqa_item
from .winogrande import winogrande_item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..items import ChoiceItem

__all__ = [
    "FORMS",
    "arc_item",
    "boolq_item",
    "hellaswag_item",
    "mmlu_item",
    "openbookqa_item",
    "piqa_item",
    "winogrande_item",
]

FORMS: dict[str, Callable[[Mapping[str, Any], str], ChoiceItem]] = {
    "hellaswag": hellaswag_item,
    "arc": arc_item,
    "piqa": piqa_item,
    "openbookqa": openbookqa_item,
    "mmlu": mmlu_item,
    "winogrande": winogrande_item,
    "boolq": boolq_item,
}
"""Forms of rows, by name; a further task is one more file."""
