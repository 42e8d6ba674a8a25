from __future__ import annotations

import numpy as np
import pytest
import torch
from adaptlabels.builders.language.tokens import EncodedChoice
from adaptlabels.builders.language.trees import collate, grow
from adaptlabels.builders.running.batching import MemoryBudget
from adaptlabels.labels import RunError
from hypothesis import given
from hypothesis import strategies as st

# Few distinct tokens, so that sequences often begin alike.
SEQUENCES = st.lists(st.lists(st.integers(1, 3), min_size=2, max_size=12), min_size=1, max_size=5)


def choices_of(sequences, scored):
    return [EncodedChoice(np.array(tokens, dtype=np.int32), 1 + scored % (len(tokens) - 1)) for tokens in sequences]


@given(SEQUENCES, st.integers(0, 10))
def test_every_node_sees_its_own_beginning_and_nothing_else(sequences, scored):
    row = grow(choices_of(sequences, scored), 0)
    mask = collate([row]).mask[0, 0].numpy()
    beginnings = {tuple(tokens[: place + 1]) for tokens in sequences for place in range(len(tokens) - 1)}
    seen = set()
    for node in range(len(row)):
        path = np.flatnonzero(mask[node])
        path = path[np.argsort(row.positions[path], kind="stable")]
        assert row.positions[path].tolist() == list(range(len(path)))
        assert path[-1] == node
        seen.add(tuple(row.tokens[path].tolist()))
    assert len(row) == len(beginnings)  # shared tokens are there once
    assert seen == beginnings


@given(SEQUENCES, st.integers(0, 10))
def test_every_scored_token_is_predicted_from_what_comes_before_it(sequences, scored):
    choices = choices_of(sequences, scored)
    row = grow(choices, 7)
    mask = collate([row]).mask[0, 0].numpy()
    found = []
    for place, target, owner in zip(row.predictors, row.targets, row.owners, strict=True):
        path = np.flatnonzero(mask[row.predicting[place]])
        path = path[np.argsort(row.positions[path])]
        found.append((int(owner), tuple(row.tokens[path].tolist()), int(target)))
    expected = [
        (7 + number, tuple(choice.tokens[:place].tolist()), int(choice.tokens[place]))
        for number, choice in enumerate(choices)
        for place in range(len(choice.tokens) - choice.n_scored, len(choice.tokens))
    ]
    assert sorted(found) == sorted(expected)


@given(st.lists(SEQUENCES, min_size=1, max_size=4))
def test_rows_of_a_batch_do_not_touch_each_other(batch):
    rows = [grow(choices_of(sequences, 1), 10 * number) for number, sequences in enumerate(batch)]
    inputs = collate(rows)
    longest = max(map(len, rows))
    for number, row in enumerate(rows):
        alone = collate([row]).mask[0, 0].numpy()
        whole = inputs.mask[number, 0].numpy()
        assert np.array_equal(whole[: len(row), : len(row)], alone)
        assert not whole[: len(row), len(row) :].any()
        assert inputs.tokens[number, : len(row)].tolist() == row.tokens.tolist()
    owners = inputs.predicting[inputs.predictors] // longest
    assert (owners == inputs.owners // 10).all()
    assert inputs.predictors.tolist() == sorted(inputs.predictors.tolist())


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 200))
def test_batches_hold_every_sequence_once_longest_first_within_the_budget(lengths, tokens):
    batches = [indices for indices, _ in MemoryBudget(tokens, "x").run(lengths, len)]
    flat = [index for indices in batches for index in indices]
    assert sorted(flat) == list(range(len(lengths)))
    assert [lengths[index] for index in flat] == sorted(lengths, reverse=True)
    assert all(len(indices) == 1 or len(indices) * lengths[indices[0]] <= tokens for indices in batches)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.integers(50, 400), st.integers(1, 8))
def test_a_batch_that_does_not_fit_comes_again_in_smaller_ones(lengths, capacity, rows):
    def work(indices):
        if len(indices) * max(lengths[index] for index in indices) > capacity:
            raise torch.OutOfMemoryError("full")
        return indices

    done = list(MemoryBudget(10_000, "x", rows=rows).run(lengths, work))
    assert all(indices == result for indices, result in done)
    assert sorted(index for indices, _ in done for index in indices) == list(range(len(lengths)))


def test_a_sample_that_does_not_fit_alone_is_an_error():
    def work(indices):
        raise torch.OutOfMemoryError("full")

    with pytest.raises(
        RunError, match="some state: one sample does not fit into memory; use a larger device or `dtype`"
    ):
        list(MemoryBudget(8, "some state").run([1] * 4, work))
