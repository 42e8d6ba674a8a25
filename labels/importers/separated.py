"""Tables of text with separators, such as CSV: a column is text, unless all of it is numbers.

Reading is lenient about form (blanks after the separator, decimal commas) and strict about meaning: `007` is not the
number 7.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import polars as pl

from .columns import TEXT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEPARATORS = (",", ";", "\t")
"""Separators that the first line decides between."""
WHOLE = r"^-?(0|[1-9]\d{0,17})$"
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:nan|inf|infinity)$"
DECIMAL_COMMA = r"^-?\d+(,\d+)?$"
LEADING_ZERO = r"^[+-]?0\d"


def read_separated(path: Path, most: int | None = None) -> pl.DataFrame:
    """Read a table.

    Args:
        path: The file, gzipped or not.
        most: Rows to read at most; None for all.
    """
    separator = _separator(path)
    rows = pl.read_csv(path, separator=separator, infer_schema=False, encoding="utf8", n_rows=most)
    rows = _without_padding(rows.lazy()).collect()
    return rows.with_columns(_numbers(rows.lazy(), separator))


def store_separated(path: Path, stored: Path) -> None:
    """Write a table that is too large for the memory as parquet, with the columns that `read_separated` gives it.

    Args:
        path: The file.
        stored: The parquet file to write.
    """
    separator = _separator(path)
    texts = stored.with_suffix(".texts")
    scanned = pl.scan_csv(path, separator=separator, infer_schema=False, encoding="utf8")
    _without_padding(scanned).sink_parquet(texts)
    rows = pl.scan_parquet(texts)
    rows.with_columns(_numbers(rows, separator)).sink_parquet(stored)
    texts.unlink()


def _separator(path: Path) -> str:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
        header = lines.readline()
    unquoted = "".join(header.split('"')[::2])
    return max(SEPARATORS, key=unquoted.count)


def _without_padding(rows: pl.LazyFrame) -> pl.LazyFrame:
    """`a, b` is a habit of people: where a column's name begins with a blank, so do its values."""
    padded = [name for name in rows.collect_schema().names() if name != name.strip()]
    rows = rows.with_columns(pl.col(name).str.strip_chars() for name in padded)
    return rows.rename({name: name.strip() for name in padded}) if padded else rows


def _numbers(rows: pl.LazyFrame, separator: str) -> list[pl.Expr]:
    """The columns of text that hold nothing but numbers that a reader would call so, as numbers."""
    names = [name for name in rows.collect_schema().names() if name not in TEXT_COLUMNS]

    def those(names: list[str], holds: Callable[[pl.Expr], pl.Expr]) -> list[str]:
        found = rows.select(holds(pl.col(name)) for name in names).collect(engine="streaming")
        return [name for name in names if found[name].item()]

    def all_like(pattern: str) -> Callable[[pl.Expr], pl.Expr]:
        return lambda texts: texts.str.strip_chars().str.contains(pattern).all()

    filled = those(names, lambda texts: texts.is_not_null().any())
    whole = those(filled, all_like(WHOLE))
    rest = [name for name in filled if name not in set(whole)]
    like_numbers = those(rest, all_like(NUMBER))
    codes = set(those(like_numbers, lambda texts: texts.str.contains(LEADING_ZERO).any()))
    number = [name for name in like_numbers if name not in codes]
    rest = [name for name in rest if name not in set(number)]
    comma = those(rest, all_like(DECIMAL_COMMA)) if separator == ";" else []
    return [
        *(pl.col(name).str.strip_chars().cast(pl.Int64) for name in whole),
        *(pl.col(name).str.strip_chars().cast(pl.Float64) for name in number),
        *(pl.col(n).str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64) for n in comma),
    ]
