"""Options that several commands take, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Families = Annotated[
    Path | None,
    typer.Option("--families", metavar="FILE", help="TOML or YAML file with state spaces of your own."),
]
Family = Annotated[
    list[str] | None,
    typer.Option("--family", metavar="NAME", help="State space; give it again for another. All by default."),
]
Folder = Annotated[Path, typer.Argument(help="A dataset folder.", show_default=False)]
Where = Annotated[str, typer.Argument(help="A dataset folder, or hub:org/name[@version].", show_default=False)]
