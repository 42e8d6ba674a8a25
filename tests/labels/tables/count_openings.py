"""Run commands of the program in one process, and print how often each opened each table, as JSON.

python count_openings.py 'label predictions.csv out --states states.csv' 'validate out' …
"""

from __future__ import annotations

import io
import json
import shlex
import sys
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path

from adaptlabels.scripts.cli import main

TABLES = ("data", "predictions", "states", "bounds")
opened: Counter[str] = Counter()


def table_of(path: Path) -> str:
    """`data/<family>/<split>.parquet`, wherever the folder is while it is written."""
    start = max(place for place, part in enumerate(path.parts) if part in TABLES)
    return "/".join(path.parts[start:])


def count(event: str, arguments: tuple[object, ...]) -> None:
    """Every file that Python opens for reading is seen here; tables are opened in no other way."""
    if event == "open" and str(arguments[0]).endswith(".parquet") and arguments[1] == "r":
        opened[table_of(Path(str(arguments[0])))] += 1


def run(arguments: list[str]) -> dict[str, int]:
    opened.clear()
    sys.argv = ["adaptlabels", *arguments]
    try:
        with redirect_stdout(io.StringIO()):
            main()
    except SystemExit as stopped:
        if stopped.code:
            raise
    return dict(opened)


if __name__ == "__main__":
    sys.addaudithook(count)
    print(json.dumps({command.split()[0]: run(shlex.split(command)) for command in sys.argv[1:]}))
