# The two commands: `make run` and `make test`. The rest: `make help`.
PYTHON ?= python3
VENV := .venv/bin
export PYTHONPATH := .

.DEFAULT_GOAL := help
.PHONY: help run test matrix mutants check fix bench backup restore lock messages install-demo install-dev

help:  ## show this
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "make %-10s %s\n", $$1, $$2}'

run: install-demo  ## the whole portal on this machine, with a demo family; Ctrl-C stops it (PORT=8000, FRESH=1)
	@exec $(VENV)/python -m tools.run

test: install-dev  ## every test, on a real PostgreSQL, Valkey and browser (APP=crisisplans, ARGS="tests/families -k invite")
	@exec $(VENV)/python -m tools.test $(if $(APP),--app=$(APP)) $(ARGS)

matrix: install-dev  ## who gets what where: with both walls, without the first, without the second
	@exec $(VENV)/python -m tests.harness.every_layer $(ARGS)

mutants: install-dev  ## take checks and policies away one at a time; a test must notice each (ARGS="invite")
	@exec $(VENV)/python -m tests.mutants $(ARGS)

check: install-dev  ## format, lint, types, import contracts, templates, migrations, words, deploy settings, hosts
	@exec $(VENV)/python -m tools.check

fix: install-dev  ## put right what a machine can put right
	@exec $(VENV)/python -m tools.check --fix

bench: install-dev  ## the figures, each against its floor
	@exec $(VENV)/python -m bench $(ARGS)

backup: install-demo  ## a backup of the database, counted, into a folder that keeps them (TO=folder)
	@exec $(VENV)/python -m tools.backup "$(or $(TO),$(error Say where: make backup TO=folder))"

restore: install-demo  ## bring the newest backup in a folder back, and compare it all (FROM=folder REPLACE=1)
	@exec $(VENV)/python -m tools.restore "$(or $(FROM),$(error Say what: make restore FROM=folder))" \
	  $(if $(REPLACE),--replace) $(if $(WITHOUT_KEYS),--without-keys) $(if $(WITHOUT_LIST),--without-list)

messages: install-dev  ## bring the Norwegian words in step with the sources
	@$(VENV)/python -m tools.translations extract
	@$(VENV)/python -m tools.translations compile

lock: install-dev  ## lock the newest versions that requirements*.in allow
	@for name in "" -demo -dev; do \
	  $(VENV)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-header \
	    --no-emit-index-url requirements$$name.in -o requirements$$name.txt || exit 1; \
	done

install-demo:
	@$(PYTHON) tools/install.py demo

install-dev:
	@$(PYTHON) tools/install.py dev
