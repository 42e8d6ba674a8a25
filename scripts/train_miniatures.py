"""Train the miniatures again: `python scripts/train_miniatures.py [FOLDER]`, or `make miniatures`.

The weights that ship were made this way. Twenty models of at most 300,000 parameters take about three minutes on two
cores. Other machines and versions give slightly different weights, so the figures in the documentation may then change.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from adaptlabels.builders.backbones.weights import MINIATURES
from adaptlabels.builders.miniature.training import train_miniatures
from adaptlabels.scripts.console import TerminalProgress


def main() -> None:
    """Train into a folder; by default over the weights that ship."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=MINIATURES, help="where the weights go")
    train_miniatures(parser.parse_args().folder, TerminalProgress())


if __name__ == "__main__":
    main()
