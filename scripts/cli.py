"""The program `adaptlabels`: registers the commands, each of which lies in its own module.

Command modules import heavy libraries inside their functions, so that `--help` is quick.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from . import shown_errors
from .commands import bounds, build, card, demo, diff, evaluate, explore, export, families, label, publish, validate

COMMANDS = (demo, families, build, label, validate, bounds, evaluate, explore, export, card, publish, diff)
app = typer.Typer(
    name="adaptlabels",
    help="Ground-truth labels and exact bounds for adaptive inference.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help is four times as quick
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in COMMANDS:
    app.command(module.__name__.rpartition(".")[2])(module.command)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("adaptlabels"))
        raise typer.Exit


@app.callback()
def _settings(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    if debug:
        os.environ[shown_errors.DEBUG_VARIABLE] = "1"
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the program and exit with a status: 0, 2 for bad input, 1 for a failed run, 128 and the signal if stopped."""
    sys.exit(shown_errors.run(app, "adaptlabels"))


if __name__ == "__main__":
    main()
