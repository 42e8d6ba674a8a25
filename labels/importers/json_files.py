"""JSON, and tables of JSON lines."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import polars as pl

from ..errors import InputError, TableError, first_line
from .columns import TEXT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_lines(path: Path) -> pl.DataFrame:
    """The objects of a file (see `json_lines`) as rows: values that are objects or lists are left out."""
    rows = [row for _, row in json_lines(path)]
    flat = [{name: value for name, value in row.items() if not isinstance(value, dict | list)} for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    return pl.DataFrame({name: _json_column(name, [row.get(name) for row in flat]) for name in names})


def _json_column(name: str, values: list[Any]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and name not in TEXT_COLUMNS:
        return pl.Series(name, values, dtype=pl.Float64 if float in kinds else None, strict=False)
    if kinds == {bool}:
        return pl.Series(name, values)
    return pl.Series(name, [None if value is None else str(value) for value in values], dtype=pl.String)


def read_json(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """What a JSON file holds.

    Raises:
        InputError: The file cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read ({first_line(error)})") from error


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines, or of one JSON array, gzipped or not, with their line (or place) from 1.

    Raises:
        InputError: The file cannot be read.
        TableError: A line is not a JSON object; names the line.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig") as lines:
            first = lines.read(1)
            while first.isspace():
                first = lines.read(1)
            if first == "[":
                yield from enumerate(_objects(path, json.loads("[" + lines.read())), start=1)
                return
            for number, line in enumerate(lines, start=1):
                text = first + line if number == 1 else line
                if text.strip():
                    yield number, _object(path, number, text)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({first_line(error)})") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise TableError(f"{path}: invalid JSON ({first_line(error)})") from error


def _objects(path: Path, items: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - whatever the file holds
    if not all(isinstance(item, dict) for item in items):
        raise TableError(f"{path}: expected an array of JSON objects")
    return list(items)


def _object(path: Path, number: int, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise TableError(f"{path} line {number}: invalid JSON ({first_line(error)})") from error
    if not isinstance(found, dict):
        raise TableError(f"{path} line {number}: expected a JSON object, found {type(found).__name__}")
    return found
