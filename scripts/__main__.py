"""`python -m adaptlabels.scripts` is `adaptlabels`."""

from .cli import main

if __name__ == "__main__":
    main()
