from __future__ import annotations

import polars as pl
import pytest
from adaptlabels.labels import TableError
from adaptlabels.labels.importers.answers import as_correct, read_answers
from hypothesis import given
from hypothesis import strategies as st


def read(target, prediction):
    return read_answers(pl.Series(target), pl.Series(prediction), lambda row: f"line {row + 2}")


@pytest.mark.parametrize(
    ("target", "prediction", "correct", "names"),
    [
        ([0, 1], [0, 0], [True, False], ("0", "1")),
        ([3.0, 1.0], [3, 0], [True, False], ("0", "1", "2", "3")),
        ([3.0, 1.0], [3.0, None], [True, False], ("0", "1", "2", "3")),
        ([57500, 7], [57500, 59800], [True, False], ("7", "57500", "59800")),
        ([-1, 1], [-1, 0], [True, False], ("-1", "0", "1")),
        ([0, 1], [0, -1], [True, False], ("0", "1")),
        ([2.5, 7.0], [2.5, 8.0], [True, False], ("2.5", "7", "8")),
        (["cat", "dog"], ["cat", ""], [True, False], ("cat", "dog")),
        ([0, 1], ["0", "unknown"], [True, False], ("0", "1", "unknown")),
        (["01", "02"], ["01", "2"], [True, False], ("01", "02", "2")),
        ([True, False], [True, True], [True, False], ("False", "True")),
    ],
)
def test_answers_of_every_kind_are_compared_and_named(target, prediction, correct, names):
    found = read(target, prediction)
    assert found.correct.to_list() == correct
    assert found.class_names == names
    for right, aim, answer in zip(found.correct, found.target, found.prediction, strict=True):
        assert right == (aim == answer)


def test_unanswered_is_wrong_and_said():
    for prediction in ([0, -1], [0, None], ["0", ""]):
        found = read([0, 1], prediction)
        assert (found.correct.to_list(), found.prediction[1]) == ([True, False], None)
        assert found.notes == ("1 answer is empty and counted as wrong.",)


def test_classes_that_no_target_has_are_pointed_out():
    (note,) = read(["cat", "dog", "ant"], ["Cat", "cat ", "emu"]).notes
    assert "3 class(es) occur only as predictions" in note
    assert "'Cat' (target 'cat')" in note


def test_long_text_keeps_right_and_wrong_alone():
    found = read(["a" * 200, "b"], ["a" * 200, "c"])
    assert (found.correct.to_list(), found.target, found.class_names) == ([True, False], None, ())
    assert "free text" in found.notes[0]


def test_scores_in_place_of_answers_are_refused():
    with pytest.raises(TableError, match=r"line 3: prediction 0\.5 looks like a score"):
        read([1, 1], [1.0, 0.5])
    with pytest.raises(TableError, match="line 3: column 'target' is empty"):
        read(["a", None], ["a", "b"])


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1))
def test_numbers_text_and_floats_agree(pairs):
    target, prediction = [t for t, _ in pairs], [p for _, p in pairs]
    expected = [t == p for t, p in pairs]
    assert read(target, prediction).correct.to_list() == expected
    assert read([float(t) for t in target], prediction).correct.to_list() == expected
    words = read([f"c{t:02d}" for t in target], [f"c{p:02d}" for p in prediction])
    assert words.correct.to_list() == expected
    names = words.class_names
    assert [names[code] for code in words.target] == [f"c{t:02d}" for t in target]


@pytest.mark.parametrize(
    ("values", "threshold", "expected"),
    [
        ([True, None, False], None, [True, None, False]),
        ([1, 0, None], None, [True, False, None]),
        ([1.0, float("nan"), 0.0], None, [True, None, False]),
        (["True", " false", ""], None, [True, False, None]),
        (["yes", "No", "1"], None, [True, False, True]),
        ([0.2, 0.5, None], 0.5, [False, True, None]),
    ],
)
def test_right_and_wrong_have_many_spellings(values, threshold, expected):
    assert as_correct(pl.Series("correct", values), threshold, str).to_list() == expected


def test_scores_need_a_threshold_and_get_a_proposal():
    with pytest.raises(TableError, match=r"holds scores \(0, 0\.3, 1\); say with `threshold` .* such as 0\.5"):
        as_correct(pl.Series("score", [0.0, 0.3, 1.0]), None, str)
    with pytest.raises(TableError, match="such as 50"):
        as_correct(pl.Series("score", [0, 70]), None, str)
    with pytest.raises(TableError, match="1: column 'correct' holds 'perhaps'"):
        as_correct(pl.Series("correct", ["true", "perhaps"]), None, str)
