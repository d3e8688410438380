# make run | test | bench | lint | clean. Everything is installed into .venv and nowhere else, except that
# `make test` as root on Debian also installs the servers that the tests talk to.

PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
ARGS ?=

.PHONY: help run test peers bench lint clean
.DELETE_ON_ERROR:

help:
	@echo "make run     start the demonstration; open the address that it prints"
	@echo "make test    run all tests; as root on Debian the servers they talk to are installed first"
	@echo "make bench   measure; figures come with the machine they were measured on"
	@echo "make lint    ruff and mypy"
	@echo "make clean   remove .venv"
	@echo "Another Python: make run PYTHON=python3.12   More arguments: make test ARGS='-k imap'"

run: $(VENV)/.run
	@$(PY) app.py demo $(ARGS)

test: $(VENV)/.test peers
	$(PY) -m pytest $(ARGS)

peers: $(VENV)/.test
	@$(PY) tests/peers/install.py

bench: $(VENV)/.test
	@set -e; for file in tests/bench/bench_*.py; do \
	  if [ -f "$$file" ]; then echo "== $$file"; $(PY) "$$file" $(ARGS); else echo "no tests/bench/bench_*.py here"; fi; \
	done

lint: $(VENV)/.test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

clean:
	rm -rf "$(VENV)"

# The stamps say which requirements are installed: a second run finds them newer than the lists and starts at once.
$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "Frontview needs Python 3.11 or newer, and there is no '$(PYTHON)' here."; \
	  echo "Install it, or name yours: make run PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Frontview needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
	  echo "Install a newer one beside it and name it: make run PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv "$(VENV)"
	@touch $@

$(VENV)/.run: requirements.txt $(VENV)/.made
	@echo "installing requirements.txt (once)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.test: tests/requirements.txt $(VENV)/.run
	@echo "installing tests/requirements.txt (once)"
	@$(PIP) -r tests/requirements.txt
	@touch $@
