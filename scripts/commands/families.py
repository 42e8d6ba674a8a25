"""`adaptlabels families`: the state spaces and what their states cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import console
from ..options import FamiliesFileOption, FamiliesOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ...builders import Backbone, Family


def command(
    families: FamiliesOption = None, families_file: FamiliesFileOption = None, json: JsonOption = False
) -> None:
    """List state spaces, their states and costs."""
    run(families_file, tuple(families or ()), as_json=json)


def run(file: Path | None, names: Sequence[str], *, as_json: bool) -> None:
    """Print every family with its states, counted costs and published accuracies."""
    from ...builders import find_families, known_families

    chosen = find_families(names or tuple(known_families(file)), file)
    families = [_describe(family) for family in chosen]
    if as_json:
        console.print_json({"families": families})
        return
    from ...builders.backbones.costs import NOMINAL_SEQUENCES, NOMINAL_TOKENS

    for family in families:
        rows = [
            (s["state"], s["parameters"], s["gflops"], s["reference_accuracy"], s["source"]) for s in family["states"]
        ]
        columns = ("state", "parameters", "GFLOPs", "published accuracy", "weights")
        console.print_table(f"\n{family['family']} – {family['title']}, on {family['dataset']}", columns, rows)
    console.out.print(
        f"\nGFLOPs: 2 per multiply-add, of one image, or of an item of {NOMINAL_SEQUENCES} sequences of"
        f" {NOMINAL_TOKENS} tokens; a build states the mean over its own items."
    )


def _describe(family: Family) -> dict[str, Any]:
    states = sorted((_describe_state(family, state) for state in family.states), key=lambda s: float(s["gflops"]))
    return {
        "family": family.name,
        "title": family.title or family.name,
        "runner": family.runner,
        "dataset": family.dataset,
        "states": states,
    }


def _describe_state(family: Family, state: Backbone) -> dict[str, Any]:
    from ...builders.backbones.costs import shipped_cost

    cost = shipped_cost(family, state)
    if cost is None:  # a user's own: counted, by libraries that take seconds to load
        from ...builders import state_cost

        cost = state_cost(family, state)
    return {
        "state": state.name,
        "parameters": cost.parameters,
        "gflops": cost.nominal_gflops(),
        "reference_accuracy": state.reference_accuracy,
        "source": state.source or "trained here",
    }
