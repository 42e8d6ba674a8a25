"""What goes into the page, without a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import zlib

import numpy as np
import pyarrow.parquet as pq
import pytest
from adaptlabels.cards.explorer import contents, write_explorer
from adaptlabels.cards.explorer.blocks import pack_array, safe_json
from adaptlabels.cards.explorer.contents import CONFIDENCE_LEVELS, _to_levels, gather
from adaptlabels.cards.explorer.page import render_explorer
from adaptlabels.labels import InputError, TableError
from adaptlabels.labels.tables.checksums import write_checksums
from adaptlabels.labels.tables.folder import DatasetFolder
from adaptlabels.scripts.cli import app
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from typer.testing import CliRunner

from .inputs import HOSTILE

pytestmark = pytest.mark.xdist_group("explorer")


@given(arrays(np.uint32, st.integers(0, 50)))
def test_a_packed_array_holds_its_bytes_place_by_place(values):
    planes = np.frombuffer(zlib.decompress(base64.b64decode(pack_array(values))), np.uint8).reshape(4, -1)
    assert (planes.astype(np.uint32) << (8 * np.arange(4, dtype=np.uint32)[:, None])).sum(
        axis=0
    ).tolist() == values.tolist()


@given(st.text())
def test_json_inside_the_page_cannot_end_its_element(text):
    packed = safe_json({text: text})
    assert "<" not in packed
    assert not {"\u2028", "\u2029"} & set(packed)
    assert json.loads(packed) == {text: text}


@given(st.floats(0, 1, width=32), st.integers(0, len(CONFIDENCE_LEVELS) - 1))
def test_a_confidence_reaches_the_same_levels_before_and_after_it_is_rounded_down(confidence, level):
    kept = int(_to_levels(np.array([confidence], dtype=np.float32))[0])
    assert (kept >= level) == (np.float32(confidence) >= np.float32(CONFIDENCE_LEVELS[level]))


def test_levels_are_thousandths_and_finer_near_certainty():
    assert [f"{level:g}" for level in CONFIDENCE_LEVELS[:3]] == ["0", "0.001", "0.002"]
    assert [f"{level:.5f}" for level in CONFIDENCE_LEVELS[-3:]] == ["0.99998", "0.99999", "1.00000"]


def test_the_policy_allows_the_page_s_own_script_and_style_alone(two_families):
    text = render_explorer(DatasetFolder(two_families))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text).group(1)
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag, closing in (('<script type="module">', "</script>"), ("<style>", "</style>")):
        content = text.split(tag, 1)[1].split(closing, 1)[0]
        assert base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() in policy
    assert re.search(r"(src|href)=\"(?!#|data:)", text) is None


def test_names_reach_the_file_as_data_only(hostile):
    text = render_explorer(DatasetFolder(hostile))
    assert not [name for name in HOSTILE[:2] if name in text]
    assert text.count("<img") == 0


def test_families_lie_side_by_side_in_one_order_of_samples(two_families):
    folder = DatasetFolder(two_families)
    found = gather(folder)
    assert found.states["family"].to_list() == ["cnn"] * 5 + ["vit"] * 3
    right = np.unpackbits(found.patterns[found.details.pattern], axis=1, bitorder="little")
    vit = dict(zip(folder.labels("vit")["sample_id"], folder.correct("vit").tolist(), strict=True))
    for name, bits in zip(found.details.sample_ids, right, strict=True):
        assert bits[5:8].astype(bool).tolist() == vit[name]


def test_families_of_other_samples_are_refused(two_families, tmp_path):
    broken = shutil.copytree(two_families, tmp_path / "broken")
    path = DatasetFolder(broken).labels_path("vit")
    pq.write_table(pq.read_table(path).slice(1), path)
    write_checksums(broken)
    with pytest.raises(TableError, match="'sample_id' has other samples than family 'cnn'"):
        gather(DatasetFolder(broken))


def test_large_folders_list_every_nth_sample_and_count_all(two_families, monkeypatch):
    whole = gather(DatasetFolder(two_families))
    monkeypatch.setattr(contents, "MOST_ANSWERS", whole.n_samples * 8 // 3)
    found = gather(DatasetFolder(two_families))
    assert found.step == 3
    assert found.details.sample_ids == whole.details.sample_ids[::3]
    assert found.counts.sum() == whole.n_samples


def test_a_page_of_no_folder_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such dataset folder"):
        write_explorer(tmp_path / "nowhere", tmp_path / "index.html")
    assert not (tmp_path / "index.html").exists()


def test_explore_writes_the_page_into_the_folder_or_where_it_is_told(two_families, tmp_path):
    out = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["explore", str(two_families), "--out", str(out), "--json"])
    assert json.loads(result.stdout) == {"page": str(out), "bytes": out.stat().st_size}
    result = CliRunner().invoke(app, ["explore", str(two_families), "--no-open"])
    assert result.stdout.strip() == str(two_families / "index.html")
    assert (two_families / "index.html").read_text() == out.read_text()
    (two_families / "index.html").unlink()
