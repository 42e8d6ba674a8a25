"""Quality of confidence against plain loops over samples and pairs of samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from adaptlabels.labels import InputError
from adaptlabels.labels.confidence import BINS, confidence_quality
from hypothesis import given
from hypothesis import strategies as st

SAMPLES = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.2, 1 / 3, 0.5, 0.7, 1.0])), min_size=1, max_size=12)


def auroc(samples):
    pairs = [(sure, other) for right, sure in samples if right for wrong, other in samples if not wrong]
    if not pairs:
        return math.nan
    return sum(1.0 if sure > other else 0.5 if sure == other else 0.0 for sure, other in pairs) / len(pairs)


def ece(samples):
    total = 0.0
    for k in range(BINS):
        low, high = k / BINS, (k + 1) / BINS
        inside = [(right, sure) for right, sure in samples if low < sure <= high or (k == 0 and sure == 0)]
        if inside:
            total += abs(sum(right for right, _ in inside) - sum(sure for _, sure in inside))
    return total / len(samples)


def aurc(samples):
    """Each sample of a tie counts as wrong in part, as the tie as a whole is."""
    errors = []
    for _, sure in sorted(samples, key=lambda sample: -sample[1]):
        tied = [right for right, other in samples if other == sure]
        errors.append(sum(not right for right in tied) / len(tied))
    return sum(sum(errors[:n]) / n for n in range(1, len(errors) + 1)) / len(errors)


@given(SAMPLES)
def test_all_figures_are_those_of_plain_loops(samples):
    right, sure = (np.array(column)[:, None] for column in zip(*samples, strict=True))
    found, _ = confidence_quality(np.hstack([right, right]), np.hstack([sure, sure]), ["one", "same"])
    assert found.auroc == pytest.approx(auroc(samples), abs=1e-12, nan_ok=True)
    assert found.ece == pytest.approx(ece(samples), abs=1e-12)
    assert found.aurc == pytest.approx(aurc(samples), abs=1e-12)


def test_only_states_whose_confidence_is_known_throughout_are_judged():
    found = confidence_quality([[True, False]] * 2, [[0.5, np.nan], [0.5, 0.1]], ["known", "unknown"])
    assert [one.state for one in found] == ["known"]


def test_shapes_must_fit():
    with pytest.raises(InputError, match=r"`confidence`: expected shape \(1, 2\), got \(1, 1\)"):
        confidence_quality([[True, False]], [[0.5]], ["a", "b"])
