# Two commands do all the set-up: `make demo` and `make test`. Python 3.11+ and make are all they need.
PYTHON ?= python3
BIN    := .venv/bin
RUN    := runs/demo
NPM    := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm  # it checks the pages' JavaScript; nothing else needs it
SIDE_BY_SIDE := -n auto --dist worksteal  # a process per core

export PYTHONDONTWRITEBYTECODE :=  # else each process that tests start compiles all modules again

.PHONY: demo test quick lint front docs pictures bench clean

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --config-settings editable_mode=compat -e ".[dev]"
	touch $@

node_modules/installed: package.json package-lock.json .venv/installed
	$(NPM) ci --silent
	touch $@

demo: .venv/installed
	$(BIN)/striate train lenet5 digits --epochs 30 --seed 0 --out $(RUN) --overwrite
	@echo
	@echo "Look at the report:  $(RUN)/report.html"
	@echo "See it at work:      $(BIN)/striate see $(RUN)"
	@echo "Predict an image:    $(BIN)/striate predict $(RUN) docs/pictures/seven.png"

test: .venv/installed
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

quick: .venv/installed
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not slow"

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

front: node_modules/installed
	$(NPM) run --silent check
	$(NPM) test --silent

docs: .venv/installed
	$(BIN)/python docs/make_layers.py
	$(BIN)/sphinx-build -q -W --keep-going -a -E -d build/doctrees docs build/site
	@du -sh --apparent-size build/site
	@echo "Open it:  build/site/index.html"

pictures: .venv/installed
	$(BIN)/python docs/make_pictures.py

bench: .venv/installed
	$(BIN)/striate bench lenet5
	$(BIN)/python benchmarks/mnist_headlines.py

clean:
	rm -rf .venv node_modules runs build dist *.egg-info
