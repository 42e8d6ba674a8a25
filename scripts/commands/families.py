"""`adaptlabels families`: the state spaces and what their states cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import console
from ..options import FamiliesFileOption, FamiliesOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ...builders.backbones.families import Backbone, Family


def command(
    families: FamiliesOption = None, families_file: FamiliesFileOption = None, json: JsonOption = False
) -> None:
    """List state spaces with their states and costs."""
    run(families_file, tuple(families or ()), as_json=json)


def run(file: Path | None, names: Sequence[str], *, as_json: bool) -> None:
    """Print every family with its states, counted costs and published accuracies."""
    from ...builders.backbones.families import known_families
    from ...builders.cache import cache_folder
    from ...labels.errors import InputError

    found = known_families(file)
    for name in names:
        if name not in found:
            raise InputError(f"--family {name!r}: no such family; there are {', '.join(found)}")
    if not any(cache_folder("costs").iterdir()):
        console.err.print("counting parameters and operations (kept for next time)", style="dim")
    families = [_describe(family) for name, family in found.items() if not names or name in names]
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
    from ...builders.backbones.costs import language_cost, vision_cost
    from ...builders.backbones.weights import local_folder

    # Not through the runners: importing their libraries takes seconds, and costs are mostly counted already.
    cost = (vision_cost if family.runner == "vision" else language_cost)(state, local_folder(state))
    return {
        "state": state.name,
        "parameters": cost.parameters,
        "gflops": cost.nominal_gflops(),
        "reference_accuracy": state.reference_accuracy,
        "source": state.source or "trained here",
    }
