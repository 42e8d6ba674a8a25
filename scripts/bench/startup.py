"""What small commands cost: CPU time beyond a bare interpreter's, beside two other programs of the field.

    python scripts/bench/startup.py FOLDER

FOLDER is a dataset folder, such as adaptlabels-demo/digits. Every command runs `--rounds` times in turn; the least
counts, as everything that a machine does beside it only adds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PUBLISHED = "state,cost,accuracy\nB0,0.39,0.771\nB1,0.70,0.791\nB2,1.0,0.801\nB3,1.8,0.816\nB4,4.2,0.829\n"
"""Five states, as published (multiply-adds counted once, 10^9)."""


def cpu_seconds(command: list[str]) -> float:
    """CPU time of a process and of all that it started; its output is not shown."""
    before = os.times()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    programs = Path(sys.executable).parent
    adaptlabels = str(programs / "adaptlabels")
    with tempfile.TemporaryDirectory() as work:
        five = Path(work) / "five.csv"
        five.write_text(PUBLISHED)
        commands = {
            "a bare interpreter": [sys.executable, "-c", "pass"],
            "adaptlabels --help": [adaptlabels, "--help"],
            "adaptlabels bunds (mistyped)": [adaptlabels, "bunds"],
            "adaptlabels bounds missing.csv": [adaptlabels, "bounds", str(Path(work) / "missing.csv")],
            "adaptlabels bounds five.csv": [adaptlabels, "bounds", str(five)],
            f"adaptlabels validate {options.folder.name}": [adaptlabels, "validate", str(options.folder)],
            "adaptlabels families": [adaptlabels, "families"],
            "hf --help": [str(programs / "hf"), "--help"],
            "lm_eval --help": [str(programs / "lm_eval"), "--help"],
        }
        least = dict.fromkeys(commands, float("inf"))
        for _ in range(options.rounds):
            for name, command in commands.items():
                least[name] = min(least[name], cpu_seconds(command))
    bare = least.pop("a bare interpreter")
    print("| command | CPU seconds beyond a bare interpreter's |\n| --- | --- |")
    for name, seconds in least.items():
        print(f"| `{name}` | {seconds - bare:.2f} |")


if __name__ == "__main__":
    main()
