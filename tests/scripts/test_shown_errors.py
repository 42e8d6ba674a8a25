"""Errors as the terminal shows them: one line, options for arguments, and a status that says what happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import typer
from adaptlabels.scripts import cli, shown_errors
from adaptlabels.scripts.commands import label

PROGRAM = [sys.executable, "-m", "adaptlabels.scripts"]
WAITING = """
from signal import pause
from adaptlabels.scripts import cli
from adaptlabels.scripts.commands import card
def wait(*_, **__):
    print("waiting", flush=True)
    pause()
card.run = wait
cli.main()
"""


def options_of(name):
    program = typer.main.get_command(cli.app)
    return shown_errors.options_of(program.commands[name])


@pytest.mark.parametrize(
    ("command", "message", "shown"),
    [
        ("build", "`limit` is 0: at least one sample is needed", "--limit is 0: at least one sample is needed"),
        ("build", "leave it out with `skip_unreadable`", "leave it out with --on-error skip"),
        ("build", "`families_file` x.toml: cannot be read", "--families x.toml: cannot be read"),
        ("build", "`families` 'x': no such family", "--family 'x': no such family"),
        ("build", "`states`: name at least two", "--state: name at least two"),
        ("build", "`random` weights, `compiled`", "--weights random weights, --compile"),
        ("build", "`batch_size` or `shard_size`", "--batch-size or --shard-size"),
        ("label", "`states`: name a CSV", "--states: name a CSV"),
        ("label", "`licence` has a line break", "--licence has a line break"),
        ("bounds", "`alphas`: 2 is not between 0 and 1", "--alpha: 2 is not between 0 and 1"),
        ("bounds", "`replicates` is -1", "--bootstrap is -1"),
        ("build", "`out` is a file", "OUT is a file"),
        ("card", "`skip_unreadable` and `folders`", "`skip_unreadable` and `folders`"),
        ("build", "run `adaptlabels families` first", "run `adaptlabels families` first"),
    ],
)  # fmt: skip
def test_arguments_of_the_library_are_shown_as_options_of_the_command(command, message, shown):
    assert shown_errors.in_options(message, options_of(command)) == shown


def test_the_table_names_options_that_some_command_has():
    program = typer.main.get_command(cli.app)
    known = {option for command in program.commands.values() for one in command.params for option in one.opts}
    assert [text for text in shown_errors.OPTIONS.values() if text.split()[0] not in known] == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["buid"], "No such command 'buid'. Did you mean 'build', 'bounds'? See `adaptlabels --help`"),
        (["card"], "Missing argument 'FOLDER'. See `adaptlabels card --help`"),
        (["card", "x", "--colour"], "No such option: --colour. See `adaptlabels card --help`"),
        (["build", "a", "b", "--shard-size", "0"], "Invalid value for '--shard-size'"),
        (["build", "a", "b", "--dtype", "int8"], "Invalid value for '--dtype'"),
    ],
)
def test_a_mistyped_command_line_is_one_line(arguments, line, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["adaptlabels", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    printed = capsys.readouterr()
    assert (stopped.value.code, printed.out) == (2, "")
    assert len(printed.err.splitlines()) == 1
    assert printed.err.startswith(f"adaptlabels: {line}")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_program_that_is_stopped_says_so_in_one_line(number, status):
    program = [sys.executable, "-c", WAITING, "card", "x"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "waiting\n"
        running.send_signal(number)
        _, shown = running.communicate(timeout=60)
    assert shown == "adaptlabels: stopped; run the same command again to continue\n"
    assert running.returncode == status


@pytest.mark.parametrize("spelling", ["--licence", "--license"])
def test_a_licence_may_be_spelt_either_way(spelling, monkeypatch):
    given = {}
    monkeypatch.setattr(label, "run", lambda *_, **options: given.update(options))
    monkeypatch.setattr(sys, "argv", ["adaptlabels", "label", "p.csv", "out", spelling, "mit"])
    with pytest.raises(SystemExit):
        cli.main()
    assert given["licence"] == "mit"


def test_without_arguments_the_program_shows_its_help():
    done = subprocess.run(PROGRAM, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: adaptlabels" in done.stdout


def test_completion_installs_and_completes(tmp_path):
    home = {**os.environ, "HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(
        [*PROGRAM, "--install-completion", "bash"], capture_output=True, text=True, env=home, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "adaptlabels" in (tmp_path / ".bashrc").read_text()
    words = {**home, "_ADAPTLABELS_COMPLETE": "complete_bash", "COMP_WORDS": "adaptlabels la", "COMP_CWORD": "1"}
    done = subprocess.run(PROGRAM, capture_output=True, text=True, env=words, check=False)
    assert done.stdout.split() == ["label"]
