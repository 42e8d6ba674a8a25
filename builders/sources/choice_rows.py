"""Multiple-choice items from rows: JSON lines on disk, and datasets on the Hub, read and checked as a whole."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...labels.errors import InputError
from ...labels.tables.remote import explained, split_revision
from .image_rows import resolve_revision
from .items import ChoiceItem, Held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    ToItem = Callable[[Mapping[str, Any], str], ChoiceItem]

GZIP_MAGIC = b"\x1f\x8b"


def json_lines(path: Path, to_item: ToItem, split: str, *, name: str = "jsonl") -> Held[ChoiceItem]:
    """Items of a file with one row per line, plain or gzip.

    Args:
        path: The file.
        to_item: What makes an item of a row.
        split: Name of the split, for identifiers of rows that have none.
        name: What tables call the source; never a path.

    Raises:
        InputError: The file is missing, empty or not JSON lines, or an item breaks the form or comes twice.
    """
    items = _identified((to_item(row, where) for row, where in _rows(path)), split)
    if not items:
        raise InputError(f"jsonl:{path}: no items")
    return Held(name, None, items)


def hub_choices(name: str, to_item: ToItem, split: str, config: str | None = None) -> Held[ChoiceItem]:
    """Items of a dataset on the Hub.

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
    with explained(repository, "datasets/"):
        revision = resolve_revision(repository, asked)
        try:
            rows = load_dataset(repository, config, split=split, revision=revision)
        except ValueError as error:
            raise InputError(f"hub:{name}: {str(error).splitlines()[0]}") from error
    source = f"hub:{repository}"
    items = (to_item(row, f"{source} row {number}") for number, row in enumerate(rows))
    return Held(source, revision, _identified(items, split))


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
        raise InputError(f"{where}: invalid JSON ({error})") from error
    if not isinstance(row, dict):
        raise InputError(f"{where}: expected an object with one row's columns")
    return row


def _identified(items: Iterable[ChoiceItem], split: str) -> list[ChoiceItem]:
    """The items, each with an identifier of its own; those of a source that has none are numbered."""
    found: dict[str, ChoiceItem] = {}
    for number, given in enumerate(items):
        item = given if given.sample_id else replace(given, sample_id=f"{split}-{number}")
        if item.sample_id in found:
            earlier = found[item.sample_id].where
            raise InputError(f"{item.where} and {earlier} have the same identifier {item.sample_id!r}")
        found[item.sample_id] = item
    return list(found.values())
