"""Inputs that nobody meant: labels, or one error of our own that names the file."""

from __future__ import annotations

import random

import pytest
from adaptlabels.labels import AdaptLabelsError, label_predictions, read_published

from ..labels.inputs import prediction_rows, state_rows
from .conftest import attempts

CELLS = ["", "nan", "-1", "1e999", "٣", "\x00", "\u202e", "'; DROP", "0x10", "[1,2]", "{}", '"', "a" * 3000, "1,5", "é"]


def broken(content: bytes, rng: random.Random) -> bytes:
    """A file with some bytes or one cell changed, lines swapped, or its end missing."""
    kind = rng.randrange(5)
    if kind == 0:
        changed = bytearray(content)
        for _ in range(rng.randrange(1, 6)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        return bytes(changed)
    if kind == 1:
        return content[: rng.randrange(len(content))]
    lines = content.split(b"\n")
    if kind == 2:
        rng.shuffle(lines)
    elif kind == 3:
        del lines[rng.randrange(len(lines))]
    else:
        row = rng.randrange(len(lines))
        cells = lines[row].split(b",")
        cells[rng.randrange(len(cells))] = rng.choice(CELLS).encode()
        lines[row] = b",".join(cells)
    return b"\n".join(lines)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_broken_table_of_predictions(tmp_path, tally, kind):
    rng = random.Random(f"predictions {kind}")
    write = {"csv": "write_csv", "jsonl": "write_ndjson", "parquet": "write_parquet"}[kind]
    good, states = tmp_path / f"good.{kind}", tmp_path / "states.csv"
    getattr(prediction_rows(12), write)(good)
    state_rows().write_csv(states)
    for _ in range(attempts(400)):
        file = tmp_path / f"demo.{kind}"
        file.write_bytes(broken(good.read_bytes(), rng))
        tally.tried += 1
        try:
            label_predictions(file, states)
        except AdaptLabelsError:
            tally.found += 1
    assert 0 < tally.found < tally.tried  # some are refused, in one line, and some are still tables


def test_a_broken_table_of_states(tmp_path, tally):
    rng = random.Random("states")
    good = tmp_path / "good.csv"
    prediction_rows(12).write_csv(tmp_path / "demo.csv")
    state_rows().write_csv(good)
    for _ in range(attempts(300)):
        (tmp_path / "states.csv").write_bytes(broken(good.read_bytes(), rng))
        tally.tried += 1
        try:
            label_predictions(tmp_path / "demo.csv", tmp_path / "states.csv")
        except AdaptLabelsError:
            tally.found += 1
    assert 0 < tally.found < tally.tried  # some are refused, in one line, and some are still tables


def test_a_broken_table_of_published_numbers(tmp_path, tally):
    rng = random.Random("published")
    good = b"state,cost,accuracy\na,1,0.5\nb,2,0.6\nc,4,0.7\n"
    for _ in range(attempts(400)):
        (tmp_path / "five.csv").write_bytes(broken(good, rng))
        tally.tried += 1
        try:
            read_published(tmp_path / "five.csv")
        except AdaptLabelsError:
            tally.found += 1
    assert 0 < tally.found < tally.tried
