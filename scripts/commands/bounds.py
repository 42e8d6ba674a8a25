"""`adaptlabels bounds`: what adaptation can save, from labels or from published numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import console
from ..options import FamiliesOption, JsonOption, PlotOption, check_plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...labels.report.results import FamilyReport


def command(
    where: Annotated[
        str,
        typer.Argument(
            metavar="WHERE",
            help="A dataset folder, hub:org/name[@version], or a CSV of state,cost,accuracy.",
            show_default=False,
        ),
    ],
    families: FamiliesOption = None,
    cost: Annotated[
        str | None, typer.Option(metavar="METRIC", help="Cost column of states; gflops by default.")
    ] = None,
    alphas: Annotated[
        list[float] | None,
        typer.Option(
            "--alpha", metavar="X", help="Add a constant-alpha bound with this error correlation; repeatable."
        ),
    ] = None,
    overhead: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="B0 B1",
            help="A decision costs b0 + b1 R, b0 in the unit of the costs: adds the gains after it and the break-even.",
        ),
    ] = None,
    select: Annotated[
        int | None, typer.Option(metavar="K", help="Show the best K states only, not those of every size.")
    ] = None,
    pareto: Annotated[bool, typer.Option("--pareto", help="Leave out dominated states.")] = False,
    replicates: Annotated[
        int, typer.Option("--bootstrap", metavar="B", min=0, help="Bootstrap replicates for the intervals; 0 for none.")
    ] = 1000,
    agents: Annotated[bool, typer.Option(help="Also fit real agents to the labels.")] = True,
    sample_costs: Annotated[
        bool,
        typer.Option("--sample-costs", help="Exact and iso-accuracy bounds by each sample's own GFLOPs (language)."),
    ] = False,
    pool: Annotated[
        bool, typer.Option("--pool", help="Also take the families as one state space, on the samples that all have.")
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Figures by a column of the labels: category, split_type, …"),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Resample whole values of this column, where samples of one value err together."
        ),
    ] = None,
    plot: PlotOption = None,
    json: JsonOption = False,
) -> None:
    """Compute what adaptation can save.

    From labels: exact, with intervals. From published numbers: the paper's closed forms.
    """
    from ...labels import InputError, to_json
    from ..printing.bounds import print_report

    check_plot(plot)
    if Path(where).is_file():
        if cost is not None:
            raise InputError(f"`cost` is {cost!r}: a table of published numbers has one cost; leave it out")
        for argument, given in (("sample_costs", sample_costs), ("by", by), ("cluster", cluster)):
            if given:
                raise InputError(f"`{argument}`: a table of published numbers has no samples")
        reports = _of_published(Path(where), families, pool=pool, pareto=pareto, alphas=alphas or ())
    else:
        if pool and sample_costs:
            raise InputError("`sample_costs`: a pool takes the states' mean costs; leave it or `pool` out")
        reports = _of_folder(
            where,
            families,
            pool=pool,
            agents=agents,
            sample_costs=sample_costs,
            cost=cost,
            pareto=pareto,
            alphas=alphas or (),
            replicates=replicates or None,
            by=by,
            cluster=cluster,
        )
    if overhead is not None:
        reports = [report.with_overhead(*overhead) for report in reports]
    if select is not None:
        kept = reports[:-1] if pool else []  # a pool has more states than its families
        reports = [*kept, *(report.with_selection_of(select) for report in reports[len(kept) :])]
    if plot is not None:
        _plot(reports, plot)
    if json:
        console.print_json({"families": [to_json(report) for report in reports]})
        return
    for report in reports:
        print_report(report)


def _of_published(
    table: Path, families: Sequence[str] | None, *, pool: bool, pareto: bool, alphas: Sequence[float]
) -> list[FamilyReport]:
    """Reports of the families of a table, and of their pool."""
    from ...labels import pool_spaces, read_published, report_family

    spaces = read_published(table)
    chosen = [spaces[name] for name in _chosen(families, list(spaces), str(table), pool=pool)]
    if pool:
        chosen.append(pool_spaces(chosen))
    return [report_family(space.without_dominated() if pareto else space, alphas=alphas) for space in chosen]


def _of_folder(
    where: str,
    families: Sequence[str] | None,
    *,
    pool: bool,
    agents: bool,
    sample_costs: bool,
    **options: Any,  # noqa: ANN401 - handed on
) -> list[FamilyReport]:
    """Reports of the families of a folder, and of their pool."""
    from ...labels import open_folder, report_folder, report_pool

    folder = open_folder(where)
    names = _chosen(families, folder.families, where, pool=pool)
    reports = [report_folder(folder, name, agents=agents, sample_costs=sample_costs, **options) for name in names]
    return [*reports, report_pool(folder, names, **options)] if pool else reports


def _chosen(families: Sequence[str] | None, known: list[str], where: str, *, pool: bool) -> Sequence[str]:
    """The families that were asked for, all by default."""
    from ...labels.errors import InputError

    for name in families or ():
        if name not in known:
            raise InputError(f"`families`: {name!r} is unknown; {where} has {', '.join(known)}")
    chosen = list(dict.fromkeys(families or known))
    if pool and len(chosen) < 2:
        raise InputError(f"`pool`: {chosen[0]!r} is the only family that is taken; a pool needs two")
    return chosen


def _plot(reports: Sequence[FamilyReport], path: Path) -> None:
    from ...cards import plot_family
    from ...labels import InputError

    for report in reports:
        name = report.space.family.replace("/", "_")
        target = path if len(reports) == 1 else path.with_name(f"{path.stem}-{name}{path.suffix}")
        try:
            plot_family(report, target)
        except OSError as error:
            raise InputError(f"`plot`: {target} cannot be written ({error.strerror})") from error
        console.err.print(f"plot: {target}", markup=False)
