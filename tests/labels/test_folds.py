from __future__ import annotations

import hashlib

import numpy as np
import pytest
from adaptlabels.labels.errors import InputError
from adaptlabels.labels.folds import fold_of

IDS = [f"ILSVRC2012_val_{i:08d}" for i in range(1, 50_001)]


def test_folds_are_fixed_for_ever():
    assert fold_of(IDS[:12]).tolist() == [2, 5, 6, 9, 6, 1, 9, 7, 6, 2, 1, 7]
    digest = hashlib.blake2b("Grüße".encode(), digest_size=8, key=b"adaptlabels fold").digest()
    assert fold_of(["Grüße"])[0] == int.from_bytes(digest, "little") % 10


def test_folds_do_not_depend_on_the_other_samples():
    folds = fold_of(IDS[:1000])
    assert folds.dtype == np.int8
    assert np.array_equal(fold_of(IDS[:1000][::-1])[::-1], folds)


def test_folds_are_about_equal_in_size():
    counts = np.bincount(fold_of(IDS), minlength=10)
    assert len(counts) == 10
    assert ((counts - 5000) ** 2 / 5000).sum() < 27.9  # chi-squared with 9 degrees of freedom, 99.9 %


def test_samples_of_one_document_share_a_fold():
    source_ids = [f"page {i // 4}" for i in range(400)]
    folds = fold_of(IDS[:400], source_ids).reshape(100, 4)
    assert (folds == folds[:, :1]).all()
    assert len(np.unique(folds[:, 0])) == 10
    assert np.array_equal(fold_of(IDS[:3], [None, None, None]), fold_of(IDS[:3]))


def test_groups_of_another_length_are_refused():
    with pytest.raises(InputError, match="`source_ids`: 1 values for 2 samples"):
        fold_of(["a", "b"], ["x"])
