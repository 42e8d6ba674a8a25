"""Patterns of right and wrong: the distinct rows of the labels, which are all that a bound needs of its samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def count_patterns(correct: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The distinct rows (n_patterns, n_states) of a matrix, and how often each comes (n_patterns,)."""
    keys = _keys(correct)
    if keys.shape[1] == 1:
        distinct, counts = np.unique(keys[:, 0], return_counts=True)
        return _unpacked(distinct[:, None], correct.shape[1]), counts
    patterns, which = pattern_of_each(correct)
    return patterns, np.bincount(which)


def pattern_of_each(correct: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The distinct rows (n_patterns, n_states) of a matrix, and which of them each sample has (n_samples,)."""
    keys = _keys(correct)
    order = np.lexsort(keys.T)
    ordered = keys[order]
    begins = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))
    which = np.empty(len(keys), dtype=np.int64)
    which[order] = np.cumsum(begins) - 1
    return _unpacked(ordered[begins], correct.shape[1]), which


def first_of(patterns: NDArray[np.bool_], chosen: Sequence[int]) -> NDArray[np.int64]:
    """First of some states, in ascending order, that is right on each pattern (n_patterns,); n_states where none is."""
    held = patterns[:, chosen]
    place = np.argmax(held, axis=1)
    right = np.take_along_axis(held, place[:, None], axis=1)[:, 0]
    first: NDArray[np.int64] = np.where(right, np.asarray(chosen)[place], patterns.shape[1])
    return first


def _keys(correct: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Each row's bits as 64-bit words (n_samples, n_words)."""
    packed = np.packbits(correct, axis=1)
    words = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    words[:, : packed.shape[1]] = packed
    return words.view(np.uint64)


def _unpacked(keys: NDArray[np.uint64], n_states: int) -> NDArray[np.bool_]:
    rows = np.ascontiguousarray(keys).view(np.uint8)
    return np.unpackbits(rows, axis=1, count=n_states).astype(np.bool_)
