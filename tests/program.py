"""The program in processes that have loaded their libraries already.

A new process takes seconds for that, and the tests run hundreds of commands. One server loads them once; each command then
runs in a fork of it, with its own environment, working folder and output. What the Hub's clients read from the environment
they read when they are imported, so these are not among what is loaded.
"""

from __future__ import annotations

import multiprocessing.context
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOADED = [
    "adaptlabels.builders.building.run", "adaptlabels.cards.card", "adaptlabels.labels.importers.formats",
    "adaptlabels.labels.importers.from_results",
    "adaptlabels.labels.report.whole_folder", "adaptlabels.scripts.cli", "jinja2", "matplotlib.backends.backend_agg", "numba",
    "pandera.backends.polars.container", "scipy.stats", "sklearn.linear_model", "threadpoolctl", "typer.main",
]  # fmt: skip


def adaptlabels(
    *arguments: object, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command line; `environment` replaces this process's own where it is given."""
    return in_fork(_command, tuple(map(str, arguments)), cwd, environment)


def python(
    code: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run code as `python -c` does."""
    return in_fork(_code, (code,), cwd, environment)


def in_fork(
    act: Callable[..., None], arguments: tuple, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Call a function of an importable module in a process of its own; its output and exit status come back."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        setting = (dict(os.environ if environment is None else environment), cwd or Path.cwd(), out, err)
        process = forks().Process(target=_settled, args=(setting, act, arguments))
        process.start()
        process.join()
        return subprocess.CompletedProcess(arguments, process.exitcode, out.read_text(), err.read_text())


def forks() -> multiprocessing.context.ForkServerContext:
    """Where processes are forked of the one server, which is there once for all tests of a process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    return context


def _settled(setting: tuple[dict[str, str], Path, Path, Path], act: Callable[..., None], arguments: tuple) -> None:
    environment, cwd, out, err = setting
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    for path, stream in ((out, sys.stdout), (err, sys.stderr)):
        stream.flush()
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    act(*arguments)


def _command(*arguments: str) -> None:
    from adaptlabels.scripts.cli import main

    sys.argv = ["adaptlabels", *arguments]
    main()


def _code(code: str) -> None:
    exec(code, {"__name__": "__main__"})
