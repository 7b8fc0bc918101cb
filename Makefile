# Verbs for people. `make run` and `make test` need Python >= 3.11, a C compiler and make; they create the rest here.
SHELL := /bin/sh
VENV  := .venv
TOOLS := .tools
PY    := $(VENV)/bin/python
UV    := $(TOOLS)/bin/uv
# what is compiled: Cython's sources, and the typed modules that mypyc takes
PYX   := $(shell find botcore -name '*.pyx' -o -name '*.pxd')
LANE  := $(shell sed 's|[.]|/|g; s|$$|.py|' botcore/compiled.txt)
ORACLES := tests/oracles/.venv
ARGS  ?=
SEEDS ?= 200

.PHONY: help install run test oracles drift lint type bench sim crash chatfuzz docs-check screenshots lock pure clean

help:            ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST)

install: $(VENV)/.built   ## environment from the lock, extensions compiled

run: $(VENV)/.built       ## start Condor; prints `ready <url>`
	@$(PY) -m condor run $(ARGS)

test: $(VENV)/.dev $(VENV)/.built   ## all tests; ARGS=PATH for some
ifeq ($(strip $(ARGS)),)
	$(PY) -m pytest -n auto --ignore tests/e2e --ignore tests/crash
	$(PY) -m pytest -n 2 --dist loadfile tests/e2e tests/crash
else
	$(PY) -m pytest $(ARGS)
endif

oracles: $(ORACLES)/.installed $(VENV)/.dev $(VENV)/.built   ## ccxt and Binance's SDKs live a whole order life against SimVenue
	$(PY) -m pytest -q tests/oracles $(ARGS)

drift: $(VENV)/.dev $(VENV)/.built   ## the forms of Telegram's answers against our local server's; CONDOR_DRIFT_TOKEN, CONDOR_DRIFT_CHAT: a bot for tests (needs the network)
	$(PY) -m tests.contract.drift

lint: $(VENV)/.dev $(VENV)/.built   ## ruff and the import contracts
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/lint-imports

type: $(VENV)/.dev $(VENV)/.built   ## mypy and stubtest
	$(PY) -m mypy
	$(PY) -m mypy.stubtest botcore.orders.tracker botcore.markets.order_book botcore.markets.depth_reader botcore.markets.book_scanner botcore.markets.rolling botcore.markets.indicators

bench: $(VENV)/.dev $(VENV)/.built  ## ratios against benchmarks/baseline.json
	$(PY) -m benchmarks $(ARGS)

sim: $(VENV)/.dev $(VENV)/.built    ## SEEDS=N seeds of the simulation over bytes; ARGS=--line: the cheap world without; LONG=1 for 10-60 simulated minutes each
	$(PY) -m tests.simulation --seeds $(SEEDS) $(if $(LONG),--long) $(ARGS)

crash: $(VENV)/.dev $(VENV)/.built  ## the process dies at every labelled point; ALL=1 for every pair of points; ROUNDS=N: N real processes are killed
	$(if $(ROUNDS),$(PY) -m tests.crash --rounds $(ROUNDS) $(ARGS),$(PY) -m tests.simulation.crash $(if $(ALL),--all) $(ARGS))

chatfuzz: $(VENV)/.dev $(VENV)/.built  ## RUNS=N random chat sessions: duplicates, reordered and late updates, old buttons, deaths at any write; ARGS="--start S --what orders"
	$(PY) -m tests.chatfuzz --runs $(or $(RUNS),1000) $(ARGS)

docs-check: $(VENV)/.dev $(VENV)/.built  ## links, commands and names in the documents are true
	$(PY) -m pytest -q tests/docs

screenshots: $(VENV)/.dev $(VENV)/.built  ## the main screens at a phone's width, dark and light, into docs/screens (needs chromium)
	$(PY) -m tests.screenshots

lock:            ## resolve pyproject.toml into the lock files (needs the network)
	$(MAKE) $(UV)
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra build -o requirements.lock
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra build --extra dev -c requirements.lock -o requirements-dev.lock
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header tests/oracles/requirements.in -o tests/oracles/requirements.lock

pure:            ## let the typed modules run as plain Python, for a debugger or a profiler; `make install` compiles them again
	rm -f botcore/lane__mypyc.*.so $(LANE:.py=.*.so) $(VENV)/.built

clean:           ## forget everything that the verbs created
	rm -rf $(VENV) $(TOOLS) $(ORACLES) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find botcore -name '*.so' -delete; find botcore -name '*.c' -delete

# ---- how the verbs get what they need -------------------------------------------------------------------------------
$(UV): requirements-tools.lock
	@python=$$(./.ci/find-python) || exit 1; "$$python" -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-tools.lock
	@touch $@

$(VENV)/.installed: $(UV) requirements.lock
	@test -x $(PY) || $(UV) venv -q --python $(TOOLS)/bin/python $(VENV)
	@$(UV) pip install -q --python $(PY) --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.installed requirements-dev.lock
	@$(UV) pip install -q --python $(PY) --require-hashes -r requirements-dev.lock
	@touch $@

$(ORACLES)/.installed: $(UV) tests/oracles/requirements.lock
	@test -x $(ORACLES)/bin/python || $(UV) venv -q --python $(TOOLS)/bin/python $(ORACLES)
	@$(UV) pip install -q --python $(ORACLES)/bin/python --require-hashes -r tests/oracles/requirements.lock
	@touch $@

$(VENV)/.built: $(VENV)/.installed pyproject.toml setup.py botcore/compiled.txt $(PYX) $(LANE)
	@$(UV) pip install -q --python $(PY) --no-deps --no-build-isolation --reinstall-package condor-bot-manager -e .
	@touch $@
