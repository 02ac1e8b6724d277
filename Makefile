# The two commands: `make run` and `make test`. The rest: `make help`.
PYTHON ?= python3
VENV := .venv/bin
export PYTHONPATH := .

.DEFAULT_GOAL := help
.PHONY: help run test matrix mutants check fix bench backup restore lock messages install-demo install-dev

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "make %-10s %s\n", $$1, $$2}'

run: install-demo  ## run the portal on this machine with demo data; Ctrl-C stops it (PORT=8000, FRESH=1)
	@exec $(VENV)/python -m tools.run

test: install-dev  ## run the tests with a real PostgreSQL, Valkey and browser (APP=crisisplans, ARGS="tests/families -k invite")
	@exec $(VENV)/python -m tools.test $(if $(APP),--app=$(APP)) $(ARGS)

matrix: install-dev  ## request every URL as every kind of person, with both layers of access control and with each alone
	@exec $(VENV)/python -m tests.harness.every_layer $(ARGS)

mutants: install-dev  ## mutation tests: remove checks and policies one at a time; a test must fail for each (ARGS="invite")
	@exec $(VENV)/python -m tests.mutants $(ARGS)

check: install-dev  ## format, lint, types, import contracts, templates, migrations, translations, deploy settings, hosts
	@exec $(VENV)/python -m tools.check

fix: install-dev  ## apply automatic fixes and write the generated pages
	@exec $(VENV)/python -m tools.check --fix

bench: install-dev  ## measure each figure against the baseline
	@exec $(VENV)/python -m bench $(ARGS)

backup: install-demo  ## back up the database into a folder, and verify the backup (TO=folder)
	@exec $(VENV)/python -m tools.backup "$(or $(TO),$(error Say where: make backup TO=folder))"

restore: install-demo  ## restore the newest backup in a folder, and compare the result (FROM=folder REPLACE=1)
	@exec $(VENV)/python -m tools.restore "$(or $(FROM),$(error Say what: make restore FROM=folder))" \
	  $(if $(REPLACE),--replace) $(if $(WITHOUT_KEYS),--without-keys) $(if $(WITHOUT_LIST),--without-list)

messages: install-dev  ## update the translation catalogues from the sources
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
