# Every target sets up what is missing first (.ci/setup); ARGS="..." is handed to what the target runs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup run test check bench scale faults serve lock format clean

BIN := .venv/bin
JOB := $(BIN)/python -m jobs

help: ## list the targets
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s%s\n", $$1, $$2 }'

setup: ## set up what is missing: Java 17, .venv with the pinned packages, the Delta jars
	@.ci/setup

run: setup ## simulate a small province, receive its deliveries, compute everything
	@$(JOB) job=simulate,receive,pipeline $(ARGS)

serve: setup ## show the big screen; prints its address
	@exec $(JOB) job=serve $(ARGS)

test: ## set up, and run the tests (make test ARGS="tests/gold -k rate" runs some)
	@.ci/setup browser
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not faults and not bench" $(ARGS)

faults: setup ## kill runs at their most delicate moments and compare with an undisturbed one
	@$(BIN)/python -m pytest -m faults -n 2 --dist load $(ARGS) tests/faults tests/flow

bench: setup ## measure rows per second and CPU time of every job
	@$(BIN)/python -m tests.bench $(ARGS)

scale: setup ## measure how cost grows with residents (ARGS="residents=20000,1000000")
	@$(BIN)/python -m tests.bench.scale $(ARGS)

check: setup ## format, lint, types: what must hold before a commit
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: setup ## format the code and mend what the linter can mend
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

lock: setup ## resolve requirements.lock anew from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --no-emit-find-links --quiet $(ARGS) -o requirements.lock

clean: ## remove the simulated province and all that was computed from it; the lake's key stays
	rm -rf lake inbox truth mlflow.db mlartifacts
