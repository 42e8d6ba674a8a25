"""Options and arguments that several commands take, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
FamiliesFileOption = Annotated[
    Path | None,
    typer.Option("--families", metavar="FILE", help="TOML or YAML file with state spaces of your own."),
]
FamiliesOption = Annotated[
    list[str] | None,
    typer.Option("--family", metavar="NAME", help="State space; repeatable. All by default."),
]
FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="A dataset folder.", show_default=False)]
WhereArgument = Annotated[
    str, typer.Argument(metavar="WHERE", help="A dataset folder, or hub:org/name[@version].", show_default=False)
]
PlotOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write a plot (png, svg or pdf); further ones and families get files beside it."),
]
_PLOT_KINDS = (".png", ".svg", ".pdf")


def check_plot(plot: Path | None) -> None:
    """Refuse a plot of a kind that cannot be drawn, before anything is computed.

    Raises:
        InputError: Its name ends otherwise.
    """
    if plot is not None and plot.suffix not in _PLOT_KINDS:
        from ..labels.errors import InputError

        raise InputError(f"`plot` is {plot}: expected a name that ends in {', '.join(_PLOT_KINDS)}")
