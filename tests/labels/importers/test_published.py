from __future__ import annotations

import pytest
from adaptlabels.labels import TableError, read_published


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("state,cost,accuracy\na,1,0.7\nb,10,0.8\n", None),
        ("State,Cost,Accuracy\na,1,0.7\nb,10,0.8\n", None),
        ("state;cost;accuracy\na;1;0,7\nb;10;0,8\n", None),
        ("state,cost,accuracy\nb,10,0.8\na,1,0.7\n,,\n", None),
        ("model,gmacs,top1,notes\na,1,0.7,x\nb,10,0.8,y\n", {"model": "state", "gmacs": "cost", "top1": "accuracy"}),
    ],
)
def test_published_numbers_are_read_as_they_come(tmp_path, text, columns):
    (tmp_path / "p.csv").write_text(text)
    space = read_published(tmp_path / "p.csv", columns)["p"]
    assert (space.names, space.costs.tolist(), space.accuracies.tolist()) == (("a", "b"), [1, 10], [0.7, 0.8])


def test_other_names_of_columns_get_a_hint(tmp_path):
    (tmp_path / "p.csv").write_text("model,infer_gmacs,top1\na,1,70\n")
    with pytest.raises(TableError, match="Say with `columns` which is which, such as state=model"):
        read_published(tmp_path / "p.csv")
