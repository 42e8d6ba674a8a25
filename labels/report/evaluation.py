"""Judge adaptive agents by the labels of a dataset folder: what they reach, beside what anyone could reach."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ..agents.beside import built_in_agents
from ..agents.choices import check_complete, common_rows
from ..agents.evaluations import Evaluation, GroupEvaluation
from ..agents.judge import Judge
from ..agents.matching import match_choices
from ..bounds.bootstrap import REPLICATES, SEED
from ..confidence import confidence_quality
from ..errors import InputError
from ..folds import JUDGED_FOLDS, N_FOLDS
from .judging import FamilyLabels, family_of, open_choices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ..agents.choices import Choices
    from ..agents.figures import AgentFigures
    from ..tables.folder import DatasetFolder

    Floats = NDArray[np.float64]


def evaluate(
    folder: DatasetFolder,
    choices: Path | str | pl.DataFrame,
    *,
    family: str | None = None,
    cost: str | None = None,
    folds: Sequence[int] | None = JUDGED_FOLDS,
    against: Path | str | pl.DataFrame | None = None,
    by: str | None = None,
    subset: bool = False,
    utilities: bool = False,
    prices: Sequence[float] = (),
    sample_costs: bool = False,
    built_in: bool = True,
    replicates: int | None = REPLICATES,
    seed: int = SEED,
) -> Evaluation:
    """Judge agents by what they chose.

    Args:
        folder: The dataset folder.
        choices: Table of choices, or a CSV, parquet or JSON-lines file with one; docs/agents.md lists its columns.
        family: The state space; by default the only one that has all states of the choices.
        cost: Column of *states* that is the cost; `gflops` by default.
        folds: Folds to judge on; None for all.
        against: Another table of choices, that each agent is compared with in pairs.
        by: Column of *labels* to judge each group of samples by as well, such as `category`.
        subset: Whether to judge on the samples that every agent chose for, where some are missing.
        utilities: Whether the tables have one column of scores for each state, of which the highest is taken.
        prices: With `utilities`: prices of one unit of cost in scores, one setting for each.
        sample_costs: Whether to take each sample's own costs instead of the states' means.
        built_in: Whether the built-in cascade, router and mixing stand beside the agents, where confidences are known.
        replicates: Bootstrap replicates behind the intervals; None leaves the intervals out.
        seed: Seed of the replicates.

    Raises:
        InputError: A file, family, metric, fold or column cannot be used.
        TableError: A table of choices or of the folder breaks its rules.
    """
    tables = [open_choices(choices)] + ([] if against is None else [open_choices(against)])
    name = family or family_of([frame for frame, _, _ in tables], folder, utilities=utilities)
    labels = FamilyLabels.read(folder, name, cost, sample_costs=sample_costs)
    chosen_folds = _check_folds(folds)
    place = np.flatnonzero(np.isin(labels.fold, chosen_folds))
    if not len(place):
        raise InputError(f"{folder.path}: no sample of family {name!r} is in the judged folds")
    samples = labels.samples(place, tuple(folder.info.class_names))
    matched = []
    for frame, where, agent in tables:
        entries = match_choices(frame, samples, where=where, agent=agent, utilities=utilities, prices=prices)
        if not subset:
            check_complete(entries, samples, where)
        matched.append(entries)
    n_before = len(place)
    if subset:
        kept = common_rows([entry for entries in matched for entry in entries], n_before)
        matched = [[entry.take(kept) for entry in entries] for entries in matched]
        place = place[kept]
    given, others = matched[0], matched[1] if against is not None else []
    judge = Judge.create(labels.judged(place), replicates, seed)
    agents, curves = judge.given(given)
    beside, notes = _beside(judge, labels, place, chosen_folds) if built_in and not sample_costs else ([], [])
    agents += [*judge.singles(), *beside, judge.oracle()]
    judged = judge.judged
    return Evaluation(
        space=replace(labels.space, accuracies=judged.accuracies, costs=judged.mean_costs),
        folds=chosen_folds,
        samples=len(judged),
        samples_left_out=n_before - len(judged),
        sample_costs=sample_costs,
        agents=tuple(agents),
        curves=tuple(curves),
        comparisons=tuple(judge.compare(given, others)),
        groups=() if by is None else _groups(labels.table, by, place, judge, given, seed),
        confidence=confidence_quality(judged.correct, labels.confidence[place], judged.names),
        warnings=(*_warnings(agents, n_before - len(judged), len(judged)), *notes),
        frontier=(judged.frontier.mean_cost, judged.frontier.accuracy),
    )


def _beside(
    judge: Judge, labels: FamilyLabels, place: NDArray[np.int64], folds: Sequence[int]
) -> tuple[list[AgentFigures], list[str]]:
    return built_in_agents(
        judge, place, labels.correct, labels.space.costs, labels.confidence, labels.features, labels.fold, folds
    )


def _check_folds(folds: Sequence[int] | None) -> tuple[int, ...]:
    if folds is None:
        return tuple(range(N_FOLDS))
    wrong = [fold for fold in folds if fold not in range(N_FOLDS)]
    if wrong or not folds:
        raise InputError(f"`folds`: expected numbers from 0 to {N_FOLDS - 1}, got {list(folds)}")
    return tuple(sorted(set(folds)))


def _groups(
    labels: pl.DataFrame, by: str, place: NDArray[np.int64], judge: Judge, given: Sequence[Choices], seed: int
) -> tuple[GroupEvaluation, ...]:
    """The agents on the samples of each value of a column."""
    labels = labels.select(column for column in labels if column.null_count() < len(labels))
    if by not in labels.columns or not (labels.schema[by] == pl.String or labels.schema[by].is_integer()):
        names = [n for n, kind in labels.schema.items() if kind == pl.String and n != "sample_id"]
        raise InputError(f"`by`: the labels have no column {by!r} to group by; there are {', '.join(names)}")
    values = labels.select(value=pl.col(by).cast(pl.String))[place].with_row_index("row")
    found = []
    for (value,), part in sorted(values.partition_by("value", as_dict=True).items(), key=lambda item: str(item[0])):
        rows = part["row"].to_numpy().astype(np.int64)
        own = Judge.create(judge.judged.take(rows), judge.resampling.replicates, seed)
        agents, _ = own.given([entry.take(rows) for entry in given])
        found.append(GroupEvaluation(value, len(rows), (*agents, *own.singles(), own.oracle())))
    return tuple(found)


def _warnings(agents: Sequence[AgentFigures], left_out: int, n_samples: int) -> list[str]:
    found = []
    if left_out:
        found.append(f"judged on a subset: {left_out:,} of {left_out + n_samples:,} samples are missing in the choices")
    beaten = [a for a in agents if a.kind == "given" and a.best_single_accuracy >= a.accuracy]
    if beaten:
        first = beaten[0]
        found.append(
            f"{len(beaten)} setting(s) of given agents are no more accurate than one state that costs no more, first"
            f" {first.agent!r} ({100 * first.accuracy:.1f} %) than {first.best_single}"
            f" ({100 * first.best_single_accuracy:.1f} %)"
        )
    return found
