# SPDX-License-Identifier: EUPL-1.2
# Everything that is done here, by name. `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
TOUR ?= card
ALGORITHM ?= ecc
WORKERS ?= 3
SIZE ?= 1000000
# What Playwright raises when Chromium was too slow or went away; what a test asserts is never tried again.
BROWSER_FAULTS := ^(Timeout)?Error: (Page|Locator|Frame|Browser|BrowserContext)[.]
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help run test soak check tour bench bench-status bench-day lock messages screenshots reader-package clean

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## start the whole service with demo people; PORT=8000
	@$(BIN)/varmentaja demo --port $(PORT)

test: $(VENV)/test.stamp ## run every kind of test at reduced size; ARGS= goes to pytest
	@tools/test_needs
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup \
		--reruns 2 --only-rerun "$(BROWSER_FAULTS)" $(ARGS)

soak: $(VENV)/test.stamp ## the tests of tests/soak at full size (hours); writes docs/soak.md
	@tools/test_needs
	@VARMENTAJA_SOAK=1 $(BIN)/python -m pytest $(if $(ARGS),$(ARGS),tests/soak tests/e2e/test_tour_status.py \
		tests/e2e/test_tour_reader.py tests/integration/responder/test_load.py)

check: $(VENV)/test.stamp ## format, lint, types, import contracts, texts, licences
	@tools/check

tour: $(VENV)/run.stamp ## walk through a whole story; TOUR=card|reader|status ALGORITHM=ecc|rsa
	@$(BIN)/varmentaja tour $(TOUR) --algorithm $(ALGORITHM)

bench: $(VENV)/test.stamp ## measure, and write docs/benchmarks.md; ARGS="audit pages" picks
	@tools/test_needs
	@$(BIN)/python -m bench $(ARGS)

bench-status: $(VENV)/test.stamp ## measure the status services against their peers; SIZE=1000000 certificates, 4 a cardholder
	@tools/test_needs
	@$(BIN)/python -m bench.status --size $(SIZE)

bench-day: $(VENV)/test.stamp ## simulate a day of the status services, with plots; SIZE=1000000, a nation: SIZE=4000000
	@tools/test_needs
	@$(BIN)/python -m bench.day --size $(SIZE)

lock: $(VENV)/test.stamp ## pin the newest versions that requirements/*.in allow
	@tools/lock

messages: $(VENV)/test.stamp ## collect texts from the code into the catalogues
	@$(BIN)/python tools/messages.py

screenshots: $(VENV)/test.stamp ## draw the pictures of docs/guide/ anew
	@tools/test_needs
	@$(BIN)/python tools/screenshots.py

reader-package: $(VENV)/reader.stamp ## build at once what `make run` builds beside the service: the card reader program as a wheel and a signed .deb
	@$(BIN)/python -m tools.reader_package $(ARGS)

clean: ## remove what was built (not var/, where the service keeps its state)
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache

# A stamp holds the hash of what it was made from: a second start only compares.
$(VENV)/%.stamp: requirements/%.txt pyproject.toml tools/install_packages
	@tools/install_packages $(PYTHON) $(VENV) $*
