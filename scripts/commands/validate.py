"""`adaptlabels validate`: does a dataset folder hold what it claims, in the form that the Hub's viewer takes?"""

from __future__ import annotations

from .. import console
from ..options import JsonOption, WhereArgument


def command(where: WhereArgument, json: JsonOption = False) -> None:
    """Check a dataset folder.

    Every table by itself, the tables against each other, and what the Hub's viewer requires.
    """
    run(where, as_json=json)


def run(where: str, *, as_json: bool) -> None:
    """Print the checks that failed; exit with status 1 if there are any.

    Raises:
        InputError: There is no dataset folder.
        ChecksError: A check failed.
    """
    from dataclasses import asdict

    from ...cards import check_viewer
    from ...labels import ChecksError, open_folder, validate_folder
    from ...labels.report.validation import not_comparable

    folder = open_folder(where)
    problems = validate_folder(folder) or check_viewer(folder)
    note = None if problems else not_comparable(folder)
    if as_json:
        found = [asdict(problem) for problem in problems]
        console.print_json({"folder": where, "ok": not problems, "problems": found, "notes": [note] if note else []})
    else:
        for problem in problems:
            console.out.print(str(problem), markup=False)
        if not problems:
            console.out.print(f"{where}: all checks passed ({', '.join(folder.families)})", markup=False)
        if note:
            console.out.print(f"note: {note}", markup=False)
    if problems:
        raise ChecksError(f"{where}: {len(problems)} check(s) failed")
