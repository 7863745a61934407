# The one definition of every task; CI and pre-commit call these.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLE ?= sample_graphs/artifacts/m17_gan.meta
SAMPLES ?= $(SAMPLE) $(addprefix sample_graphs/artifacts/,m05_reuse.meta m29_keras m33_original.ckpt m33_renamed.meta)
PAGE := web/package.json $(shell find web/src web/public -type f 2>/dev/null)

.DEFAULT_GOAL := help

help:  ## list the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

ifeq ($(DEMO),inspect)
demo: $(BIN)/scopeview  ## set everything up, then the page on the samples (DEMO=inspect: the terminal)
	$(BIN)/scopeview inspect $(SAMPLE)
else
demo: $(BIN)/scopeview
	$(BIN)/scopeview serve --no-open $(SAMPLES)
endif

test: $(VENV)/.dev browser  ## set everything up, then run every check and every test
	$(MAKE) lint
	$(BIN)/python -m pytest -n auto --dist loadgroup --durations 25
	$(BIN)/python -m pytest -q --doctest-modules --pyargs scopeview.model scopeview.analysis scopeview.render \
		scopeview.readers.checkpoint.slices scopeview.readers.graph.partitions

coverage: $(VENV)/.dev  ## what the tests reach of the code; slows them down to half, so apart from them
	$(BIN)/python -m pytest -n auto --ignore tests/browser --cov --cov-report=term

test-frameworks: $(VENV)/.dev  ## install the other frameworks, and run the tests that compare with their own loaders
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[frameworks]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps tensorflowjs  # its converters want much that is not needed
	$(BIN)/python -m pytest -q -m frameworks

test-services: $(VENV)/.dev  ## install an S3 server and Dask, and run the tests that ask them
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[services]'
	$(BIN)/python -m pytest -q -m services

check: $(VENV)/.dev  ## lint and the tests that need neither TensorFlow nor a browser, for daily work
	$(MAKE) lint
	$(BIN)/python -m pytest -q -n auto tests/model tests/render tests/test_architecture.py tests/test_words.py

lint: $(VENV)/.dev  ## ruff, mypy, import-linter, ESLint, Prettier
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if [ -x web/node_modules/.bin/eslint ] && node -e "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)" 2>/dev/null; then cd web && npm run --silent lint; \
		else echo "no Node from version 20 on here: the page's TypeScript is not linted"; fi

browser:  ## install Chromium and Node for the tests of the page, where they are missing and may be
	@for need in chromium npm; do \
		command -v $$need >/dev/null && continue; \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -y -qq --no-install-recommends $$need; \
		else echo "$$need is missing: the tests of the page that need it are skipped"; fi; \
	done

fix: $(VENV)/.dev  ## format, and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@[ ! -x web/node_modules/.bin/prettier ] || (cd web && npm run --silent format)

samples: $(VENV)/.dev  ## build the sample graphs again, with TensorFlow
	$(BIN)/python sample_graphs/build.py
	$(BIN)/python sample_graphs/build_broken.py

types: $(VENV)/.dev  ## write again what the page takes from Python: types of the answers, columns, words, colors
	$(BIN)/python web/generate_types.py
	$(BIN)/python web/generate_declared.py

docs: $(VENV)/.dev  ## write the generated parts of the documentation again
	$(BIN)/python docs/build.py

fuzz: $(VENV)/.dev  ## fuzz every reader for SECONDS each (60), or those in TARGETS
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	for target in $(or $(TARGETS),$$($(BIN)/python -c 'from fuzz.targets import targets; print(*targets())')); do \
		echo "== $$target"; $(BIN)/python -m fuzz.run $$target --seconds $(or $(SECONDS),60) || exit 1; \
	done

docs-site: $(VENV)/.dev  ## build the documentation as a site in build/site; a link that leads nowhere fails
	$(BIN)/pip install --quiet --disable-pip-version-check 'mkdocs-material>=9.5'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

screenshots: $(VENV)/.dev browser  ## take the pictures of the page in docs/screenshots again
	$(BIN)/python docs/screenshots.py

bench: $(VENV)/.dev  ## time scopeview beside TensorFlow's own tools
	$(BIN)/python benchmarks/cli.py
	PYTHONPATH=. $(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/diff.py

constraints:  ## resolve the dependencies anew and pin them
	rm -rf .venv-constraints
	$(PYTHON) -m venv .venv-constraints
	.venv-constraints/bin/pip install --quiet --upgrade pip
	.venv-constraints/bin/pip install --quiet '.[dev]'
	.venv-constraints/bin/pip freeze --exclude scopeview > constraints.txt
	rm -rf .venv-constraints

clean:  ## remove what these tasks made
	rm -rf $(VENV) .venv-constraints build dist .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/scopeview: constraints.txt pyproject.toml hatch_build.py $(PAGE)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "scopeview needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/scopeview
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

.PHONY: help demo test test-frameworks test-services check lint fix samples browser types docs fuzz screenshots bench constraints clean docs-site
