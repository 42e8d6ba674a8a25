from __future__ import annotations

import gzip

import polars as pl
import pytest
from adaptlabels.labels import InputError, TableError
from adaptlabels.labels.importers.files import open_table

PLAIN = "sample_id,state,target,prediction\n007,a,0,0\n007,b,0,1\n7,a,1,0\n7,b,1,1\n"
ROWS = pl.DataFrame(
    {"sample_id": ["007", "007", "7", "7"], "state": ["a", "b", "a", "b"], "target": [0, 0, 1, 1],
     "prediction": [0, 1, 0, 1]}
)  # fmt: skip


WRITTEN = {
    "plain.csv": PLAIN.encode(),
    "bom.csv": b"\xef\xbb\xbf" + PLAIN.encode(),
    "crlf.csv": PLAIN.replace("\n", "\r\n").encode(),
    "semicolons.csv": PLAIN.replace(",", ";").encode(),
    "tabs.csv": PLAIN.replace(",", "\t").encode(),
    "tabs.tsv": PLAIN.replace(",", "\t").encode(),
    "zipped.csv.gz": gzip.compress(PLAIN.encode()),
    "zipped.tsv.gz": gzip.compress(PLAIN.replace(",", "\t").encode()),
    "blanks.csv": PLAIN.replace(",", ", ").encode(),
    "empty_lines.csv": (PLAIN + "\n\n").encode(),
    "no_last_newline.csv": PLAIN.rstrip().encode(),
    "quoted.csv": "\n".join(",".join(f'"{c}"' for c in line.split(",")) for line in PLAIN.split()).encode(),
    "index.csv": "\n".join(f"{n},{line}" if n else f",{line}" for n, line in enumerate(PLAIN.split())).encode(),
    "UPPER.CSV": PLAIN.encode(),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_table_reads_the_same_however_it_is_written_down(tmp_path, name):
    (tmp_path / name).write_bytes(WRITTEN[name])
    assert open_table(tmp_path / name).frame.equals(ROWS)


def test_json_lines_and_parquet_read_as_csv_does(tmp_path):
    ROWS.write_ndjson(tmp_path / "rows.jsonl")
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress((tmp_path / "rows.jsonl").read_bytes()))
    ROWS.with_columns(pl.col("state").cast(pl.Categorical)).write_parquet(tmp_path / "rows.parquet")
    ROWS.to_pandas().set_index("sample_id").reset_index().to_parquet(tmp_path / "pandas.parquet")
    for name in ("rows.jsonl", "rows.jsonl.gz", "rows.parquet", "pandas.parquet"):
        assert open_table(tmp_path / name).frame.equals(ROWS), name


def test_pandas_own_index_is_left_out(tmp_path):
    frame = ROWS.to_pandas()
    frame.index = [f"row {n}" for n in range(len(frame))]
    frame.to_parquet(tmp_path / "pandas.parquet")
    assert open_table(tmp_path / "pandas.parquet").frame.equals(ROWS)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "-2", "30"], [1, -2, 30]),
        (["1.5", "2", ".25", "1e-3", "NaN"], [1.5, 2.0, 0.25, 0.001, float("nan")]),
        (["01", "1", "2"], ["01", "1", "2"]),
        (["1", "many"], ["1", "many"]),
        (["1", ""], [1, None]),
        (["12345678901234567890", "1"], [12345678901234567890.0, 1.0]),
    ],
)
def test_columns_are_numbers_only_where_a_reader_would_call_them_so(tmp_path, texts, expected):
    (tmp_path / "t.csv").write_text("sample_id,value\n" + "".join(f"s,{text}\n" for text in texts))
    found = open_table(tmp_path / "t.csv").frame["value"]
    assert found.equals(pl.Series("value", expected), null_equal=True) or found.to_list() == expected


def test_semicolons_bring_decimal_commas(tmp_path):
    (tmp_path / "t.csv").write_text("state;cost;accuracy\na;1;0,7\nb;10;0,85\n")
    assert open_table(tmp_path / "t.csv").frame["accuracy"].to_list() == [0.7, 0.85]


def test_columns_get_other_names_and_nested_ones_are_left_out(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"id": 1, "ok": true, "log": {"a": 1}}\n{"id": "2", "ok": false, "log": []}\n')
    table = open_table(tmp_path / "t.jsonl", {"id": "sample_id", "ok": "correct"})
    assert table.frame.to_dict(as_series=False) == {"sample_id": ["1", "2"], "correct": [True, False]}


def test_lines_are_counted_over_empty_ones(tmp_path):
    (tmp_path / "t.csv").write_text("sample_id,state\n\n1,a\n\n2,b\n")
    table = open_table(tmp_path / "t.csv")
    assert [table.place(row) for row in range(2)] == ["line 3", "line 5"]


def damaged(content: bytes) -> bytes:
    """Gzip whose header is whole."""
    packed = gzip.compress(content)
    return packed[:10] + bytes(byte ^ 0xFF for byte in packed[10:])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.txt", b"a", r"expected a \.csv, \.tsv, \.jsonl"),
        ("t.csv", b"", "cannot be read"),
        ("t.csv", b"a,b\n", "the table has no rows"),
        ("t.csv", b"a,b\n\n,\n", "the table has no rows"),
        ("t.csv", b"a,a\n1,2\n\xff\xfe\n", "cannot be read"),
        ("t.csv.gz", b"not gzip", "cannot be read"),
        ("t.csv.gz", damaged(b"sample_id,state\n1,a\n"), "cannot be read"),
        ("t.jsonl.gz", damaged(b'{"sample_id": 1}\n'), "cannot be read"),
        ("t.parquet", b"nothing", "cannot be read"),
        ("t.jsonl", b'{"a": 1}\n{"a": \n', "line 2: invalid JSON"),
        ("t.jsonl", b"1\n", "line 1: expected a JSON object, found int"),
        ("t.jsonl", b"[" * 100_000, "invalid JSON"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        open_table(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_missing_files_and_columns_are_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        open_table(tmp_path / "none.csv")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match=r"no column 'id' to rename; it has 'a', 'b'"):
        open_table(tmp_path / "t.csv", {"id": "sample_id"})
