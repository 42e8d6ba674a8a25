"""A dataset folder is the old or the new one, whenever a run dies, and has one writer at a time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from adaptlabels.labels import InputError, RunError
from adaptlabels.labels.tables.replacing import (
    HOLDER,
    JOURNAL,
    WORK,
    finish_replacement,
    replace_folder,
    sole_writer,
    staging_folder,
)

STALE = ("data/*/*",)
OLD = {"README.md": "old", "data/a/x": "old", "data/b/y": "old", "states/s": "old", "own notes.txt": "mine"}
NEW = {"README.md": "new", "data/a/x": "new", "data/c/z": "new", "states/s": "new", "bounds/b": "new"}
AFTER = NEW | {"own notes.txt": "mine"}

DIES = """
import os, sys
from pathlib import Path
from adaptlabels.labels.tables import replacing

def counted(name):
    own = getattr(os, name)
    def call(*arguments, **options):
        global left
        if left == 0:
            os._exit(9)
        left -= 1
        return own(*arguments, **options)
    setattr(os, name, call)

for left in range(100):
    path = Path(sys.argv[1], str(left))
    process = os.fork()
    if process == 0:
        with replacing.sole_writer(path), replacing.staging_folder(path) as staging:
            for name, content in {new!r}.items():
                (staging / name).parent.mkdir(parents=True, exist_ok=True)
                (staging / name).write_text(content)
            for name in ("replace", "unlink", "rename", "fsync", "mkdir", "rmdir"):
                counted(name)
            replacing.replace_folder(staging, path, stale={stale!r})
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    print(status)
    if status == 0:
        break
"""


def fill(path, files):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content)


def content(path):
    files = (file for file in path.rglob("*") if file.is_file() and WORK not in file.parts)
    return {file.relative_to(path).as_posix(): file.read_text() for file in files}


def replace(path, files=NEW):
    with sole_writer(path), staging_folder(path) as staging:
        fill(staging, files)
        replace_folder(staging, path, stale=STALE)


def test_new_files_replace_old_ones_and_stale_ones_go_but_strange_ones_stay(tmp_path):
    fill(tmp_path, OLD)
    replace(tmp_path)
    assert content(tmp_path) == AFTER
    assert not (tmp_path / WORK).exists()


def test_a_run_that_dies_at_any_step_leaves_the_old_or_the_new_folder(tmp_path):
    for step in range(100):
        fill(tmp_path / str(step), OLD)
    program = [sys.executable, "-c", DIES.format(new=NEW, stale=STALE), str(tmp_path)]
    ends = subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()
    assert set(ends[:-1]) == {"9"}
    assert ends[-1] == "0"
    seen = []
    for step in range(len(ends)):
        path = tmp_path / str(step)
        finish_replacement(path)
        seen.append(content(path))
        assert seen[-1] in (OLD, AFTER)
        replace(path, {"README.md": "next"})  # nothing is left that a later run would meet
        assert content(path)["README.md"] == "next"
        assert not (path / WORK).exists()
    assert len(ends) > 12
    assert seen[0] == OLD
    assert seen.index(AFTER) <= len(ends) - 6  # once begun, the new folder counts


def test_a_second_writer_is_told_who_is_writing(tmp_path):
    program = """
import sys, time
from pathlib import Path
from adaptlabels.labels.tables.replacing import sole_writer
with sole_writer(Path(sys.argv[1])):
    print("writing", flush=True)
    sys.stdin.read()
"""
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "out")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "writing\n"
    told = rf"out: process {other.pid} on .* is writing it; wait until that is done"
    with pytest.raises(InputError, match=told), sole_writer(tmp_path / "out"):
        pass
    other.communicate("")
    with sole_writer(tmp_path / "out"):
        assert json.loads((tmp_path / "out" / WORK / HOLDER).read_text())["process"] != other.pid


def test_a_writer_that_writes_nothing_leaves_nothing(tmp_path):
    with sole_writer(tmp_path / "out"):
        assert (tmp_path / "out").is_dir()
    assert not (tmp_path / "out").exists()


def test_the_same_process_may_write_within_its_own_writing(tmp_path):
    with sole_writer(tmp_path):
        (tmp_path / WORK / "staging-mine").mkdir()
        with sole_writer(tmp_path):
            assert (tmp_path / WORK / "staging-mine").exists()
        assert (tmp_path / WORK / HOLDER).exists()


def test_what_killed_runs_left_is_cleared_away(tmp_path):
    fill(tmp_path, OLD | {f"{WORK}/staging-dead/x": "x", "states/.s.77.tmp": "half"})
    replace(tmp_path)
    assert content(tmp_path) == AFTER


def test_a_file_that_was_lost_while_the_folder_was_replaced_is_named(tmp_path):
    journal = {"staging": "staging-dead", "files": ["states/s"], "removed": []}
    fill(tmp_path, {f"{WORK}/{JOURNAL}": json.dumps(journal)})
    with pytest.raises(RunError, match="states/s was lost while the folder was replaced; make it again"):
        finish_replacement(tmp_path)
