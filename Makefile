# Everything a person or a machine needs to do here. `make run` needs only Python 3.11 or later.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: run test check bench lock clean

run: $(STAMP)
	$(BIN)/diembao up $(if $(DEMO),--demo) $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT))

test: $(STAMP)
	tools/test $(ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	tools/bench $(ARGS)

# Hashes, no addresses: pip and uv both install it.
lock:
	uv pip compile -q --universal --generate-hashes --all-extras --group dev --python-version 3.11 \
		--no-emit-index-url --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --extra elasticsearch --python-version 3.11 -c requirements.lock \
		--no-emit-index-url --no-header pyproject.toml -o requirements-image.lock

$(STAMP): requirements.lock pyproject.toml
	tools/environment "$(PYTHON)" "$(VENV)"
	touch $@

clean:
	rm -rf $(VENV) data-demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
