# The two commands of the README, and what CI runs beside them. Each target does its own set-up.

# The distribution's Python, where it is new enough: it is built with profile-guided optimization, which those that
# pyenv builds are not unless told so. Without it, python3 of the PATH.
DISTRIBUTIONS := /usr/bin/python3
PYTHON ?= $(shell $(DISTRIBUTIONS) -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null \
	&& echo $(DISTRIBUTIONS) || echo python3)
VENV ?= .venv
# Test processes; a file's tests stay together, since they share services and databases.
JOBS ?= 2
# In the order of tests/conftest.py: xdist's own would be by the number of tests, with the longest ones last.
SHARE := -n $(JOBS) --dist loadfile --no-loadscope-reorder
# Mutated messages that `make fuzz` tries, and sequences of entries that `make model` does.
FUZZ ?= 20000
MODEL ?= 1000
# How long `make soak` and `make soak-kill` take.
MINUTES ?= 10
# Messages that `make backup-trial` fills a register with.
SIZE ?= 200000
BIN := $(VENV)/bin
# What is never imported need not be compiled.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
NODE_CLIENT := tests/interop/node/node_modules/.package-lock.json

.PHONY: demo test test-server fuzz model chaos crashes catalogue-by-bus check codes clauses docs bench bench-stages \
	bench-signature bench-batches bench-overload bench-scaling soak soak-kill backup-trial bench-country clean
.DEFAULT_GOAL := demo

demo: $(VENV)/installed  ## the whole way of a message, on this machine
	$(BIN)/esutd-bus demo

test: $(VENV)/installed-dev $(if $(shell command -v npm),$(NODE_CLIENT))  ## the test suite, on the embedded PostgreSQL
	$(BIN)/python -m pytest $(SHARE) --junitxml=var/tests.xml $(ARGS)

test-server: $(VENV)/installed-dev  ## the test suite, on Debian's PostgreSQL
	tests/support/with-server-postgres $(BIN)/python -m pytest $(SHARE) $(ARGS)

fuzz: $(VENV)/installed-dev  ## mutated messages, in process and over HTTP; another seed: ARGS="--fuzz-seed other"
	$(BIN)/python -m pytest -q tests/unit/signature/test_fuzz.py tests/acceptance/attacks/test_fuzz_at_the_doors.py --fuzz $(FUZZ) $(ARGS)

model: $(VENV)/installed-dev  ## random entries beside the model of the orders; other ones each time
	$(BIN)/python -m pytest -q tests/integration/test_orders_hold.py --model $(MODEL) $(ARGS)

catalogue-by-bus: $(VENV)/installed-dev  ## every fixture inside of the bus's envelope (CI takes one of each code)
	$(BIN)/python -m pytest -q tests/acceptance/test_fixtures_by_the_bus.py --whole-catalogue $(ARGS)

check: $(VENV)/installed-dev  ## ruff, mypy, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

chaos: $(VENV)/installed-dev  ## three nodes under load, one of them killed at random times, for 5 minutes
	$(BIN)/python -m pytest -q tests/acceptance/test_chaos.py --chaos 300 $(ARGS)

crashes: $(VENV)/installed-dev  ## a node of the outbox dies at each of its points, and everything breaks that can
	$(BIN)/python -m pytest -q tests/integration/test_outbox_crashes.py tests/integration/test_outbox_liveness.py --every-crash $(ARGS)

codes: $(VENV)/installed  ## every answer code of the ministry: by which rule and fixture, or why not
	$(BIN)/python tools/code_table.py

clauses: $(VENV)/installed-dev  ## every clause, its behaviour, its tests (ARGS=--run: which are run)
	$(BIN)/python tools/clause_table.py $(ARGS)

docs: $(VENV)/installed  ## docs/operations, a page for each operation, examples played (ARGS=--check: are they so?)
	$(BIN)/python tools/operation_pages.py $(ARGS)

bench: $(VENV)/installed-dev  ## the whole job over HTTP, beside a straightforward service; needs wrk
	$(BIN)/python -m benchmarks.throughput $(ARGS)

bench-stages: $(VENV)/installed-dev  ## what a registration costs in each stage of its way
	$(BIN)/python -m benchmarks.stages

bench-signature: $(VENV)/installed-dev  ## verifying signatures beside signxml, xmlsec and BouncyCastle
	$(BIN)/python -m benchmarks.signature

bench-batches: $(VENV)/installed-dev  ## a batch of 500 contracts beside 500 single messages, and its neighbours
	$(BIN)/python -m benchmarks.batches

bench-overload: $(VENV)/installed-dev  ## four times as many messages as can be taken: what becomes of them, and afterwards
	$(BIN)/python -m benchmarks.overload $(ARGS)

bench-scaling: $(VENV)/installed-dev  ## 1, 2, 4 worker processes, two nodes; writes the tables of docs/scaling.md
	$(BIN)/python -m benchmarks.scaling $(ARGS)

soak: $(VENV)/installed-dev  ## full load for MINUTES: memory, connections, answers and rows
	$(BIN)/python -m benchmarks.soak --minutes $(MINUTES) $(ARGS)

soak-kill: $(VENV)/installed-dev  ## the same while a worker is killed every 20 seconds: nothing acknowledged is lost
	$(BIN)/python -m benchmarks.soak --minutes $(MINUTES) --kill-every 20 $(ARGS)

backup-trial: $(VENV)/installed-dev  ## dump, restore, base backup and archive at size: SIZE=200000
	$(BIN)/python -m benchmarks.backup_trial --size $(SIZE) $(ARGS)

bench-country: $(VENV)/installed-dev  ## 5.2 million employees: loading them, then the operations; needs wrk and 40 GB of disk
	$(BIN)/python -m benchmarks.country $(ARGS)

clean:
	rm -rf $(VENV) build dist var

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python requirements/main.txt pyproject.toml
	$(PIP) --require-hashes -r requirements/main.txt
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

# The node client of the interop tests; without npm they say that they are skipped.
$(NODE_CLIENT): tests/interop/node/package.json
	npm install --prefix tests/interop/node --no-package-lock --no-audit --no-fund --silent

$(VENV)/installed-dev: $(VENV)/installed requirements/dev.txt
	$(PIP) --require-hashes -r requirements/dev.txt
	touch $@
