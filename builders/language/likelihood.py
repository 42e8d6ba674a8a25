"""Log-likelihoods of some tokens from hidden states, without a tensor of all positions by the whole vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

LOGIT_BYTES = {"cpu": 1 << 27, "cuda": 1 << 29}
"""Logits that are made at once, in float32, by kind of device: enough rows for a matrix product at full speed."""
LOGIT_BYTES_PACKED = 3 << 23
"""The same on a CPU with packed weights, which are at full speed with few rows: what stays in its caches."""


def log_likelihoods(
    head: Callable[[torch.Tensor], torch.Tensor],
    hidden: torch.Tensor,
    vocabulary: int,
    predictors: torch.Tensor,
    targets: torch.Tensor,
    *,
    logit_bytes: int | None = None,
) -> torch.Tensor:
    """Natural logarithm of each target's probability (n_scored,), float32.

    Args:
        head: Hidden states (n, n_hidden) to logits (n, vocabulary), in memory that may be overwritten.
        hidden: Hidden states (n_predicting, n_hidden).
        vocabulary: Number of tokens.
        predictors: For each target the hidden state that predicts it (n_scored,), ascending; several may share one.
        targets: The tokens (n_scored,).
        logit_bytes: Logits that are made at once, bytes; None takes the device's of `LOGIT_BYTES`.

    Example:
        >>> rows = torch.tensor([[0.0, 0.0], [0.0, 50.0]])
        >>> log_likelihoods(torch.clone, rows, 2, torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1])).exp().tolist()
        [0.5, 0.5, 1.0]
    """
    size = max(1, (logit_bytes or LOGIT_BYTES[hidden.device.type]) // (4 * vocabulary))
    starts = torch.arange(0, len(hidden) + size, size)
    cuts = torch.searchsorted(predictors.cpu(), starts).tolist()
    found = []
    for number, chunk in enumerate(hidden.split(size)):
        inside = slice(cuts[number], cuts[number + 1])
        logits = head(chunk).float()  # (rows, vocabulary)
        rows, wanted = predictors[inside] - number * size, targets[inside]
        found.append(logits[rows, wanted] - _log_sum_exp_(logits)[rows])
    return torch.cat(found)


def _log_sum_exp_(logits: torch.Tensor) -> torch.Tensor:
    """`logits.logsumexp(1)` in the logits' own memory, which a CPU fills faster than fresh memory."""
    largest = logits.amax(dim=1, keepdim=True)
    return largest[:, 0] + logits.sub_(largest).exp_().sum(dim=1).log()
