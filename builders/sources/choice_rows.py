"""Multiple-choice items in rows: JSON lines on disk, and datasets on the Hub."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...labels.errors import InputError
from ...labels.tables.remote import explained, split_revision
from .image_rows import resolve_revision
from .items import Held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from .items import ChoiceItem

    ToItem = Callable[[Mapping[str, Any], str], ChoiceItem]

GZIP_MAGIC = b"\x1f\x8b"


class JsonLines:
    """A file with one row per line, plain or gzip."""

    revision = None

    def __init__(self, path: Path, to_item: ToItem, split: str, *, name: str = "jsonl") -> None:
        """Read and check all items.

        Args:
            path: The file.
            to_item: What makes an item of a row.
            split: Name of the split, for identifiers of rows that have none.
            name: What tables call the source; never a path.

        Raises:
            InputError: The file is missing, empty or no JSON lines, or an item breaks the form or comes twice.
        """
        self.name = name
        self._items = list(_named((to_item(row, where) for row, where in _rows(path)), split))
        if not self._items:
            raise InputError(f"jsonl:{path}: no items")

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> Iterator[ChoiceItem]:
        """All items in the file's order."""
        return iter(self._items)

    def slice(self, start: int, stop: int) -> Held[ChoiceItem]:
        """Some of the items, which are in memory."""
        return Held(self.name, self.revision, self._items[start:stop])


class HubChoices:
    """A dataset on the Hub."""

    def __init__(self, name: str, to_item: ToItem, split: str, config: str | None = None) -> None:
        """Load and check all items.

        Args:
            name: `org/name` with optional `@revision`.
            to_item: What makes an item of a row.
            split: Split of the dataset.
            config: Config of the dataset, where it has several.

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
                rows = load_dataset(repository, config, split=split, revision=self.revision)
            except ValueError as error:
                raise InputError(f"hub:{name}: {str(error).splitlines()[0]}") from error
        items = (to_item(row, f"{self.name} row {number}") for number, row in enumerate(rows))
        self._items = list(_named(items, split))

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> Iterator[ChoiceItem]:
        """All items in the dataset's order."""
        return iter(self._items)

    def slice(self, start: int, stop: int) -> Held[ChoiceItem]:
        """Some of the items, which are in memory."""
        return Held(self.name, self.revision, self._items[start:stop])


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


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{where}: no JSON ({error})") from error
    if not isinstance(row, dict):
        raise InputError(f"{where}: expected an object with one row's columns")
    return row


def _named(items: Iterable[ChoiceItem], split: str) -> Iterator[ChoiceItem]:
    """The items, each with an identifier of its own; those of a source that has none are numbered."""
    seen: dict[str, str] = {}
    for number, item in enumerate(items):
        named = item if item.sample_id else replace(item, sample_id=f"{split}-{number}")
        if named.sample_id in seen:
            raise InputError(f"{named.where} and {seen[named.sample_id]} have the same identifier {named.sample_id!r}")
        seen[named.sample_id] = named.where
        yield named
