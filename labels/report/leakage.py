"""Choices that look as if they were learned from the samples that they are judged on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..agents.matching import match_choices
from ..folds import JUDGED_FOLDS
from ..tables.agent_schemas import CHOICES
from ..tables.stored import StoredTable
from .board import stored_choices
from .judging import FamilyLabels

if TYPE_CHECKING:
    from ..tables.folder import DatasetFolder

SUSPICIOUS = 1e-4
"""Chance below which choices that fit the judged folds better than the others are pointed out."""


def fitted_to_the_judged(folder: DatasetFolder, family: str) -> list[str]:
    """Agents whose choices fit the judged folds better than the learning folds by more than chance.

    Such choices may have been learned from the samples that they are judged on. The test is Fisher's exact test,
    one-sided, of the share of samples on which the agent's state is the oracle's; agents without choices for folds 0-4
    cannot be tested.

    Returns:
        A sentence for each such agent.
    """
    from scipy.stats import fisher_exact

    found: list[str] = []
    if not (files := stored_choices(folder, family)):
        return found
    labels = FamilyLabels.read(folder, family, None)
    samples = labels.samples(np.arange(len(labels.table)), tuple(folder.info.class_names))
    oracle_states = labels.judged(np.arange(len(labels.table))).oracle_states
    judged = np.isin(labels.fold, JUDGED_FOLDS)
    for file in files:
        table = StoredTable([file], CHOICES).frame()
        for entry in match_choices(table, samples, where=str(file)):
            if entry.states is None or judged[entry.rows].all():
                continue
            agreed, inside = entry.states == oracle_states[entry.rows], judged[entry.rows]
            counts = [[int(np.sum(agreed & side)), int(np.sum(~agreed & side))] for side in (inside, ~inside)]
            if fisher_exact(counts, alternative="greater").pvalue < SUSPICIOUS:
                shares = [100 * right / (right + wrong) for right, wrong in counts]
                found.append(
                    f"agent {entry.agent!r} agrees with the oracle on {shares[0]:.1f} % of folds 5-9, but on"
                    f" {shares[1]:.1f} % of folds 0-4: it may have learned from the samples that it is judged on"
                )
                break
    return found
