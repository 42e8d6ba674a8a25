# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# pip only fetches uv, which installs the rest in a fraction of the time. pip's hints about its own version, and about
# package sources that a machine is set up with, are no use to whoever reads this; its errors still show.
FETCH_UV := -m pip install -qq --disable-pip-version-check uv
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable

.PHONY: demo test test-lowest check format miniatures clean

demo: $(VENV)/.package
	$(BIN)/adaptlabels demo

test: check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(VENV)/.dev .types/adaptlabels
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy -p adaptlabels.labels -p adaptlabels.builders -p adaptlabels.cards -p adaptlabels.scripts

# The same tests with the oldest versions that pyproject.toml allows. These may warn of newer libraries below them, and
# old versions of Ray leave files to the garbage collector.
test-lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python $(FETCH_UV)
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --editable '.[test]'
	.venv-lowest/bin/python -m pytest -n 2 --dist loadgroup -W ignore::DeprecationWarning \
		-W ignore::ResourceWarning

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

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

# Type checkers do not know setuptools' folder mapping; a link shows them the package as it installs.
.types/adaptlabels:
	mkdir -p .types
	ln -sfn .. .types/adaptlabels

clean:
	rm -rf $(VENV) .venv-lowest .types build *.egg-info .pytest_cache .mypy_cache .ruff_cache
