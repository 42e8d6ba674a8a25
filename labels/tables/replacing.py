"""One writer at a time, and a dataset folder that is the old or the new one, never a mixture.

A run writes into a staging folder of its own, then records in a journal what goes where, then moves it. Before the
journal is there the old folder counts, and afterwards the new one: whoever opens the folder next finishes the moves of
a run that was killed between two of them.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import tempfile
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from ..errors import InputError, RunError, cannot_be_written
from .checksums import write_checksums

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WORK = ".adaptlabels"
"""Folder inside a dataset folder that holds unfinished work; it is never published."""
LOCK, HOLDER, JOURNAL = "lock", "holder.json", "journal.json"
STAGING = "staging-"
"""Prefix of the folders in which runs write; the rest of the name is random."""
TEMPORARY = "**/.*.tmp"
"""Files that a killed run left half-written."""


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Keep other runs from writing a dataset folder, and clear away what a killed run left there.

    The same process may enter it again.

    Args:
        path: The dataset folder; it is made.

    Raises:
        InputError: Another run is writing it, or it may not be written.
        RunError: A replacement that was interrupted cannot be finished, or the disk is full.
    """
    try:
        with _locked(path):
            yield
    except OSError as error:
        raise cannot_be_written(path, error) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    work = path / WORK
    work.mkdir(parents=True, exist_ok=True)
    lock = FileLock(work / LOCK, is_singleton=True)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise InputError(
            f"{path}: {_holder(work)} is writing it; wait until that is done, or choose another folder"
        ) from error
    try:
        if lock.lock_counter == 1:
            _note_holder(work)
            _finish_moves(path)
            _sweep(path)
        yield
    finally:
        if lock.lock_counter == 1:
            (work / HOLDER).unlink(missing_ok=True)
            _leave_nothing(path)
        lock.release()


@contextmanager
def staging_folder(path: Path) -> Iterator[Path]:
    """An empty folder of this run's own, inside a dataset folder that it is the sole writer of; it is removed."""
    staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=path / WORK))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def update_folder(path: Path) -> Iterator[Path]:
    """A staging folder whose files, when the block ends well, replace those of a dataset folder, all or none.

    The list of checksums is made anew with them.

    Raises:
        InputError: Another run is writing the folder, or it may not be written.
        RunError: The disk is full.
    """
    with sole_writer(path), staging_folder(path) as staging:
        yield staging
        write_checksums(staging, base=path)
        replace_folder(staging, path)


def replace_folder(staging: Path, path: Path, *, stale: Sequence[str] = ()) -> None:
    """Put the files of a staging folder in place of those of a dataset folder, all or none.

    Args:
        staging: A folder of `staging_folder`, whose files are flushed to disk.
        path: The dataset folder.
        stale: Patterns of files that go unless the staging folder has them.

    Raises:
        OSError: A file cannot be moved; opening the folder again finishes what was begun.
    """
    files = sorted(file.relative_to(staging).as_posix() for file in staging.rglob("*") if file.is_file())
    old = files_like(path, stale)
    for folder in {staging, *(staging / file for file in files)}:
        _flush(folder if folder.is_dir() else folder.parent)
    journal = {"staging": staging.name, "files": files, "removed": sorted(old - set(files))}
    temporary = path / WORK / f".{JOURNAL}.tmp"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(journal, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path / WORK / JOURNAL)
    _flush(path / WORK)
    _finish_moves(path)


def files_like(path: Path, patterns: Sequence[str]) -> set[str]:
    """Files of a folder that fit some patterns, relative to it."""
    return {file.relative_to(path).as_posix() for pattern in patterns for file in path.glob(pattern)}


def finish_replacement(path: Path) -> None:
    """Finish what a killed run began, before a dataset folder is read.

    Raises:
        InputError: A run is replacing the folder right now.
        RunError: It cannot be finished.
    """
    if (path / WORK / JOURNAL).exists():
        with sole_writer(path):
            pass


def _finish_moves(path: Path) -> None:
    journal = path / WORK / JOURNAL
    try:
        plan: dict[str, Any] = json.loads(journal.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    staging = path / WORK / plan["staging"]
    for name in plan["files"]:
        source, target = staging / name, path / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
        elif not target.exists():
            raise RunError(f"{path}: {name} was lost while the folder was replaced; make it again")
    for name in plan["removed"]:
        (path / name).unlink(missing_ok=True)
    for folder in {(path / name).parent for name in (*plan["files"], *plan["removed"])}:
        if folder.is_dir():
            _flush(folder)
    journal.unlink()
    shutil.rmtree(staging, ignore_errors=True)


def _sweep(path: Path) -> None:
    """Remove what killed runs left; nobody else is writing."""
    for staging in (path / WORK).glob(f"{STAGING}*"):
        shutil.rmtree(staging, ignore_errors=True)
    for temporary in path.glob(TEMPORARY):
        temporary.unlink(missing_ok=True)


def _leave_nothing(path: Path) -> None:
    """Remove the work folder where nothing is left to do, and the dataset folder where nothing was written."""
    work = path / WORK
    if [file.name for file in work.iterdir()] == [LOCK]:
        (work / LOCK).unlink()  # whoever waits for it notices that it is gone, and makes another (filelock)
        work.rmdir()
        if not any(path.iterdir()):
            path.rmdir()


def _note_holder(work: Path) -> None:
    program = Path(sys.argv[0]).name
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    note = {"program": program, "process": os.getpid(), "machine": socket.gethostname(), "since": since}
    (work / HOLDER).write_text(json.dumps(note), encoding="utf-8")


def _holder(work: Path) -> str:
    """Who holds the lock, as far as it can be told."""
    try:
        note = json.loads((work / HOLDER).read_text(encoding="utf-8"))
        return f"process {note['process']} on {note['machine']} ({note['program']}, since {note['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _flush(folder: Path) -> None:
    """Make the names in a folder last, where the system allows it."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
