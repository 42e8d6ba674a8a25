"""Checks of arguments that the public functions of this folder share. Each raises `InputError`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

ROUNDING = 1e-12
"""Relative difference by which equal means may differ, where they add the same numbers in another order."""


def as_correct(correct: ArrayLike) -> NDArray[np.bool_]:
    """A boolean matrix (n_samples, n_states) with at least one sample and two states."""
    matrix = np.asarray(correct)
    if matrix.ndim != 2:
        raise InputError(f"`correct`: expected shape (n_samples, n_states), got {matrix.shape}")
    n_samples, n_states = matrix.shape
    if n_samples == 0:
        raise InputError("`correct`: no samples; at least one row is needed")
    check_state_count(n_states)
    if matrix.dtype == np.bool_:
        return matrix
    if not np.isin(matrix, (0, 1)).all():
        raise InputError("`correct`: expected only true/false (or 0/1) values")
    return matrix.astype(np.bool_)


def check_state_count(n_states: int) -> None:
    """A state space needs two states: with one there is nothing to adapt."""
    if n_states < 2:
        raise InputError(f"{n_states} state(s): adaptation needs at least two states to choose from")


def as_costs(costs: ArrayLike, n_states: int | None = None, names: Sequence[str] = ()) -> NDArray[np.float64]:
    """Costs (n_states,), finite, positive and ascending."""
    values = np.asarray(costs, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"`costs`: expected shape (n_states,), got {values.shape}")
    if n_states is not None and len(values) != n_states:
        raise InputError(f"`costs`: {len(values)} value(s) for {n_states} states")
    check_state_count(len(values))
    _check_positive(values, names)
    falls = np.diff(values) < -ROUNDING * values[1:]
    if falls.any():
        first = int(np.argmax(falls))
        raise InputError(
            f"`costs`: states must be in ascending order of cost, but {label(names, first)} costs"
            f" {values[first]:g} and {label(names, first + 1)} after it {values[first + 1]:g}"
        )
    return values


def as_sample_costs(costs: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Costs (n_states,) or (n_samples, n_states), finite and positive, ascending in the mean."""
    values = np.asarray(costs, dtype=np.float64)
    if values.ndim == 1:
        return as_costs(values, shape[1])
    if values.shape != shape:
        raise InputError(f"`costs`: expected shape ({shape[1]},) or {shape}, got {values.shape}")
    _check_positive(values, ())
    as_costs(values.mean(axis=0))
    return values


def as_accuracies(accuracies: ArrayLike, n_states: int | None = None, names: Sequence[str] = ()) -> NDArray[np.float64]:
    """Accuracies (n_states,) as fractions from 0 to 1."""
    values = np.asarray(accuracies, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"`accuracies`: expected shape (n_states,), got {values.shape}")
    if n_states is not None and len(values) != n_states:
        raise InputError(f"`accuracies`: {len(values)} value(s) for {n_states} states")
    if not np.isfinite(values).all():
        worst = int(np.argmax(~np.isfinite(values)))
        raise InputError(f"`accuracies`: {label(names, worst)} has {values[worst]}, which is not a number")
    if (values < 0).any():
        raise InputError(f"`accuracies`: {label(names, int(values.argmin()))} has {values.min():g}; expected 0 to 1")
    if (values > 1).any():
        hint = " (percent? divide by 100)" if values.max() <= 100 else ""
        raise InputError(
            f"`accuracies`: {label(names, int(values.argmax()))} has {values.max():g}; expected 0 to 1{hint}"
        )
    return values


def as_rising(accuracies: ArrayLike, n_states: int) -> NDArray[np.float64]:
    """Accuracies (n_states,) that do not fall as cost rises, which Eq. 9 rests on."""
    values = as_accuracies(accuracies, n_states)
    if (np.diff(values) < 0).any():
        raise InputError("`accuracies`: Eq. 9 needs them to ascend with cost; leave dominated states out")
    return values


def as_alpha(alpha: float) -> float:
    """An error correlation, from 0 to 1."""
    if not 0 <= alpha <= 1:
        raise InputError(f"`alpha`: {alpha:g} is not between 0 and 1")
    return float(alpha)


def _check_positive(values: NDArray[np.float64], names: Sequence[str]) -> None:
    bad = ~np.isfinite(values) | (values <= 0)
    if bad.any():
        position = np.unravel_index(int(np.argmax(bad)), values.shape)
        raise InputError(
            f"`costs`: {label(names, int(position[-1]))} has {values[position]}; every cost must be a number above 0"
        )


def label(names: Sequence[str], index: int) -> str:
    """How a message names a state: by its name where there is one, else by its place."""
    return f"state {names[index]!r}" if len(names) > index else f"state {index + 1}"
