# One command per task. A bare machine needs make and Python 3.11 or newer with venv; uv is used where it is found.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve graphiql test check bench lock clean FORCE

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

help:
	@echo "make serve      start Accord                         make serve ARGS='--port 8001'"
	@echo "make graphiql   build the page for browsers anew"
	@echo "make test       run every test                       make test ARGS='-k address'"
	@echo "make check      lint, format, types, imports, packaging"
	@echo "make bench      measure"
	@echo "make lock       pin the dependencies anew            make lock ARGS=--upgrade"
	@echo "make clean      remove the environment and what was built"

# The demo shows the plugins that come with Accord; where anything says which plugins or which database, that counts.
# GraphiQL is built beside the server, which answers without it; the page that stands there meanwhile reloads itself.
DEMO_PLUGINS := finance,healthcare
serve: $(VENV)/.runtime
	@if [ -z "$${ACCORD_PLUGINS+set}$${ACCORD_DATABASE+set}" ] && [ ! -e accord.toml ]; then \
		export ACCORD_PLUGINS=$(DEMO_PLUGINS); \
		echo "Plugins: $$ACCORD_PLUGINS (for others: make serve ACCORD_PLUGINS=NAME,NAME; for none: ACCORD_PLUGINS=)"; \
	fi; \
	$(BIN)/python -m accord.config.graphiql_build --if-needed & exec $(BIN)/accord serve $(ARGS)

graphiql: $(VENV)/.runtime
	@$(BIN)/python -m accord.config.graphiql_build

test: $(VENV)/.development
	@$(BIN)/pytest $(ARGS)

check: $(VENV)/.development
	@mkdir -p $(VENV)/types && ln -sfn ../.. $(VENV)/types/accord
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright
	$(BIN)/pytest tests/test_imports.py tests/test_packaging.py

bench: $(VENV)/.development
	@if [ -f bench/__main__.py ]; then $(BIN)/python -P bench $(ARGS); else echo "There is no benchmark yet."; fi

clean:
	rm -rf $(VENV) build dist schema/graphiql/dist ./*.egg-info .pytest_cache .ruff_cache .hypothesis

# --- the environment -------------------------------------------------------------------------------------------------
# Two stamps: what serving needs, and what testing needs besides. Only what the locks name is installed, by its hash, and
# nothing is built but the link to this checkout. A copied or moved folder brings an environment whose scripts still
# start the old place, so the place is written down in it, and another place makes it anew.

PLACE := $(shell cat $(VENV)/.place 2>/dev/null)
ifneq ($(PLACE),$(CURDIR))
$(VENV)/.runtime: FORCE
endif

$(VENV)/.runtime: pyproject.toml requirements.lock
	@$(find_python); \
	if [ -n "$(PLACE)" ] && [ "$(PLACE)" != "$(CURDIR)" ] || ! $(is_usable); then \
		echo "Making the environment in $(VENV)"; \
		if $(has_uv); then uv venv --quiet --clear --python "$$python" $(VENV); \
		else "$$python" -m venv --clear $(VENV); fi || exit 1; \
	fi
	@echo "Installing what Accord needs to run"
	@$(call install,--require-hashes --only-binary :all: --requirement requirements.lock)
	@$(call install,--no-deps --no-build-isolation --editable .)
	@echo "$(CURDIR)" >$(VENV)/.place
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing what its tests and checks need"
	@$(call install,--require-hashes --only-binary :all: --requirement requirements-dev.lock)
	@touch $@

# Left uncompiled, because Python compiles what it imports, and much of the metadata of phone numbers never is.
define install
if $(has_uv); then uv pip install --quiet --no-config --python $(BIN)/python $(1); \
else $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile $(1); fi
endef

define has_uv
command -v uv >/dev/null 2>&1
endef

# An environment that uv made has no pip; one whose Python was upgraded away does not start.
define is_usable
{ if $(has_uv); then $(BIN)/python -c ""; else $(BIN)/python -c "import pip"; fi 2>/dev/null; }
endef

define find_python
python=; \
for name in python3.13 python3.12 python3.11 python3; do \
	if $$name -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1; \
	then python=$$name; break; fi; \
done; \
if [ -z "$$python" ] && $(has_uv); then python=3.13; fi; \
if [ -z "$$python" ]; then \
	echo "Accord needs Python 3.11 or newer with venv; on Debian and Ubuntu: apt-get install python3-venv" >&2; \
	exit 1; \
fi
endef

# --- the locks -------------------------------------------------------------------------------------------------------
# For every platform at once, with the hashes of every file, and no address in them. Pins stay unless ARGS=--upgrade.

compile = "$$uv" pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" --extra finance --group build $(ARGS)

lock:
	@uv=$$(command -v uv); \
	if [ -z "$$uv" ]; then \
		$(find_python); \
		folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT INT TERM; \
		"$$python" -m venv "$$folder" && "$$folder/bin/pip" install --quiet --disable-pip-version-check uv || exit 1; \
		uv=$$folder/bin/uv; \
	fi; \
	$(compile) --output-file requirements.lock pyproject.toml && \
	$(compile) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
