"""One line of a sample log of lm-evaluation-harness: who was right, and what was answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NORMALISED = "acc_norm"
"""The metric that divides log-likelihoods by the length of the choice."""


@dataclass(frozen=True)
class Sample:
    """What a line says."""

    name: str | None
    """The document's own name, where it has one."""
    number: int
    """Its place in the task's documents."""
    doc_hash: str | None
    """Hash of the document; None in old logs."""
    correct: bool
    """What the metric says."""
    target: int | None = None
    """The right choice; None where it does not follow from the log."""
    scores: tuple[float, ...] = ()
    """Log-likelihood of each choice; empty where text was generated."""
    prediction: int | None = None
    """The choice by the metric."""
    prediction_acc: int | None = None
    """The choice by log-likelihood alone."""
    confidence: float | None = None
    """Probability of the prediction among the choices."""
    margin: float | None = None
    """The same less the probability of the next best."""
    entropy: float | None = None
    """Entropy of the choices' probabilities, nats."""
    category: str | None = None
    """Activity that the document says it belongs to."""
    split_type: str | None = None
    """Part of the split, where the document says."""
    source_id: str | None = None
    """Video or article that the document is from, where it says."""

    def row(self) -> dict[str, Any]:
        """The columns of `Results.rows` that follow from it."""
        left = ("name", "number", "doc_hash", "scores")
        known = {name: value for name, value in vars(self).items() if name not in left}
        return {**known, "scores": list(self.scores) or None}


def read_sample(line: dict[str, Any], place: str, metric: str, threshold: float | None, task: str) -> Sample:
    """Read a line.

    Args:
        line: The JSON object.
        place: File and line, to name in messages.
        metric: The metric that says who is right.
        threshold: The least value of the metric that is right; None where it is 0 or 1.
        task: Name of the task, to name in messages.

    Raises:
        TableError: It is not a sample, or its metric is neither 0 nor 1.
    """
    try:
        doc = line["doc"] if isinstance(line["doc"], dict) else {}
        responses, arguments = line["filtered_resps"], line["arguments"]
        value = line[metric]
        number = int(line["doc_id"])
    except (KeyError, TypeError, ValueError) as error:
        raise TableError(
            f"{place}: not a sample as lm-evaluation-harness logs it ({type(error).__name__}: {error})"
        ) from error
    correct = _right(value, metric, threshold, place, task)
    category, split_type, source_id = (
        str(doc[name]) if doc.get(name) else None for name in ("activity_label", "split_type", "source_id")
    )
    about: dict[str, Any] = {
        "name": _name(doc),
        "number": number,
        "doc_hash": line.get("doc_hash"),
        "correct": correct,
        "category": category,
        "split_type": split_type,
        "source_id": source_id,
    }
    texts = _continuations(arguments)
    scores = _log_likelihoods(responses)
    if scores is None or texts is None or len(texts) < 2:
        return Sample(**about)
    if len(scores) != len(texts):
        raise TableError(f"{place}: {len(scores)} log-likelihoods for {len(texts)} choices")
    if not np.isfinite(scores).all():
        raise TableError(f"{place}: a log-likelihood is {scores[~np.isfinite(scores)][0]}; expected a number")
    choices = [text.removeprefix(" ") for text in texts]
    weighed = scores / np.array([max(1, len(choice)) for choice in choices]) if metric == NORMALISED else scores
    prediction = int(weighed.argmax())
    target = _target(str(line.get("target")), choices)
    return Sample(
        **about,
        target=target if target is not None and (prediction == target) == correct else None,
        scores=tuple(scores.tolist()),
        prediction=prediction,
        prediction_acc=int(scores.argmax()),
        **_summary(weighed, prediction),
    )


def _right(value: Any, metric: str, threshold: float | None, place: str, task: str) -> bool:  # noqa: ANN401 - JSON
    """What a metric says; shares need a threshold."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TableError(
            f"{place}: {metric} is {json.dumps(value)[:60]}; choose a `metric` that is right or wrong"
        ) from None
    if threshold is not None:
        return number >= threshold
    if number not in (0.0, 1.0):
        raise TableError(
            f"{place}: {metric} is {number:g}, so {task} is not a matter of right and wrong; choose another task (such"
            " as truthfulqa_mc1 for truthfulqa_mc2) or `metric`, or say with `threshold` from which value it is right"
        )
    return number == 1.0


def _name(doc: dict[str, Any]) -> str | None:
    """The name that a build gives: HellaSwag's split and `ind`, or a dataset's own `id`."""
    if "ind" in doc:
        return f"{doc.get('split') or 'item'}-{doc['ind']}"
    return str(doc["id"]) if doc.get("id") else None


def _continuations(arguments: Any) -> list[str] | None:  # noqa: ANN401 - JSON
    """The texts whose likelihood was asked for; None where text was generated."""
    given = list(arguments.values()) if isinstance(arguments, dict) else list(arguments)
    try:
        texts = [argument["arg_1"] if isinstance(argument, dict) else argument[1] for argument in given]
    except (KeyError, IndexError, TypeError):
        return None
    return texts if all(isinstance(text, str) for text in texts) else None


def _log_likelihoods(responses: Any) -> NDArray[np.float64] | None:  # noqa: ANN401 - JSON
    try:
        return np.array([float(answer[0]) for answer in responses if not isinstance(answer, str)] or None, dtype=float)
    except (TypeError, ValueError, IndexError, KeyError):
        return None


def _target(text: str, choices: Sequence[str]) -> int | None:
    """Index of the right choice; some tasks log its text. None where neither says one choice."""
    if text.isdecimal() and int(text) < len(choices):
        return int(text)
    found = [index for index, choice in enumerate(choices) if choice.strip() == text.strip()]
    return found[0] if len(found) == 1 else None


def _summary(weighed: NDArray[np.float64], prediction: int) -> dict[str, Any]:
    """Confidence, margin and entropy of the choices' probabilities."""
    shares = np.exp(weighed - weighed.max())
    shares /= shares.sum()
    largest = np.sort(shares)[::-1]
    positive = shares[shares > 0]
    return {
        "confidence": float(shares[prediction]),
        "margin": float(largest[0] - largest[1]),
        "entropy": max(0.0, float(-(positive * np.log(positive)).sum())),
    }
