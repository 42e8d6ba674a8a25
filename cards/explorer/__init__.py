"""The explorer: one HTML file that shows what a dataset folder's labels say, and the samples behind every number.

`contents` gathers what the page shows, `blocks` packs it, `page` joins it with the HTML, CSS and JavaScript of `web/`.
"""

from __future__ import annotations

from .page import PAGE, render_explorer, write_explorer

__all__ = ["PAGE", "render_explorer", "write_explorer"]
