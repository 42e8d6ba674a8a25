"""A folder for what does not fit in memory; it goes with the last object that holds it, or with the process."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path


class TemporaryFolder:
    """A folder of its own, below the one that `TMPDIR` names."""

    def __init__(self) -> None:
        """Make it."""
        self.path = Path(tempfile.mkdtemp(prefix="adaptlabels-"))
        """The folder."""
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
