# The commands of this project; `make help` lists them. All set-up happens by itself, in .venv and var/.
PYTHON ?= python3
PROFILE ?= recorded
RECORDING ?=
Q ?=
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.installed
# The status of a command whose reader (| head) went away, which is no error here; any other status stays.
UNREAD = { status=$$?; [ $$status -eq 141 ] || exit $$status; }
# Bytecode lies beside the packages, not in the tree. Without any, each of the many short processes of the tests and of
# the live profile would compile a thousand modules anew, which takes longer than what it is started for.
export PYTHONPYCACHEPREFIX := $(abspath $(VENV))/pycache
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test stop clean lint bench sql status lock setup

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(READY) ## the Python environment alone

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { echo "python3-venv is needed: install it"; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check "$$(grep -oE '^uv==[0-9.]+' requirements.lock)"
	@echo "installing the locked packages (the first time some 5 GB, torch with its libraries)"
	@VIRTUAL_ENV=$(VENV) $(VENV)/bin/uv pip sync --require-hashes requirements.lock
	@touch $@

run: $(READY) ## everything, on real bars: history, first model, last bars as live, predictions
	@$(PY) -m local.main_job --profile $(PROFILE) $(if $(RECORDING),--recording "$(RECORDING)")

test: $(READY) ## every test, on the real components
	@$(PY) -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder

stop: $(READY) ## ends the local stack; leaves no process
	@$(PY) -m local.stack stop

clean: $(READY) ## ends the stack and removes its state
	@$(PY) -m local.stack clean

lint: $(READY) ## ruff, import rules, types; checks and changes nothing
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/mypy

bench: $(READY) ## every benchmark, a JSON line each
	@$(PY) -m benchmarks

sql: $(READY) ## Q="select ...": a read-only query, tab-separated, no header
	@$(PY) -m local.sql "$(Q)" || $(UNREAD)

status: $(READY) ## one line a component
	@$(PY) -m local.status || $(UNREAD)

lock: $(READY) ## requirements.lock anew from requirements.txt and requirements-dev.txt
	@$(VENV)/bin/uv pip compile --quiet requirements.txt requirements-dev.txt --output-file requirements.lock \
		--generate-hashes --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock"
