"""`adaptlabels evaluate`: judge adaptive agents by the labels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import console
from ..options import JsonOption, PlotOption, WhereArgument, check_plot

if TYPE_CHECKING:
    from ...labels.agents.evaluations import Evaluation

ALL = "all"
"""Word for every fold."""


def command(
    where: WhereArgument,
    choices: Annotated[
        Path,
        typer.Argument(
            metavar="CHOICES",
            help="CSV, parquet or JSON lines: sample_id,state[,agent,setting,states_run|cost,overhead,correct].",
            show_default=False,
        ),
    ],
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="State space; by default the one that has the states.")
    ] = None,
    cost: Annotated[
        str | None, typer.Option(metavar="METRIC", help="Cost column of states; gflops by default.")
    ] = None,
    folds: Annotated[str, typer.Option(metavar="LIST", help="Folds to judge on: 5-9, 5,7 or all.")] = "5-9",
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Compare with the choices of another file, in pairs.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Also judge by a column of labels, such as category.")
    ] = None,
    subset: Annotated[bool, typer.Option("--subset", help="Judge on the samples that every agent chose for.")] = False,
    utilities: Annotated[
        bool, typer.Option("--utilities", help="The file has one column of scores per state; the highest is taken.")
    ] = False,
    prices: Annotated[
        list[float] | None,
        typer.Option("--price", metavar="P", help="With --utilities: price of a unit of cost in scores; repeatable."),
    ] = None,
    sample_costs: Annotated[
        bool, typer.Option("--sample-costs", help="Take each sample's own GFLOPs (language).")
    ] = False,
    built_in: Annotated[
        bool, typer.Option("--agents/--no-agents", help="Put the built-in cascade, router and mixing beside.")
    ] = True,
    replicates: Annotated[
        int, typer.Option("--bootstrap", metavar="B", min=0, help="Bootstrap replicates for the intervals; 0 for none.")
    ] = 1000,
    plot: PlotOption = None,
    add: Annotated[
        bool, typer.Option("--add", help="Put the agents on the folder's board, with their choices.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --add: name of the agent; the file's name by default.")
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="With --add: where the agent is described.")] = None,
    json: JsonOption = False,
) -> None:
    """Judge adaptive agents by the labels.

    Agents learn from folds 0-4 and are judged on folds 5-9, beside single states, oracle and frontier.
    """
    from ...cards import write_card
    from ...labels import DatasetFolder, InputError, add_agent, evaluate, open_folder
    from ...labels.report.leakage import fitted_to_the_judged
    from ...labels.tables.remote import HUB
    from ..printing.evaluation import print_evaluation

    check_plot(plot)
    if (name or url) and not add:
        raise InputError("`name` and `url` describe an agent on the board; give them with `add`")
    if add and where.startswith(HUB):
        raise InputError(f"`add`: {where} cannot be changed; download it, add the agent there, and publish it again")
    folder = open_folder(where)
    found = evaluate(
        folder,
        choices,
        family=family,
        cost=cost,
        folds=parse_folds(folds),
        against=against,
        by=by,
        subset=subset,
        utilities=utilities,
        prices=tuple(prices or ()),
        sample_costs=sample_costs,
        built_in=built_in,
        replicates=replicates or None,
    )
    if plot is not None:
        _plot(found, plot)
    if add:
        added = add_agent(
            folder,
            choices,
            name=name,
            url=url,
            family=family,
            cost=cost,
            utilities=utilities,
            prices=tuple(prices or ()),
        )
        changed = DatasetFolder(where)
        write_card(changed)
        console.err.print(f"on the board of {folder.path}: {', '.join(added)}", markup=False)
        for said in fitted_to_the_judged(changed, found.space.family):
            console.err.print(f"warning: {said}", markup=False)
    if json:
        console.print_json(found.to_json())
    else:
        print_evaluation(found)


def parse_folds(text: str) -> tuple[int, ...] | None:
    """Folds from what a person types; None for all.

    Raises:
        InputError: It is not a list of folds.

    Example:
        >>> parse_folds("5-7,9"), parse_folds("all")
        ((5, 6, 7, 9), None)
    """
    from ...labels.errors import InputError

    if text.strip() == ALL:
        return None
    folds: list[int] = []
    for part in text.split(","):
        ends = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if ends is None:
            raise InputError(f"`folds` is {text!r}: expected folds such as 5-9 or 5,7, or {ALL}")
        folds += range(int(ends[1]), int(ends[2] or ends[1]) + 1)
    return tuple(folds)


def _plot(found: Evaluation, path: Path) -> None:
    from ...cards.agent_plots import plot_agents

    plot_agents(found, path)
    console.err.print(f"plot: {path}", markup=False)
