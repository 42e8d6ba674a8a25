# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# pip only fetches uv, which installs the rest in a fraction of the time. pip's hints about its own version, and about
# package sources that a machine is set up with, are no use to whoever reads this; its errors still show.
FETCH_UV := -m pip install -qq --disable-pip-version-check uv
INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt --editable

# Many container images switch bytecode off. Every process would then compile again what it imports.
unexport PYTHONDONTWRITEBYTECODE

# mkdocs-material advertises its successor otherwise.
export NO_MKDOCS_2_WARNING := 1

.PHONY: demo test test-lowest campaign check counts docs format miniatures clean

demo: $(VENV)/.package
	$(BIN)/adaptlabels demo

test: check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(VENV)/.dev .types/complete
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy -p adaptlabels.labels -p adaptlabels.builders -p adaptlabels.cards -p adaptlabels.scripts
	$(BIN)/mkdocs build --strict --quiet

# The site, in site/; the page of the command line is written from the program.
docs: $(VENV)/.dev .types/complete
	$(BIN)/python -m typer adaptlabels.scripts.cli utils docs --name adaptlabels --title 'Command line' --output docs/cli.md
	$(BIN)/mkdocs build --strict --quiet

# The same tests with the oldest versions that pyproject.toml allows. These may warn of newer libraries below them, and
# old versions of Ray leave files to the garbage collector.
test-lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python $(FETCH_UV)
	.venv-lowest/bin/uv pip install --quiet --compile-bytecode --python .venv-lowest/bin/python --resolution lowest-direct --editable '.[test]'
	.venv-lowest/bin/python -m pytest -n 2 --dist loadgroup -W ignore::DeprecationWarning \
		-W ignore::ResourceWarning

# Accidents, all of them: kills, damage, races, full disks, broken inputs. docs/reliability.md has the figures.
campaign: $(VENV)/.dev
	ADAPTLABELS_CAMPAIGN=1 $(BIN)/python -m pytest -n 0 tests/campaign

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Counts the families that ship again, after a change of a table or with other versions of the libraries.
counts: $(VENV)/.package
	$(BIN)/python scripts/count_families.py

# Trains the weights that ship again; figures of the documentation may then change.
miniatures: $(VENV)/.package
	$(BIN)/python scripts/train_miniatures.py

# What a user needs, and what contributors need beside it.
$(VENV)/.package: pyproject.toml constraints.txt | $(BIN)/uv
	$(INSTALL) .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/uv
	$(INSTALL) '.[dev]'
	touch $@ $(VENV)/.package

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(FETCH_UV)

# Type checkers and mkdocstrings do not know setuptools' folder mapping; links show them the package as it installs.
.types/complete:
	rm -rf .types
	mkdir -p .types/adaptlabels
	for folder in builders cards labels scripts; do ln -s ../../$$folder .types/adaptlabels/$$folder; done
	touch $@

clean:
	rm -rf $(VENV) .venv-lowest .types build site *.egg-info .pytest_cache .mypy_cache .ruff_cache
