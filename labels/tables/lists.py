"""List columns, which have one element for each state, as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import TableError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray


def matrix(labels: pl.DataFrame, column: str, where: str) -> NDArray[np.bool_]:
    """A list column of equal lengths as an array (n_samples, n_states).

    Raises:
        TableError: The lists differ in length.
    """
    lengths = labels[column].list.len().unique()
    if len(lengths) != 1:
        raise TableError(f"{where}: column {column!r} has lists of different lengths {sorted(lengths.to_list())}")
    return labels[column].explode(empty_as_null=True).to_numpy().reshape(len(labels), int(lengths[0]))
