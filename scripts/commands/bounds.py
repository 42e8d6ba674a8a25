"""`adaptlabels bounds`: what adaptation can save, from labels or from published numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import console
from ..options import FamiliesOption, JsonOption, PlotOption, check_plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...labels.bounds.states import StateSpace
    from ...labels.report.family_report import FamilyReport

FORMS = ("auto", "table", "timm")
"""Forms of tables of published numbers."""


def command(
    where: Annotated[
        str,
        typer.Argument(
            metavar="WHERE",
            help="A dataset folder, hub:org/name[@version], or a CSV of state,cost,accuracy (or timm's results).",
            show_default=False,
        ),
    ],
    families: FamiliesOption = None,
    cost: Annotated[
        str | None,
        typer.Option(metavar="METRIC", help="Cost column of states, or of timm's tables; gflops by default."),
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
        bool,
        typer.Option("--pool", help="Also take the families as one state space, on the samples that all of them have."),
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Figures by a column of the labels: category, split_type, …"),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Resample whole groups: samples that share a value of this column, such as a passage.",
        ),
    ] = None,
    form: Annotated[
        str,
        typer.Option("--format", metavar="NAME", help="Form of a table of published numbers: auto, table or timm."),
    ] = "auto",
    costs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="timm's benchmark-infer-….csv, for GFLOPs; parameters without it."),
    ] = None,
    filter: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(metavar="REGEX", help="Only published states whose names match.")
    ] = None,
    accuracy: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column that is the accuracy; top1 of timm's tables.")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(metavar="OURS=THEIRS,…", help="Names of columns: state=model,cost=params,accuracy=acc_norm."),
    ] = None,
    percent: Annotated[bool, typer.Option("--percent", help="Published accuracies are percent.")] = False,
    plot: PlotOption = None,
    json: JsonOption = False,
) -> None:
    """Compute what adaptation can save.

    From labels: exact, with intervals. From published numbers: the paper's closed forms.
    """
    from ...labels import InputError, to_json
    from ..printing.bounds import print_report

    check_plot(plot)
    of_tables = {"costs": costs, "filter": filter, "accuracy": accuracy, "columns": columns, "percent": percent}
    if Path(where).is_file():
        for argument, given in (("sample_costs", sample_costs), ("by", by), ("cluster", cluster)):
            if given:
                raise InputError(f"`{argument}`: a table of published numbers has no samples")
        spaces = _published(
            Path(where),
            form,
            costs=costs,
            filter=filter,
            accuracy=accuracy,
            columns=columns,
            percent=percent,
            cost=cost,
        )
        chosen = [spaces[name] for name in _chosen(families, list(spaces), where, pool=pool)]
        reports = _of_published(chosen, pool=pool, pareto=pareto, alphas=alphas or ())
    else:
        for argument, option in of_tables.items():
            if option:
                raise InputError(f"`{argument}` is for tables of published numbers; {where} is not a file")
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


def _published(
    table: Path,
    form: str,
    *,
    costs: Path | None,
    filter: str | None,  # noqa: A002 - the option's name
    accuracy: str | None,
    columns: str | None,
    percent: bool,
    cost: str | None,
) -> dict[str, StateSpace]:
    """The state spaces of a table by family; of timm's models the Pareto states alone."""
    from ...labels import InputError, read_published
    from ...labels.importers.import_options import parse_columns
    from ...labels.importers.timm_results import ACCURACY, is_timm_results, read_timm_results

    if form not in FORMS:
        raise InputError(f"`form` is {form!r}; tables of published numbers are {', '.join(FORMS)}")
    if form == "timm" or (form == "auto" and columns is None and is_timm_results(table)):
        if columns is not None or percent:
            raise InputError("`columns` and `percent` are for other tables; timm's columns and units are known")
        found = read_timm_results(table, costs, accuracy=accuracy or ACCURACY, cost=cost, pattern=filter)
        for note in found.notes:
            console.err.print(note, style="dim", markup=False)
        space = found.space.without_dominated()
        console.err.print(f"{len(space)} Pareto states of {len(found.space):,} models", style="dim")
        return {space.family: space}
    if cost is not None or costs is not None:
        argument = "costs" if cost is None else "cost"
        raise InputError(f"`{argument}`: a table of published numbers has one cost; leave it out, or name its column")
    names = parse_columns(columns)
    if accuracy is not None:
        names[accuracy] = "accuracy"
    return read_published(table, names, percent=percent, pattern=filter)


def _of_published(spaces: list[StateSpace], *, pool: bool, pareto: bool, alphas: Sequence[float]) -> list[FamilyReport]:
    """Reports of published families, and of their pool."""
    from ...labels import pool_spaces, report_family

    taken = [*spaces, pool_spaces(spaces)] if pool else spaces
    return [report_family(space.without_dominated() if pareto else space, alphas=alphas) for space in taken]


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
    from ...labels.bounds.pools import is_pool
    from ...labels.errors import InputError

    for name in families or ():
        if name not in known:
            raise InputError(f"`families`: {name!r} is unknown; {where} has {', '.join(known)}")
    chosen = list(dict.fromkeys(families or (name for name in known if not (pool and is_pool(name)))))
    if pool and len(chosen) < 2:
        raise InputError(f"`pool`: {chosen[0]!r} is the only family that is taken; a pool needs two")
    return chosen


def _plot(reports: Sequence[FamilyReport], path: Path) -> None:
    from ...cards import plot_family

    for report in reports:
        name = report.space.family.replace("/", "_")
        target = path if len(reports) == 1 else path.with_name(f"{path.stem}-{name}{path.suffix}")
        written = plot_family(report, target)
        console.err.print(f"plot: {', '.join(map(str, written))}", markup=False)
