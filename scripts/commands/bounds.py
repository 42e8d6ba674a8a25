"""`adaptlabels bounds`: what adaptation can save, from labels or from published numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    plot: PlotOption = None,
    json: JsonOption = False,
) -> None:
    """Compute what adaptation can save.

    From labels: exact, with intervals. From published numbers: the paper's closed forms.
    """
    from ...labels import InputError, open_folder, read_published, report_family, report_folder, to_json
    from ..printing.bounds import print_report

    check_plot(plot)
    if Path(where).is_file():
        if cost is not None:
            raise InputError(f"`cost` is {cost!r}: a table of published numbers has one cost; leave it out")
        if sample_costs:
            raise InputError("`sample_costs`: a table of published numbers has no samples")
        spaces = read_published(Path(where))
        chosen = [spaces[name] for name in _chosen(families, list(spaces), where)]
        reports = [
            report_family(space.without_dominated() if pareto else space, alphas=alphas or ()) for space in chosen
        ]
    else:
        folder = open_folder(where)
        reports = [
            report_folder(
                folder,
                name,
                cost=cost,
                pareto=pareto,
                alphas=alphas or (),
                replicates=replicates or None,
                agents=agents,
                sample_costs=sample_costs,
            )
            for name in _chosen(families, folder.families, where)
        ]
    if overhead is not None:
        reports = [report.with_overhead(*overhead) for report in reports]
    if select is not None:
        reports = [report.with_selection_of(select) for report in reports]
    if plot is not None:
        _plot(reports, plot)
    if json:
        console.print_json({"families": [to_json(report) for report in reports]})
        return
    for report in reports:
        print_report(report)


def _chosen(families: Sequence[str] | None, known: list[str], where: str) -> Sequence[str]:
    from ...labels.errors import InputError

    for name in families or ():
        if name not in known:
            raise InputError(f"`families`: {name!r} is unknown; {where} has {', '.join(known)}")
    return families or known


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
