"""The list of checksums: what `sha256sum` reads, and what it finds."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from adaptlabels.labels import TableError
from adaptlabels.labels.tables.checksums import CARD_DIFFERS, CHECKSUMS, differing, read_checksums, write_checksums


@pytest.fixture
def folder(tmp_path):
    for name, content in {"README.md": "card", "data/a b/é.parquet": "rows", ".adaptlabels/lock": ""}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    write_checksums(tmp_path)
    return tmp_path


def test_the_list_holds_every_file_of_ours_but_itself(folder):
    (folder / "notes.txt").write_text("mine")
    write_checksums(folder)
    assert list(read_checksums(folder)) == ["README.md", "data/a b/é.parquet"]
    assert differing(folder) == {}


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_sha256sum_reads_it(folder):
    done = subprocess.run(["sha256sum", "--check", "--strict", CHECKSUMS], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0


def test_changed_missing_and_new_files_are_named(folder):
    (folder / "README.md").write_text("cart")
    (folder / "data/a b/é.parquet").unlink()
    (folder / "assets").mkdir()
    (folder / "assets" / "new.png").write_text("")
    assert differing(folder) == {
        "README.md": CARD_DIFFERS,
        "data/a b/é.parquet": "is missing",
        "assets/new.png": "is not in SHA256SUMS",
    }


def test_files_that_stay_beside_staged_ones_are_listed_too(folder, tmp_path_factory):
    staging = tmp_path_factory.mktemp("staging")
    (staging / "README.md").write_text("new card")
    write_checksums(staging, base=folder, gone={"data/a b/é.parquet"})
    (folder / "CHANGELOG.md").write_text("1.0.0")
    write_checksums(staging, base=folder, gone={"data/a b/é.parquet"})
    shutil.copytree(staging, folder, dirs_exist_ok=True)
    (folder / "data/a b/é.parquet").unlink()
    assert list(read_checksums(folder)) == ["CHANGELOG.md", "README.md"]
    assert differing(folder) == {}


@pytest.mark.parametrize("text", ["abc  README.md\n", "README.md\n", "\n"])
def test_a_broken_list_is_refused_with_its_line(folder, text):
    (folder / CHECKSUMS).write_text(text)
    with pytest.raises(TableError, match="line 1: expected a SHA-256"):
        differing(folder)


def test_a_missing_list_says_what_writes_it(folder):
    (folder / CHECKSUMS).unlink()
    with pytest.raises(TableError, match="`adaptlabels card` writes it"):
        differing(folder)
