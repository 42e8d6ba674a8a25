"""Which samples agents learn from, and which they are judged on: one split for every family, version and machine."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

N_FOLDS = 10
LEARNING_FOLDS = (0, 1, 2, 3, 4)
"""Folds that agents learn from."""
JUDGED_FOLDS = (5, 6, 7, 8, 9)
"""Folds that agents are judged on."""
_KEY = b"adaptlabels fold"
"""Key of the hash, so that folds are independent of other hashes of the same identifiers. It may never change."""


def fold_of(sample_ids: Sequence[str], source_ids: Sequence[str | None] | None = None) -> NDArray[np.int8]:
    """The fold of each sample, 0 to 9: BLAKE2b (RFC 7693) of its identifier, 8 bytes, little-endian, modulo 10.

    Args:
        sample_ids: Identifiers of the samples.
        source_ids: Identifier of the document that each sample is from, where the benchmark says so: samples of one
            document share a fold. A sample without one goes by its own identifier.

    Returns:
        (n_samples,); the same for an identifier whatever stands beside it.

    Raises:
        InputError: `source_ids` has another length.

    Example:
        >>> fold_of(["ILSVRC2012_val_00000001", "ILSVRC2012_val_00000002"]).tolist()
        [2, 5]
        >>> fold_of(["a", "b", "c"], source_ids=["page 1", "page 1", None]).tolist()
        [9, 9, 2]
    """
    if source_ids is not None and len(source_ids) != len(sample_ids):
        raise InputError(f"`source_ids`: {len(source_ids)} values for {len(sample_ids)} samples")
    names: Iterable[str] = sample_ids
    if source_ids is not None:
        names = (own if source is None else source for own, source in zip(sample_ids, source_ids, strict=True))
    numbers = np.frombuffer(b"".join(_digests(names)), dtype="<u8")
    return (numbers % N_FOLDS).astype(np.int8)


def _digests(names: Iterable[str]) -> Iterator[bytes]:
    begun = blake2b(digest_size=8, key=_KEY)
    for name in names:
        digest = begun.copy()
        digest.update(name.encode())
        yield digest.digest()
