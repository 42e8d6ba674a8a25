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

import pyarrow.parquet
from adaptlabels.scripts.cli import main

TABLES = ("data", "predictions", "states", "bounds")


def table_of(path: Path) -> str:
    """`data/<family>/<split>.parquet`, wherever the folder is while it is written."""
    start = max(place for place, part in enumerate(path.parts) if part in TABLES)
    return "/".join(path.parts[start:])


def run(arguments: list[str]) -> Counter[str]:
    opened: Counter[str] = Counter()
    original = pyarrow.parquet.ParquetFile.__init__

    def counting(self, source, *others, **named):
        if isinstance(source, Path | str):
            opened[table_of(Path(source))] += 1
        original(self, source, *others, **named)

    pyarrow.parquet.ParquetFile.__init__ = counting
    sys.argv = ["adaptlabels", *arguments]
    try:
        with redirect_stdout(io.StringIO()):
            main()
    except SystemExit as stopped:
        if stopped.code:
            raise
    finally:
        pyarrow.parquet.ParquetFile.__init__ = original
    return opened


if __name__ == "__main__":
    print(json.dumps({command.split()[0]: run(shlex.split(command)) for command in sys.argv[1:]}))
