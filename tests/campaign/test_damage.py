"""Damage that comes to files on disk: `validate` names every file that is not what was written."""

from __future__ import annotations

import random
import shutil

from adaptlabels.labels import DatasetFolder, InputError, validate_folder
from adaptlabels.labels.tables.checksums import CHECKSUMS

from .conftest import attempts


def files(folder):
    return sorted(file for file in folder.rglob("*") if file.is_file() and ".adaptlabels" not in file.parts)


def is_found(folder, name):
    """Whether the checks name the file, or the folder is refused for it."""
    try:
        problems = validate_folder(DatasetFolder(folder))
        return any(problem.file == name or name == CHECKSUMS for problem in problems)
    except InputError as error:
        return name in str(error) or (name.startswith("states/") and "it has no states/" in str(error))


def damaged(labelled, tmp_path, tally, damage, n):
    rng = random.Random(11)
    for _ in range(n):
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        copy = shutil.copytree(labelled / "out", tmp_path / "copy")
        file = rng.choice(files(copy))
        before = file.read_bytes()
        damage(file, rng)
        if file.exists() and file.read_bytes() == before:
            continue
        tally.tried += 1
        if is_found(copy, file.relative_to(copy).as_posix()):
            tally.found += 1
        else:
            tally.lost += 1
    assert tally.tried > 0
    assert tally.lost == 0


def test_a_flipped_bit(labelled, tmp_path, tally):
    def flip(file, rng):
        content = bytearray(file.read_bytes())
        place = rng.randrange(8 * len(content))
        content[place // 8] ^= 1 << place % 8
        file.write_bytes(content)

    damaged(labelled, tmp_path, tally, flip, attempts(400))


def test_a_file_cut_short(labelled, tmp_path, tally):
    def cut(file, rng):
        content = file.read_bytes()
        file.write_bytes(content[: rng.randrange(len(content))])

    damaged(labelled, tmp_path, tally, cut, attempts(200))


def test_a_file_that_is_gone(labelled, tmp_path, tally):
    damaged(labelled, tmp_path, tally, lambda file, rng: file.unlink(), attempts(50))


def test_a_file_with_the_content_of_another(labelled, tmp_path, tally):
    def swap(file, rng):
        shutil.copy(rng.choice(files(tmp_path / "copy")), file.with_name("swapped"))
        file.with_name("swapped").replace(file)

    damaged(labelled, tmp_path, tally, swap, attempts(100))
