"""How errors reach the terminal: one line, in the program's own words, and an exit status that says whose fault it was.

The library's messages name its arguments, in backticks; what is shown names the options of the command that ran.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from ..labels.errors import AdaptLabelsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

DEBUG_VARIABLE = "ADAPTLABELS_DEBUG"
"""Environment variable that `--debug` sets: errors keep their traceback."""

OPTIONS = {
    "compiled": "--compile",
    "families": "--family",
    "families_file": "--families",
    "family": "--family",
    "random": "--weights random",
    "skip_unreadable": "--on-error skip",
    "state": "--state",
    "states": "--state",
}
"""Argument of the library → what a person types, where the command has no parameter of that name."""

STOPPED = 128
"""A program that a signal stopped exits with this and the signal's number, as shells have it."""


def run(app: typer.Typer, name: str) -> int:
    """Run the command that the command line names; show its error, if there is one, in one line.

    Returns:
        The exit status: 0, 2 for bad input, 1 for a failed run, 130 and 143 for SIGINT and SIGTERM.
    """
    program: Any = typer.main.get_command(app)
    with _termination_as_interrupt() as received:
        try:
            # Not standalone: typer's own messages take several lines, and it stops without one.
            status = program.main(prog_name=name, standalone_mode=False) or 0
        except AdaptLabelsError as error:
            if DEBUG_VARIABLE in os.environ:
                raise
            ran = next(word for word in sys.argv[1:] if word in program.commands)
            return _show(name, in_options(str(error), options_of(program.commands[ran])), error.exit_status)
        except typer.TyperException as error:
            return _show(name, _usage(error), error.exit_code)
    if status == STOPPED + signal.SIGINT:
        _show(name, "stopped; run the same command again to continue", STOPPED + received[-1])
        sys.stderr.flush()
        os._exit(STOPPED + received[-1])  # all is closed by now, and unloading the libraries would take seconds
    return int(status)


def in_options(message: str, options: Mapping[str, str]) -> str:
    """A message of the library with options in place of the arguments that it names.

    Args:
        message: What is wrong; arguments stand in backticks.
        options: The option of each argument; other words stay as they are.

    Example:
        >>> in_options("`limit` is 0: at least one sample is needed", {"limit": "--limit"})
        '--limit is 0: at least one sample is needed'
    """
    return re.sub(r"`(\w+)`", lambda found: options.get(found[1], found[0]), message)


def options_of(command: Any) -> dict[str, str]:  # noqa: ANN401 - typer's own click, which has no public types
    """What a person types for each argument of the library, in one command."""
    own = {
        parameter.name: parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar
        for parameter in command.params
    }
    known = {option for parameter in command.params for option in parameter.opts}
    return {argument: text for argument, text in OPTIONS.items() if text.split()[0] in known} | own


def _usage(error: Any) -> str:  # noqa: ANN401 - typer's own click, which has no public types
    """What is wrong with the command line, and where to look."""
    message = " ".join(error.format_message().split())
    command = error.ctx.command_path if getattr(error, "ctx", None) else "adaptlabels"
    return f"{message}{'' if message.endswith(('.', '?')) else '.'} See `{command} --help`"


def _show(name: str, message: str, status: int) -> int:
    sys.stderr.write(f"{name}: {message}\n")
    return status


@contextmanager
def _termination_as_interrupt() -> Iterator[list[signal.Signals]]:
    """SIGTERM stops the program as Ctrl-C does: by unwinding, so that nothing half-written stays; yields what came."""
    received = [signal.SIGINT]

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        received.append(signal.Signals(number))
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, before)
