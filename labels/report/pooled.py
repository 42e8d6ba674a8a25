"""The report on a pool: families of a folder that answered the same samples, as one state space."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..bounds.bootstrap import REPLICATES
from ..bounds.pools import LabelledSpace, is_pool, pool_families
from .report import columns_of, random_weights, report_family
from .values import part_values, sample_values
from .warnings import left_out_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tables.folder import DatasetFolder
    from .family_report import FamilyReport


def report_pool(
    folder: DatasetFolder,
    families: Sequence[str] | None = None,
    *,
    cost: str | None = None,
    pareto: bool = False,
    alphas: Sequence[float] = (),
    replicates: int | None = REPLICATES,
    by: str | None = None,
    cluster: str | None = None,
) -> FamilyReport:
    """Compute all bounds of several families as one state space, on the samples that all of them have.

    Args:
        folder: The dataset folder.
        families: The families of the pool; None for all that are no pools themselves.
        cost: Column of *states* that is the cost; `gflops` by default.
        pareto: Leave out states that cost no less than one at least as accurate, of whatever family.
        alphas: Error correlations to add a `constant-alpha` bound for.
        replicates: Bootstrap replicates behind the intervals; None leaves the intervals out.
        by: Column of *labels* that parts the samples, as the first family has it.
        cluster: Column of *labels* whose values are resampled whole, as the first family has it.

    Returns:
        The report of the pool, named `a+b`, with states named `family:state`. Real agents are not fitted to it.

    Raises:
        InputError: Costs of several metrics, no sample in common, or as `report_folder`.
        TableError: A table breaks its schema.
    """
    names = list(families or (name for name in folder.families if not is_pool(name)))
    members = [_labelled(folder, name, cost) for name in names]
    pool = pool_families(members)
    if pareto:
        pool = pool.without_dominated()
    row = {sample: i for i, sample in enumerate(members[0].sample_ids)}
    rows = [row[sample] for sample in pool.sample_ids]
    report = report_family(
        pool.space,
        pool.correct,
        parts=None if by is None else part_values(folder, names[0], by)[rows],
        clusters=None if cluster is None else sample_values(folder, names[0], cluster, "cluster")[rows],
        alphas=alphas,
        replicates=replicates,
    )
    said = (*random_weights(folder, names), *left_out_samples(pool.left_out), *report.warnings)
    return replace(report, by=by, cluster=cluster, left_out=pool.left_out, warnings=said)


def _labelled(folder: DatasetFolder, family: str, cost: str | None) -> LabelledSpace:
    space = folder.state_space(family, cost)
    folder.tables[folder.known(family)].preload(["sample_id", "correct"])
    correct = folder.correct(family)[:, columns_of(folder, space)]
    return LabelledSpace(space, correct, folder.labels(family, ["sample_id"])["sample_id"].to_list())
