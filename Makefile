# The commands of a checkout. They need python3.11 or later with its venv module, make and git; everything else goes into
# .venv, exactly as requirements.lock says.

VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(or $(PYTHON),$(shell command -v python3.11 || command -v python3))
PLACE := $(shell pwd -P) $(shell $(PYTHON) --version 2>&1)
ARGS ?=

# A stamp carries what it was made from: no rebuild after a mere checkout, but one when the folder moved or Python changed.
mark = $(shell { echo '$(PLACE)'; cat $(1); } 2>/dev/null | sha256sum | cut -c1-16)
ENVIRONMENT := $(VENV)/.environment-$(call mark,requirements.lock)
PROJECT := $(VENV)/.project-$(call mark,requirements.lock pyproject.toml)
DOCS := $(VENV)/.docs-$(call mark,requirements.lock requirements-docs.lock)

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help run test lint bench docs test-faults lock migration clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

run: $(PROJECT) ## start everything on http://127.0.0.1:8000 (ARGS="--port 9000" is handed on; Ctrl-C ends it)
	@exec $(BIN)/gridloom run $(ARGS)

test: $(PROJECT) ## every test, in parallel, on a PostgreSQL of its own (TEST_DATABASE_URL names another)
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not faults" $(ARGS)

test-faults: $(PROJECT) ## the tests that kill servers
	@$(BIN)/python -m pytest -m faults $(ARGS)

lint: $(PROJECT) ## ruff, mypy and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(PROJECT) ## what performance is measured with, as ratios in one run
	@for script in $$(grep -l '__name__ == "__main__"' benchmarks/*.py); do echo "$$script"; $(BIN)/python $$script $(ARGS) || exit 1; done

docs: $(PROJECT) $(DOCS) ## the documentation site, into site/
	@$(BIN)/mkdocs build --strict --quiet
	@echo "The documentation is in site/index.html."

migration: $(PROJECT) ## write the migration from the newest version to the tables in the code: make migration m="what changes"
	@test -n "$(m)" || { echo 'Say what changes: make migration m="contacts get a language"'; exit 2; }
	@$(BIN)/python -m gridloom.kernel.database.revise "$(m)"

# The public index alone decides, so that no local mirror leaves its paths or its choice of files in the locks.
lock: ## pin every dependency again, with hashes (about four minutes)
	@echo "Resolving the dependencies of pyproject.toml ..."
	@test -x $(VENV)/tools/bin/pip-compile || { $(PYTHON) -m venv $(VENV)/tools && $(VENV)/tools/bin/python -m pip install --quiet "pip-tools==7.6.2"; }
	@$(COMPILE) --build-deps-for=editable --extra=dev --extra=otel --output-file=requirements.lock pyproject.toml
	@$(COMPILE) --extra=docs --constraint=requirements.lock --output-file=requirements-docs.lock pyproject.toml

COMPILE = env -u PIP_FIND_LINKS -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null CUSTOM_COMPILE_COMMAND="make lock" \
	$(VENV)/tools/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

clean: ## remove the environment and what tools left (the data in var/ stay)
	rm -rf $(VENV) site dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(ENVIRONMENT):
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gridloom needs Python 3.11 or later (found: $(or $(PYTHON),none)); name one with PYTHON=..."; exit 1; }
	@echo "Building the environment in $(VENV) from requirements.lock (once, one to two minutes) ..."
	@test "$$(cat $(VENV)/.place 2>/dev/null)" = '$(PLACE)' || rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (Debian: apt install python3-venv)."; exit 1; }
	@echo '$(PLACE)' > $(VENV)/.place
	@$(PIP) install --require-hashes --requirement requirements.lock
	@rm -f $(VENV)/.environment-* && touch $@

$(PROJECT): $(ENVIRONMENT)
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@rm -f $(VENV)/.project-* && touch $@

$(DOCS): $(ENVIRONMENT)
	@echo "Adding the tools of the documentation ..."
	@$(PIP) install --require-hashes --requirement requirements-docs.lock
	@rm -f $(VENV)/.docs-* && touch $@
