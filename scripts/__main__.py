"""`python -m adaptlabels.scripts` is `adaptlabels`."""

from .cli import main

main()
