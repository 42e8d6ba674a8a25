"""A disk that is full: one clear error, and the folder as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress

import pytest
from adaptlabels.labels import DatasetFolder, RunError, validate_folder

from .conftest import attempts
from .test_kills import COMMANDS, content


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = shutil.which("mount") and os.geteuid() == 0
    if (
        not mounted
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk(labelled, changed, small_disk, tally, command):
    out = shutil.copytree(labelled / "out", small_disk / "out")
    before = content(out)
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free
    for number in range(attempts(20)):
        filler.write_bytes(bytes(max(0, free - number * 16_384)))
        tally.tried += 1
        expected = pytest.raises(RunError, match="No space left") if number == 0 else suppress(RunError)
        with expected:  # anything else that is raised is a defect
            COMMANDS[command](changed, out)
        filler.unlink()
        assert validate_folder(DatasetFolder(out)) == []
        tally.found += 1
        if content(out) != before:
            return
