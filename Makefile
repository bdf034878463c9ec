# Everything here sets itself up first; `make` alone lists the targets.
SHELL := bash
.DEFAULT_GOAL := help
BIN := .venv/bin
READY := .venv/.ready
PAGES := src/hauberk/dashboard/static/index.html

.PHONY: help setup demo test quick check fix bench measure

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

setup: $(READY) $(PAGES) ## make .venv, put uv in it, sync from uv.lock, build the dashboard's pages

$(READY): uv.lock pyproject.toml scripts/setup
	@scripts/setup

$(PAGES): $(READY) $(shell find web -path web/node_modules -prune -o -type f -print) scripts/web
	@scripts/web

demo: $(READY) $(PAGES) ## the reference document's story on real Envoys, rootless
	@$(BIN)/hauberk demo

test: $(READY) $(PAGES) ## all tests (real Envoys, real namespaces)
	@$(BIN)/pytest -n 2 --dist loadgroup

quick: $(READY) ## the tests that take under a minute
	@$(BIN)/pytest -n 2 -m 'not slow' tests/unit tests/stream tests/golden tests/docs

check: $(READY) $(PAGES) ## format, lint, types, arrows, lock, documentation
	@scripts/check

fix: $(READY) ## let ruff mend what it can; write docs/commands.md anew
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format . ; $(BIN)/typer hauberk.cli.app utils docs --name hauberk --output docs/commands.md

bench: $(READY) ## every measurement of docs/performance.md, ratios side by side
	@scripts/bench

measure: $(READY) ## the axes by which the code is judged (sizes, types, docstrings, cycles)
	@$(BIN)/python scripts/measure.py
