"""Counts what the states of all families that ship cost, and keeps it with the package: `make counts`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from adaptlabels.builders.backbones import costs
from adaptlabels.builders.backbones.counting import count_cost
from adaptlabels.builders.backbones.families import shipped_families
from adaptlabels.builders.cache import versions

if TYPE_CHECKING:
    from adaptlabels.builders.backbones.families import Family


def main() -> None:
    """Write `builders/backbones/counts.json`: a line for each state, so that changes are read as such."""
    families = ",\n".join(_lines(family) for family in shipped_families().values())
    libraries = json.dumps(versions("timm", "torch", "transformers"))
    path = Path(costs.__file__).with_name(costs.COUNTS)
    path.write_text(f'{{"libraries": {libraries},\n"families": {{\n{families}\n}}}}\n', encoding="utf-8")


def _lines(family: Family) -> str:
    states = [f'"{state.name}": {json.dumps(asdict(count_cost(family, state)))}' for state in family.states]
    return f'"{family.name}": {{\n' + ",\n".join(states) + "\n}"


if __name__ == "__main__":
    main()
