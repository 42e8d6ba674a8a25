# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test test-lowest check format clean

demo: $(INSTALLED)
	$(BIN)/adaptlabels demo

test: check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(INSTALLED) .types/adaptlabels
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p adaptlabels.labels -p adaptlabels.builders -p adaptlabels.cards -p adaptlabels.scripts

# The same tests with the oldest versions that pyproject.toml allows. These may warn of newer libraries below them, and
# old versions of Ray leave files to the garbage collector.
test-lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --editable '.[test]'
	.venv-lowest/bin/python -m pytest -n 2 --dist loadgroup -W ignore::DeprecationWarning \
		-W ignore::ResourceWarning

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(INSTALLED)

# Type checkers do not know setuptools' folder mapping; a link shows them the package as it installs.
.types/adaptlabels:
	mkdir -p .types
	ln -sfn .. .types/adaptlabels

clean:
	rm -rf $(VENV) .venv-lowest .types build *.egg-info .pytest_cache .mypy_cache .ruff_cache
