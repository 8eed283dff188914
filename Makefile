# Everything a fresh machine needs is Python 3.11 or newer with pip, and make. Each target sets itself up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# Override with `make PYTHON=/path/to/python`. The first of these that is new enough is taken.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	command -v $$name >/dev/null && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
JOBS ?= 2
DEMO ?=
CHAOS ?=
TESTS ?= tests

BIN := .venv/bin
STAMP := .venv/.stamp-dev
TRYTON_STAMP := .venv-tryton/.stamp
LOCALSTRIPE_STAMP := .venv-localstripe/.stamp
CODE := canonical mappings connectors sync crossdock
HARNESS := $(if $(wildcard bench/*.py),bench) tests requirements/audit.py
PIP := -m pip --disable-pip-version-check install --quiet --require-hashes
# Where pip looks is the machine's affair: for a place that holds nothing it warns once a package. All else is shown.
CALM := 2> >(grep --line-buffered -v "^WARNING: Location .* is ignored: " >&2)
COMPILE := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links

.PHONY: help demo test check bench worlds chaos fuzz lock audit clean

help: ## Show what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: $(STAMP) ## Run the whole story on simulators (DEMO="--catalog FILE" for your own products)
	@$(BIN)/crossdock demo $(DEMO)

test: check $(if $(wildcard requirements/tryton.lock),$(TRYTON_STAMP)) $(if $(wildcard requirements/localstripe.lock),$(LOCALSTRIPE_STAMP)) ## Run every check and every test (TESTS=path for some)
	$(BIN)/python -m pytest $(TESTS) -n $(JOBS) --dist loadgroup

check: $(STAMP) ## Lint, types, import directions, size limits, secrets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)
	$(BIN)/mypy $(HARNESS)
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.checks.house

bench: $(STAMP) ## Print the figures of speed and call counts
	@$(BIN)/python -m bench

worlds: $(STAMP) ## Live through ten thousand random worlds and print what was oversold, and why
	@$(BIN)/python -m tests.worlds --worlds 10000 --jobs $(JOBS)

chaos: $(STAMP) ## Kill and restart everything through 100,000 events; it must end as if nothing had (CHAOS="--seed 7")
	@$(BIN)/python -m tests.chaos --events 100000 --store both $(CHAOS)

fuzz: $(STAMP) ## Send what takes strangers' bytes some hundred thousand inputs that no one would think of
	@for target in signatures receiver files; do $(BIN)/python -m tests.fuzz $$target; done

lock: $(STAMP) ## Renew every lock file from pyproject.toml
	PATH="$(CURDIR)/$(BIN):$$PATH"; \
	$(COMPILE) --upgrade pyproject.toml --group dev -o requirements/dev.lock; \
	$(COMPILE) --upgrade pyproject.toml -c requirements/dev.lock -o requirements/runtime.lock; \
	$(COMPILE) --upgrade --group build -c requirements/dev.lock -o requirements/build.lock; \
	for source in $(wildcard requirements/*.in); do $(COMPILE) --upgrade $$source -o $${source%.in}.lock; done
	@if grep -nE '^(--|-i |-f )|https?://|file:' requirements/*.lock; then echo "a lock file names an index" >&2; exit 1; fi

audit: $(STAMP) ## Look the locked packages up among known vulnerabilities
	$(BIN)/python requirements/audit.py requirements/runtime.lock

clean: ## Remove what these targets made
	rm -rf .venv .venv-tryton .venv-localstripe .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache dist build

$(STAMP): requirements/build.lock requirements/dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; found none. Install it, or run: make PYTHON=/path/to/python" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Setting up .venv (once per change of the lock files)"
	@$(BIN)/python $(PIP) -r requirements/build.lock $(CALM)
	@$(BIN)/python $(PIP) --no-build-isolation -r requirements/dev.lock $(CALM)
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable . $(CALM)
	@touch $@

$(TRYTON_STAMP): requirements/tryton.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; found none. Install it, or run: make PYTHON=/path/to/python" >&2; exit 1; }
	@test -x .venv-tryton/bin/python || $(PYTHON) -m venv .venv-tryton
	@echo "Setting up .venv-tryton, the ERP the tests talk to"
	@.venv-tryton/bin/python $(PIP) -r requirements/tryton.lock $(CALM)
	@touch $@

$(LOCALSTRIPE_STAMP): requirements/localstripe.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; found none. Install it, or run: make PYTHON=/path/to/python" >&2; exit 1; }
	@test -x .venv-localstripe/bin/python || $(PYTHON) -m venv .venv-localstripe
	@echo "Setting up .venv-localstripe, the payment processor the tests talk to"
	@.venv-localstripe/bin/python $(PIP) -r requirements/localstripe.lock $(CALM)
	@touch $@
