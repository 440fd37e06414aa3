.PHONY: run test fuzz check bench soak leak clients pictures form package debug clean

VENV = .venv
BIN = $(VENV)/bin
# These tests wait more than they compute: four at a time on any machine, each file's in one process and in their
# order, the longest first. Those of relay/ and the checks only compute: beside them, where no worker has to import
# them, and only while nobody else has something to do, for a plugin that is starved is no plugin that is tested.
PURE = tests/relay
TOGETHER = -n 4 --dist loadfile --no-loadscope-reorder --ignore=$(PURE)

run: $(VENV)/ready  ## start the workspace in a box with the plugin in it
	$(BIN)/python -m workspace

# Compiled once, before all else: or each worker, and each plugin that a test starts, compiles all modules anew.
# Runs of five minutes wait and hardly compute, so they go on beside all others.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/ready  ## every check and every test
	@set -e; $(BIN)/ruff check .; $(BIN)/python -m pytest --collect-only -qq >/dev/null; \
	$(BIN)/python -m pytest -m long $$(grep -rl mark.long tests --include='test_*.py') & long=$$!; \
	nice -n 19 $(MAKE) --no-print-directory check & check=$$!; \
	nice -n 19 $(BIN)/python -m pytest $(PURE) & pure=$$!; \
	trap "kill $$long $$check $$pure 2>/dev/null || true" EXIT; \
	$(BIN)/python -m pytest $(TOGETHER) -m "not alone and not long"; \
	for job in $$check $$pure $$long; do wait $$job; done; trap - EXIT
	$(BIN)/python -m pytest -m alone $$(grep -rl mark.alone tests --include='test_*.py')

fuzz: SEED := $(strip $(shell od -An -N4 -tu4 /dev/urandom))
fuzz: $(VENV)/ready  ## the tests that make up their input, with 20 times as much of it and a random seed, or SEED=…
	@echo "make fuzz SEED=$(SEED)"
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=fuzz --hypothesis-seed=$(SEED)

check: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo --no-cache

debug: $(VENV)/ready  ## connect the plugin to the Dify that .env names, for remote debugging
	@[ -n "$$REMOTE_INSTALL_KEY" ] || grep -qs '^REMOTE_INSTALL_KEY=.' .env || \
	  { echo "Copy .env.example to .env and fill in REMOTE_INSTALL_URL and REMOTE_INSTALL_KEY first."; exit 1; }
	INSTALL_METHOD=remote $(BIN)/python -m main

bench: $(VENV)/ready  ## what an answer costs, beside the documentation's Duck; writes bench/results.md (17 minutes)
	$(BIN)/python -m bench

soak: $(VENV)/ready  ## thousands of answers in every runtime, and what of them is lost (6 minutes)
	$(BIN)/python -m bench.soak

leak: $(VENV)/ready  ## what 1,000 callers who hang up leave behind in the plugin (3 minutes)
	$(BIN)/python -m bench.leak

clients: $(VENV)/ready clients/node_modules/.package-lock.json  ## the published clients in node, as they are (1 minute)
	$(BIN)/python -m clients

pictures: $(VENV)/ready  ## the pictures of the README and the docs, by Chromium (1 minute; fonts for Japanese and Arabic)
	$(BIN)/python -m pictures

form: $(VENV)/ready  ## write group/duck.yaml from the settings and routes of the relay
	$(BIN)/python -m workspace.form

package: $(VENV)/ready  ## write the .difypkg to upload to Dify
	$(BIN)/python -m workspace.form --check
	$(BIN)/python -m workspace.package

clean:
	rm -rf clients/node_modules $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .workspace *.difypkg

# The SDK needs Python 3.12: with an older one pip silently installs an SDK that lacks half of what is used.
$(VENV)/ready: requirements.txt requirements-dev.txt
	@set -e; \
	new_enough() { "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; }; \
	found=; \
	for python in python3.13 python3.12 python3 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python; do \
	  if new_enough "$$python"; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ] && command -v uv >/dev/null; then found=$$(uv python find '>=3.12' 2>/dev/null || true); fi; \
	if [ -z "$$found" ]; then \
	  echo "Duck relay needs Python 3.12 or newer, and none was found."; \
	  echo "Install one (your system's packages, pyenv install 3.13, or uv python install 3.13) and run make again."; \
	  exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv $(VENV); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# npm writes this file when all is there.
clients/node_modules/.package-lock.json: clients/package.json
	@command -v npm >/dev/null || { echo "make clients needs node 20 or newer, with npm."; exit 1; }
	cd clients && npm install --silent
	@touch $@
