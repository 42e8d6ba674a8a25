"""`adaptlabels bounds`: what adaptation can save, from labels or from published numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import console
from ..options import FamiliesOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...labels.bounds.states import StateSpace
    from ...labels.report.report import FamilyReport

PLOT_KINDS = (".png", ".svg", ".pdf")


@dataclass(frozen=True)
class BoundsOptions:
    """What the user asked for."""

    where: str
    """A dataset folder, `hub:org/name[@version]`, or a CSV of published numbers."""
    families: tuple[str, ...] = ()
    """Names of families; empty for all."""
    cost: str | None = None
    """Cost metric; None for the folder's own."""
    alphas: tuple[float, ...] = ()
    """Error correlations for further constant-alpha bounds."""
    overhead: tuple[float, float] | None = None
    """`b0` and `b1` of a decision's cost."""
    select: int | None = None
    """Only the best selection of this size."""
    pareto: bool = False
    """Leave dominated states out."""
    replicates: int | None = 1000
    """Bootstrap replicates; None for no intervals."""
    agents: bool = True
    """Fit real agents."""
    sample_costs: bool = False
    """Take each sample's own costs."""
    plot: Path | None = None
    """Plot to write."""


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
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a plot (png, svg or pdf); several families: one file each."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compute what adaptation can save.

    From labels: exact, with intervals. From published numbers: the paper's closed forms.
    """
    run(
        BoundsOptions(
            where=where,
            families=tuple(families or ()),
            cost=cost,
            alphas=tuple(alphas or ()),
            overhead=overhead,
            select=select,
            pareto=pareto,
            replicates=replicates or None,
            agents=agents,
            sample_costs=sample_costs,
            plot=plot,
        ),
        as_json=json,
    )


def run(options: BoundsOptions, *, as_json: bool) -> None:
    """Print the bounds of every family that was asked for, and plot them.

    Raises:
        InputError: The folder, file, family, metric or another option cannot be used.
    """
    from ...labels.errors import InputError

    if options.plot is not None and options.plot.suffix not in PLOT_KINDS:
        raise InputError(f"--plot {options.plot}: expected a name that ends in {', '.join(PLOT_KINDS)}")
    reports = make_reports(options)
    found = [_select(_with_overhead(report.to_json(), options.overhead), options.select) for report in reports]
    if options.plot is not None:
        _plot(reports, options.plot)
    if as_json:
        console.print_json({"families": found})
        return
    for family in found:
        _print(family)


def make_reports(options: BoundsOptions) -> list[FamilyReport]:
    """One report for each family.

    Raises:
        InputError: The folder, file, family or metric does not exist or cannot be used.
    """
    from ...labels.errors import InputError
    from ...labels.importers.published import read_published
    from ...labels.report.report import report_family, report_folder
    from ...labels.tables.remote import open_folder

    if Path(options.where).is_file():
        if options.cost is not None:
            raise InputError(f"--cost {options.cost!r}: a table of published numbers has one cost; leave --cost out")
        if options.sample_costs:
            raise InputError("--sample-costs: a table of published numbers has no samples")
        spaces = read_published(Path(options.where))
        chosen = _chosen(options, list(spaces))
        return [report_family(_kept(spaces[name], pareto=options.pareto), alphas=options.alphas) for name in chosen]
    folder = open_folder(options.where)
    return [
        report_folder(
            folder,
            name,
            cost=options.cost,
            pareto=options.pareto,
            alphas=options.alphas,
            replicates=options.replicates,
            agents=options.agents,
            sample_costs=options.sample_costs,
        )
        for name in _chosen(options, folder.families)
    ]


def _kept(space: StateSpace, *, pareto: bool) -> StateSpace:
    return space.without_dominated() if pareto else space


def _chosen(options: BoundsOptions, known: list[str]) -> Sequence[str]:
    from ...labels.errors import InputError

    for name in options.families:
        if name not in known:
            raise InputError(f"--family {name!r}: {options.where} has {', '.join(known)}")
    return options.families or known


def _with_overhead(family: dict[str, Any], overhead: tuple[float, float] | None) -> dict[str, Any]:
    """The same with the cost of deciding beside each bound (Eq. 12-13)."""
    if overhead is None:
        return family
    from ...labels.bounds.overhead import with_overhead

    b0, b1 = overhead
    for bound in family["bounds"]:
        if bound["gain"] is None:  # the form does not hold, as a warning says
            bound["overhead"] = {"b0": b0, "b1": b1, "mean_cost": None, "gain": None, "break_even_b0": None}
            continue
        found = with_overhead(bound["mean_cost"], family["baseline"]["cost"], b0=b0, b1=b1)
        bound["overhead"] = {
            "b0": b0,
            "b1": b1,
            "mean_cost": found.mean_cost,
            "gain": found.gain,
            "break_even_b0": found.break_even,
        }
    return family


def _select(family: dict[str, Any], k: int | None) -> dict[str, Any]:
    from ...labels.errors import InputError

    if k is None:
        return family
    n_states = len(family["states"])
    if not 2 <= k <= n_states:
        raise InputError(f"--select {k}: family {family['family']!r} has {n_states} states; choose 2 to {n_states}")
    for key in ("selection", "selection_iso_accuracy"):
        family[key] = [chosen for chosen in family[key] if chosen["k"] == k]
    return family


def _plot(reports: Sequence[FamilyReport], path: Path) -> None:
    from ...cards.plots import plot_family
    from ...labels.errors import InputError

    for report in reports:
        name = report.space.family.replace("/", "_")
        target = path if len(reports) == 1 else path.with_name(f"{path.stem}-{name}{path.suffix}")
        try:
            plot_family(report, target)
        except OSError as error:
            raise InputError(f"--plot {target}: cannot be written ({error.strerror})") from error
        console.err.print(f"plot: {target}", markup=False)


def _print(family: dict[str, Any]) -> None:
    samples = f", {family['samples']:,} samples" if family["samples"] else ", published numbers"
    states = [
        (
            s["state"],
            s["cost"],
            console.percent(s["accuracy"]),
            _with_interval(s, "alpha"),
            console.percent(s["oracle_share"]),
        )
        for s in family["states"]
    ]
    title = f"\n{family['family']}{samples}"
    console.print_table(title, ("state", family["cost_metric"], "accuracy", "alpha", "oracle takes"), states)
    rows = [
        (b["bound"], b["alpha"], console.percent(b["accuracy"]), b["mean_cost"], _with_interval(b, "gain"))
        + ((b["overhead"]["gain"], b["overhead"]["break_even_b0"]) if "overhead" in b else ())
        for b in family["bounds"]
    ]
    columns = ["bound", "alpha", "accuracy", "mean cost", "gain (95 %)"]
    if "overhead" in family["bounds"][0]:
        columns += ["with overhead", "break-even b0"]
    console.print_table("", columns, rows)
    if family["sample_costs"]:
        console.out.print("exact and iso-accuracy by each sample's own GFLOPs, the rest by the states' means")
    _print_selection(family["selection"])
    _print_selection(family["selection_iso_accuracy"])
    _print_agents(family["agents"])
    for warning in family["warnings"]:
        console.out.print(f"warning: {warning}", markup=False)


def _print_selection(selection: Sequence[dict[str, Any]]) -> None:
    """The best states of every size, and the fewest that keep most of the gain."""
    from ...labels.bounds.selection import KEPT_SHARE

    if not selection:
        return
    rows = [
        (s["k"], _with_interval(s, "gain"), console.percent(s["share_of_full_gain"]), ", ".join(s["states"]))
        for s in selection
    ]
    console.print_table(
        f"\nbest states by {selection[0]['bound']} gain", ("k", "gain (95 %)", "of full gain", "states"), rows
    )
    enough = next((s for s in selection if s["share_of_full_gain"] >= KEPT_SHARE), None)
    if enough is not None:
        console.out.print(f"{enough['k']} states keep {KEPT_SHARE:.0%} of the gain")
    greedy = [s["k"] for s in selection if s["method"] == "greedy"]
    if greedy:
        console.out.print(f"k = {greedy[0]} to {greedy[-1]} were searched greedily: there may be better ones")


def _print_agents(agents: Sequence[dict[str, Any]]) -> None:
    if not agents:
        return
    rows = [
        (
            a["agent"],
            f"{100 * a['allowed_loss']:.1f}",
            f"{100 * a['loss']:.1f}",
            console.percent(a["accuracy"]),
            a["mean_cost"],
            a["gain"],
            _share_with_interval(a, "share_of_saving"),
        )
        for a in agents
    ]
    columns = ("agent", "points to lose", "points lost", "accuracy", "mean cost", "gain", "of the oracle's saving")
    console.print_table("\nreal agents, fitted on one half, measured on the other", columns, rows)


def _share_with_interval(entry: dict[str, Any], name: str) -> str:
    value, low, high = (entry[key] for key in (name, f"{name}_low", f"{name}_high"))
    return console.percent(value) if low is None else f"{console.percent(value)} ({100 * low:.0f} – {100 * high:.0f})"


def _with_interval(entry: dict[str, Any], name: str) -> str:
    value, low, high = (entry[key] for key in (name, f"{name}_low", f"{name}_high"))
    if value is None:
        return "–"
    return f"{value:.4g}" if low is None else f"{value:.4g} ({low:.3g} – {high:.3g})"
