from __future__ import annotations

import json

import polars as pl
from adaptlabels.builders.building.store import Part, Store

PART = Part("family", "state", 3)
FRAME = pl.DataFrame({"a": [1, 2], "b": [[0.5], None]})


def test_a_part_comes_back_as_it_was_put(tmp_path):
    store = Store(tmp_path)
    assert store.get(PART, "f") is None
    store.put(PART, "f", FRAME)
    found = store.get(PART, "f")
    assert found is not None
    assert found.equals(FRAME)
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_part_of_other_settings_counts_as_absent(tmp_path):
    store = Store(tmp_path)
    store.put(PART, "f", FRAME)
    assert store.get(PART, "g") is None
    assert store.get(Part("family", "state", 4), "f") is None


def test_any_changed_byte_is_found(tmp_path):
    store = Store(tmp_path)
    store.put(PART, "f", FRAME)
    (path,) = tmp_path.rglob("*.parquet")
    content = path.read_bytes()
    for place in range(0, len(content), 37):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert store.get(PART, "f") is None
    path.write_bytes(content[:-1])
    assert store.get(PART, "f") is None


def test_a_part_without_its_mark_or_with_a_broken_one_counts_as_absent(tmp_path):
    store = Store(tmp_path)
    store.put(PART, "f", FRAME)
    (mark,) = tmp_path.rglob("*.json")
    content = mark.read_text()
    for broken in ("", "{", "[]", json.dumps({"fingerprint": "f"})):
        mark.write_text(broken)
        assert store.get(PART, "f") is None
    mark.write_text(content)
    assert store.get(PART, "f") is not None
    mark.unlink()
    assert store.get(PART, "f") is None
