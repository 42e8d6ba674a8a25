"""Runs that are killed: the folder is the old one or the new one, and the same command completes the work."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from pathlib import Path

import pytest
from adaptlabels.labels import DatasetFolder, validate_folder

from ..cards.release.publish_under_failures import publish_under_failures
from ..cards.release.test_publish import make_folder
from ..program import forks
from .conftest import attempts

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree")
"""Audit events of what changes a file system."""


def label(inputs, out):
    from adaptlabels.cards import write_card
    from adaptlabels.labels import label_predictions, write_dataset

    made = label_predictions(Path(inputs) / "demo.csv", Path(inputs) / "states.csv")
    write_dataset(Path(out), made.info, made.families, card=write_card)


def card(inputs, out):
    from adaptlabels.cards import write_card
    from adaptlabels.labels.tables.replacing import sole_writer

    with sole_writer(Path(out)):
        write_card(DatasetFolder(out))


COMMANDS = {"label": label, "card": card}


def run_and_die(command, inputs, out, place):
    """Run a command and kill this process at its change number `place`; writes how many changes there were."""
    seen = 0

    def count(event, arguments):
        nonlocal seen
        written = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in CHANGES or written) and out in str(arguments[0]):
            if seen == place:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

    sys.addaudithook(count)
    COMMANDS[command](inputs, out)
    Path(out).with_suffix(".count").write_text(str(seen))


def content(folder):
    """What the tables of a folder hold."""
    found = DatasetFolder(folder)
    return {name: table.frame().to_dict(as_series=False) for name, table in found.tables.items()}


def killed(command, inputs, out, place):
    process = forks().Process(target=run_and_die, args=(command, str(inputs), str(out), place))
    process.start()
    process.join()
    return process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("command", COMMANDS)
def test_a_kill_at_a_change_of_the_file_system(labelled, changed, tmp_path, tally, command):
    new = tmp_path / "new"
    shutil.copytree(labelled / "out", new)
    assert not killed(command, changed, new, -1)
    n_changes = int(new.with_suffix(".count").read_text())
    old_tables, new_tables = content(labelled / "out"), content(new)
    rng = random.Random(5)
    for place in rng.sample(range(n_changes), min(n_changes, attempts(40))):
        out = shutil.copytree(labelled / "out", tmp_path / str(place))
        assert killed(command, changed, out, place)
        tally.tried += 1
        assert content(out) in (old_tables, new_tables)
        COMMANDS[command](changed, out)
        assert content(out) == new_tables
        assert validate_folder(DatasetFolder(out)) == []
        assert not (out / ".adaptlabels").exists()
        tally.found += 1
        shutil.rmtree(out)
    assert tally.tried > 0


def test_a_kill_at_a_random_moment(labelled, changed, tmp_path, tally):
    rng = random.Random(6)
    old_tables = content(labelled / "out")
    for number in range(attempts(30)):
        out = shutil.copytree(labelled / "out", tmp_path / str(number))
        process = forks().Process(target=label, args=(changed, out))
        process.start()
        process.join(rng.uniform(0, 3))
        process.kill()
        process.join()
        tally.tried += 1
        there = content(out)
        label(changed, out)
        assert there in (old_tables, content(out))
        assert validate_folder(DatasetFolder(out)) == []
        tally.found += 1


def test_two_runs_on_one_folder(labelled, changed, tmp_path, tally):
    old_tables = content(labelled / "out")
    label(changed, tmp_path / "alone")
    new_tables = content(tmp_path / "alone")
    for number in range(attempts(20)):
        out = shutil.copytree(labelled / "out", tmp_path / str(number))
        runs = [forks().Process(target=label, args=(inputs, out)) for inputs in (labelled, changed)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        tally.tried += 1
        assert content(out) in (old_tables, new_tables)
        assert validate_folder(DatasetFolder(out)) == []
        assert 0 in [run.exitcode for run in runs]
        tally.found += 1


def test_a_publish_killed_at_a_request(tmp_path, tally):
    report = publish_under_failures(
        make_folder(tmp_path / "folder"), tmp_path / "home", "kill", step=10 // attempts(10)
    )
    tally.tried, tally.lost = report["tried"], len(report["wrong"])
    tally.found = tally.tried - tally.lost
    assert report["failed_first"] > 1
    assert report["wrong"] == []
