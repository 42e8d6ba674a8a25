from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from adaptlabels.cards import write_card
from adaptlabels.cards.release.publishable import refusals
from adaptlabels.labels import ImportOptions, TableError, label_predictions, write_dataset

from ...labels.inputs import state_rows, write_inputs

COMMIT = "a" * 40
OPEN = {"weights": "pretrained", "source": "org/tiny", "revision": COMMIT}
CLOSED = {"weights": "api", "source": "openai/gpt-4-1106-preview", "revision": "2023-11-06"}


def states_of(*origins):
    return state_rows().with_columns(
        pl.Series(name, [origin[name] for origin in origins], dtype=pl.String) for name in OPEN
    )


def labelled(place, *origins):
    """A folder whose three states have these origins."""
    predictions, states = write_inputs(place, states=states_of(*origins))
    made = label_predictions(predictions, states, options=ImportOptions(cost_unit="usd"))
    return write_dataset(place / "out", replace(made.info, licence="mit"), made.families, card=write_card)


def test_closed_models_stand_beside_open_weights_and_may_be_published(tmp_path):
    folder = labelled(tmp_path, OPEN, OPEN, CLOSED)
    assert refusals(folder) == []
    card = (folder.path / "README.md").read_text()
    assert "(openai/gpt-4-1106-preview, 2023-11-06) |" in card
    assert f"[tiny](https://huggingface.co/org/tiny/tree/{COMMIT}) |" in card
    assert "Costs are usd per sample." in card
    assert "- Closed models, whose answers a provider may change or withdraw: huge." in card


def test_closed_models_need_a_name_and_a_version(tmp_path):
    folder = labelled(tmp_path, OPEN, CLOSED, {**CLOSED, "revision": None})
    (reason,) = refusals(folder)
    assert "state 'huge' of 'demo': it is a closed model without source and revision; give provider/model" in reason


def test_a_branch_is_no_commit(tmp_path):
    made = label_predictions(*write_inputs(tmp_path, states=states_of(OPEN, OPEN, OPEN)))
    states = made.families[0].states.with_columns(revision=pl.lit("main"))
    folder = write_dataset(
        tmp_path / "out", replace(made.info, licence="mit"), [replace(made.families[0], states=states)], card=write_card
    )
    reasons = refusals(folder)
    assert len(reasons) == 3
    assert (
        "revision 'main' is not a commit; give its 40 hex digits from https://huggingface.co/org/tiny/comm"
        in reasons[0]
    )


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ({**OPEN, "revision": "main"}, "state 'huge': revision 'main' is not a commit"),
        ({**OPEN, "revision": "a" * 39}, f"state 'huge': revision '{'a' * 39}' is not a commit"),
        ({**OPEN, "revision": "2023-11-06"}, "or weights 'api' for a closed model"),
        (
            {**CLOSED, "source": "gpt-4"},
            "state 'huge': source 'gpt-4' does not name a closed model; give provider/model",
        ),
    ],
)
def test_origins_that_cannot_be_looked_up_are_refused_when_labels_are_made(tmp_path, origin, words):
    with pytest.raises(TableError, match=words):
        label_predictions(*write_inputs(tmp_path, states=states_of(OPEN, OPEN, origin)))
