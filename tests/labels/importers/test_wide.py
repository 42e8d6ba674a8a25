from __future__ import annotations

import polars as pl
import pytest
from adaptlabels.labels import ImportOptions, InputError, TableError, label_results, read_results
from adaptlabels.labels.importers.table import read_long_table
from adaptlabels.labels.importers.wide import read_wide_table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STATES = ("org/a:1", "b é", "c", "d")
KEYS = ["sample_id", "state"]
COSTS = pl.DataFrame({"state": STATES, "cost": [1.0, 2.0, 3.0, 4.0]})


@st.composite
def matrices(draw):
    """Who is right (n_samples, n_states), with what confidence, at what cost; some cells empty."""
    n_samples, n_states = draw(st.integers(1, 6)), draw(st.integers(2, 4))
    cell = st.tuples(st.booleans(), st.floats(0, 1, width=32), st.floats(0.125, 8, width=32), st.integers(0, 9))
    return [[draw(cell) for _ in range(n_states)] for _ in range(n_samples)]


def long_rows(cells):
    return pl.DataFrame(
        [
            {"sample_id": f"{x:02d}", "state": STATES[i], "correct": right, "confidence": sure, "cost": cost}
            for x, row in enumerate(cells)
            for i, (right, sure, cost, empty) in enumerate(row)
            if empty
        ],
        schema={"sample_id": pl.String, "state": pl.String, "correct": pl.Boolean, "confidence": pl.Float64,
                "cost": pl.Float64},
    )  # fmt: skip


def wide_rows(cells):
    columns = {"sample_id": [f"{x:02d}" for x in range(len(cells))]}
    for i, name in enumerate(STATES[: len(cells[0])]):
        there = [row[i] if row[i][3] else (None, None, None, 0) for row in cells]
        columns[name] = [cell[0] for cell in there]
        columns[f"{name}|confidence"] = [cell[1] for cell in there]
        columns[f"{name}|cost"] = [cell[2] for cell in there]
    kinds = dict.fromkeys(STATES[: len(cells[0])], pl.Boolean)
    return pl.DataFrame(columns, schema_overrides=kinds, infer_schema_length=None)


def same(one, two):
    keys = one.rows.sort(KEYS), two.rows.sort(KEYS)
    return keys[0].select(sorted(keys[0].columns)).equals(keys[1].select(sorted(keys[1].columns)))


@given(matrices().filter(lambda cells: len(long_rows(cells)) > 0), st.randoms())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
def test_wide_is_long_csv_is_parquet_and_order_is_of_no_consequence(tmp_path, cells, random):
    long, wide = long_rows(cells), wide_rows(cells)
    shuffled = [*wide.columns]
    random.shuffle(shuffled)
    long.write_csv(tmp_path / "long.csv")
    long.sample(fraction=1, shuffle=True, seed=1).select(reversed(long.columns)).write_parquet(
        tmp_path / "long.parquet"
    )
    wide.write_csv(tmp_path / "wide.csv")
    wide.select(shuffled).sample(fraction=1, shuffle=True, seed=2).write_parquet(tmp_path / "wide.parquet")
    expected = read_long_table(tmp_path / "long.csv")
    assert same(expected, read_long_table(tmp_path / "long.parquet"))
    assert same(expected, read_wide_table(tmp_path / "wide.csv"))
    assert same(expected, read_wide_table(tmp_path / "wide.parquet"))


def test_labels_of_a_wide_table_are_those_of_the_long_one(tmp_path):
    cells = [[(bool((x >> i) & 1), 0.5, 1.0 + i, 1) for i in range(3)] for x in range(8)]
    long_rows(cells).write_csv(tmp_path / "long.csv")
    wide_rows(cells).write_csv(tmp_path / "wide.csv")
    found = [label_results(read_results(tmp_path / f"{name}.csv"), family="f")[1][0] for name in ("long", "wide")]
    assert found[0].labels.equals(found[1].labels)
    assert found[0].states.equals(found[1].states)
    assert "target" not in found[0].labels.columns
    assert found[0].predictions["cost"].to_list() == [1.0, 2.0, 3.0] * 8


def test_a_target_makes_cells_answers(tmp_path):
    (tmp_path / "w.csv").write_text("sample_id,target,a,b\n1,cat,cat,dog\n2,dog,,dog\n")
    found = read_wide_table(tmp_path / "w.csv", ImportOptions(state_names=("a", "b")))
    assert found.class_names == ("cat", "dog")
    assert found.rows.sort(KEYS)["correct"].to_list() == [True, False, True]


def test_states_are_found_by_name_by_cost_or_by_right_and_wrong(tmp_path):
    (tmp_path / "w.csv").write_text("sample_id,prompt,a,a|cost,b,b|cost,c\n1,x,1,2,0,3,1\n")
    path = tmp_path / "w.csv"
    assert read_wide_table(path).state_names == ["a", "b"]
    assert read_wide_table(path, ImportOptions(state_names=("a", "c"))).state_names == ["a", "c"]
    assert "left out columns 'prompt', 'c'" in read_wide_table(path).notes[0]
    (tmp_path / "w.csv").write_text("sample_id,prompt,a,b,c\n1,x,True,False,7\n")
    assert read_wide_table(path).state_names == ["a", "b"]


def test_many_states_read_quickly_and_whole(tmp_path):
    names = [f"state {n}" for n in range(2_000)]
    wide = pl.DataFrame({"sample_id": ["x", "y"], **{name: [n % 2, 1] for n, name in enumerate(names)}})
    wide.write_csv(tmp_path / "wide.csv")
    found = read_wide_table(tmp_path / "wide.csv", ImportOptions(state_names=tuple(names)))
    assert len(found.rows) == 4_000
    assert found.rows["correct"].sum() == 3_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sample_id,a\n1,1\n", "fewer than two columns are states"),
        ("id,a,b\n1,1,0\n", "column 'sample_id' is missing"),
        ("sample_id,a,b\n1,1,0\n1,1,0\n", "line 3: sample '1' comes more than once"),
        ("sample_id,a,b\n1,1,0\n2,0.4,0\n", "line 3: a state's column holds scores"),
    ],
)
def test_wide_tables_that_cannot_be_used_are_refused(tmp_path, text, message):
    (tmp_path / "w.csv").write_text(text)
    with pytest.raises(TableError, match=message):
        read_wide_table(tmp_path / "w.csv")


def test_costs_are_needed_from_somewhere(tmp_path):
    (tmp_path / "w.csv").write_text("sample_id,a,b\n1,1,0\n")
    with pytest.raises(InputError, match="no costs; give a table of state,cost with `states`"):
        label_results(read_results(tmp_path / "w.csv"))
