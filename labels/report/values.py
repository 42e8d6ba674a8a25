"""Columns of the table *labels* that part its samples, or say which of them belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ..errors import InputError
from ..tables.vocabulary import TARGET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..tables.folder import DatasetFolder

NO_VALUE = "(none)"
"""How samples without a value are called."""


def part_values(folder: DatasetFolder, family: str, by: str) -> NDArray[np.str_]:
    """The value of the column `by` for each sample of a family (n_samples,), as of `sample_values`.

    Raises:
        InputError: As `sample_values`, or every sample is a part of its own.
    """
    values = sample_values(folder, family, by, "by")
    if len(np.unique(values)) == len(values):
        raise InputError(f"`by`: column {by!r} of family {family!r} has another value in every row, so no parts")
    return values


def sample_values(folder: DatasetFolder, family: str, column: str, argument: str) -> NDArray[np.str_]:
    """The value of a column for each sample of a family.

    Args:
        folder: The dataset folder.
        family: Name of the family.
        column: Column of its table *labels*: `category`, `split_type`, `target`, …
        argument: Argument that named the column, for messages.

    Returns:
        Values as text (n_samples,); classes by their names, `(none)` where there is no value.

    Raises:
        InputError: There is no such column, it holds lists, or all samples have the same value.
        TableError: The table breaks its schema.
    """
    columns = folder.tables[folder.known(family)].columns
    if column not in columns:
        raise InputError(
            f"`{argument}`: the labels of family {family!r} have no column {column!r}, only {', '.join(columns)}"
        )
    values = folder.labels(family, [column])[column]
    if values.dtype.is_nested():
        raise InputError(f"`{argument}`: column {column!r} holds lists; choose one of single values")
    if values.n_unique() == 1:
        raise InputError(f"`{argument}`: column {column!r} of family {family!r} has the same value in every row")
    if column == TARGET and folder.info.class_names:
        names = dict(enumerate(folder.info.class_names))
        values = values.replace_strict(names, return_dtype=pl.String)
    return values.cast(pl.String).fill_null(NO_VALUE).to_numpy().astype(np.str_)
