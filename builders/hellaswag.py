"""HellaSwag: its text rules, as lm-evaluation-harness applies them, and the sources that have its form."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import TYPE_CHECKING, Any

from ..labels.errors import InputError
from ..labels.hub import explained, split_revision
from .imagerows import resolve_revision
from .items import ChoiceItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

N_ENDINGS = 4
REQUIRED = ("ind", "activity_label", "ctx_a", "ctx_b", "endings", "label")
GZIP_MAGIC = b"\x1f\x8b"


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


def to_item(row: Mapping[str, Any], place: str) -> ChoiceItem:
    """One row of HellaSwag as a language model sees it.

    Args:
        row: Columns `ind`, `activity_label`, `ctx_a`, `ctx_b`, `endings`, `label` and, where there is one, `split`.
        place: File and line to name in messages.

    Raises:
        InputError: A column is missing, there are not four endings, one is empty, or the label is missing or wrong.
    """
    missing = [column for column in REQUIRED if column not in row]
    if missing:
        raise InputError(f"{place}: column {missing[0]!r} is missing")
    for column in ("activity_label", "ctx_a", "ctx_b"):
        if not isinstance(row[column], str):
            raise InputError(f"{place}: column {column!r} holds {row[column]!r} where text is expected")
    endings = row["endings"]
    if not isinstance(endings, list) or len(endings) != N_ENDINGS:
        raise InputError(f"{place}: expected a list of {N_ENDINGS} endings")
    choices = tuple(preprocess(str(ending)) for ending in endings)
    if not all(choices):
        raise InputError(f"{place}: ending {choices.index('')} is empty")
    context = f"{row['activity_label']}: {row['ctx_a']} {row['ctx_b'].capitalize()}"
    return ChoiceItem(
        sample_id=f"{row.get('split') or 'item'}-{row['ind']}",
        target=_label(row["label"], place),
        group=str(row["activity_label"]),
        context=preprocess(context),
        choices=choices,
        place=place,
    )


def _label(value: object, place: str) -> int:
    text = str(value).strip()
    if value is None or not text:
        raise InputError(f"{place}: no label; items without an answer (the test split) cannot be labelled")
    if not text.isdecimal() or int(text) >= N_ENDINGS:
        raise InputError(f"{place}: label {value!r} is not one of 0 to {N_ENDINGS - 1}")
    return int(text)


class JsonLines:
    """A file with one HellaSwag item per line, plain or gzip."""

    revision = None

    def __init__(self, path: Path, *, name: str = "jsonl") -> None:
        """Read and check all items.

        Args:
            path: The file.
            name: What tables call the source; never a path.

        Raises:
            InputError: The file is missing, empty or no JSON lines, or an item breaks the form or comes twice.
        """
        self.name = name
        self._items = list(_unique(to_item(row, place) for row, place in _rows(path)))
        if not self._items:
            raise InputError(f"jsonl:{path}: no items")

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> Iterator[ChoiceItem]:
        """All items in the file's order."""
        return iter(self._items)


class HubChoices:
    """HellaSwag on the Hub."""

    def __init__(self, name: str, split: str) -> None:
        """Load and check all items.

        Args:
            name: `org/name` with optional `@revision`.
            split: Split of the dataset.

        Raises:
            InputError: The dataset is missing or gated, lacks the split, or an item breaks the form.
            RunError: The Hub cannot be reached.
        """
        from datasets import load_dataset

        repository, asked = split_revision(name)
        self.name = f"hub:{repository}"
        with explained(repository, "datasets/"):
            self.revision: str | None = resolve_revision(repository, asked)
            try:
                rows = load_dataset(repository, split=split, revision=self.revision)
            except ValueError as error:
                raise InputError(f"hub:{name}: {str(error).splitlines()[0]}") from error
        self._items = list(_unique(to_item(row, f"{self.name} row {number}") for number, row in enumerate(rows)))

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> Iterator[ChoiceItem]:
        """All items in the dataset's order."""
        return iter(self._items)


def _rows(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == GZIP_MAGIC
        with gzip.open(path, "rt", encoding="utf-8") if compressed else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _row(line, f"{path} line {number}"), f"{path} line {number}"
    except FileNotFoundError as error:
        raise InputError(f"jsonl:{path}: no such file") from error
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise InputError(f"jsonl:{path}: cannot be read ({error})") from error


def _row(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{place}: no JSON ({error})") from error
    if not isinstance(row, dict):
        raise InputError(f"{place}: expected an object with {', '.join(REQUIRED)}")
    return row


def _unique(items: Iterable[ChoiceItem]) -> Iterator[ChoiceItem]:
    seen: dict[str, str] = {}
    for item in items:
        if item.sample_id in seen:
            raise InputError(f"{item.place} and {seen[item.sample_id]} have the same identifier {item.sample_id!r}")
        seen[item.sample_id] = item.place
        yield item
