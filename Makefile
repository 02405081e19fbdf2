# The two main commands are `make run` and `make test`. Both need only make and Python 3.11 or newer; `make test` also
# installs the Debian packages that its tests need (tools/system-packages).

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PATIENTS ?= 1000
WORKERS ?= auto
PIP := $(PY) -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help run test quick benchmark lint docs kernels kernels-check refit clean

help:
	@echo "make run        run the baseline scenario with $(PATIENTS) patients in a virtual environment"
	@echo "make test       run ruff, mypy and the whole test suite"
	@echo "make quick      run the tests without the slow ones (under two minutes)"
	@echo "make lint       run ruff and mypy only"
	@echo "make benchmark  measure speed and memory, also of other simulators (about ten minutes)"
	@echo "make docs       regenerate the generated pages of docs/ and the output in the README"
	@echo "make kernels    build the code of the model ahead, after a change of it (about a minute)"
	@echo "make kernels-check  compare all kinds of compiled code, and pages, on small cohorts (about three minutes)"
	@echo "make refit      refit the parameters of the settings and write them into scenarios/ (about ten minutes)"
	@echo "make clean      remove the virtual environment and all caches; results in outputs/ stay"

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "nephrosyn needs Python 3.11 or newer. On Debian:  sudo apt-get install python3 python3-venv" >&2; \
	  echo "To use another interpreter:  make run PYTHON=/path/to/python3" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python's venv module is missing. On Debian:  sudo apt-get install python3-venv" >&2; exit 2; }
	@echo "creating a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

# A stamp file older than pyproject.toml means that the installed package may be out of date.
$(VENV)/installed: pyproject.toml | $(PY)
	@echo "installing nephrosyn (the first time downloads about 150 MB)"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/installed-for-tests: pyproject.toml | $(PY)
	@echo "installing nephrosyn and its test dependencies"
	@$(PIP) install 'pip>=25.1'
	@$(PIP) install --editable '.[all]' --group test
	@touch $@ $(VENV)/installed

# Plays QTI packages and checks pages for accessibility in the tests; versions are pinned by the lock file.
PLAYER := tests/teach/qti-player
$(PLAYER)/node_modules/.package-lock.json: $(PLAYER)/package-lock.json
	@echo "installing the QTI player and axe for the tests"
	@npm ci --prefix $(PLAYER) --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# A FHIR server and validator for the tests.
FHIR_SERVER := tests/interchange/fhir/server
$(FHIR_SERVER)/node_modules/.package-lock.json: $(FHIR_SERVER)/package-lock.json
	@echo "installing the FHIR server for the tests"
	@npm ci --prefix $(FHIR_SERVER) --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# Builds and checks the scripts of the page of `nephrosyn explore`, and drives it in a browser.
PAGE := tools/page
$(PAGE)/node_modules/.package-lock.json: $(PAGE)/package-lock.json
	@echo "installing what builds and checks the scripts of the page"
	@npm ci --prefix $(PAGE) --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# Clients of MEDS pin a version of polars of their own, so they have an environment of their own.
MEDS_CLIENTS := .venv-meds
$(MEDS_CLIENTS)/installed: tests/interchange/meds/clients.txt
	@echo "installing the clients of MEDS for the tests"
	@$(PYTHON) -m venv $(MEDS_CLIENTS)
	@$(MEDS_CLIENTS)/bin/python -m pip --disable-pip-version-check --quiet install --requirement $<
	@touch $@

run: $(VENV)/installed
	@$(PY) -m nephrosyn run baseline --patients $(PATIENTS) --overwrite
	@echo "(to use the command nephrosyn in this shell:  . $(VENV)/bin/activate)"

lint: $(VENV)/installed-for-tests
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy

test:
	@tools/system-packages
	@$(MAKE) --no-print-directory lint $(PLAYER)/node_modules/.package-lock.json $(MEDS_CLIENTS)/installed \
	  $(FHIR_SERVER)/node_modules/.package-lock.json $(PAGE)/node_modules/.package-lock.json
	@$(PY) -m pytest -n $(WORKERS)

quick: $(VENV)/installed-for-tests
	@$(PY) -m pytest -n $(WORKERS) -m "not slow"

benchmark: $(VENV)/installed-for-tests
	@$(PIP) install --requirement benchmarks/requirements.txt || echo "some simulators could not be installed; the table says which" >&2
	@$(PY) -m benchmarks

docs: $(VENV)/installed-for-tests
	@$(PY) tools/generate.py
	@$(PY) tools/known_shares.py
	@$(PY) tools/readme.py
	@$(PY) tools/care.py
	@$(PY) tools/perturbations.py
	@$(PY) tools/published.py
	@$(PY) tools/face_validity.py
	@$(PY) tools/gallery.py

kernels: $(VENV)/installed-for-tests
	@tools/system-packages
	@$(PY) tools/build_kernels.py

kernels-check: $(VENV)/installed-for-tests
	@tools/system-packages
	@$(PY) -m pytest -n $(WORKERS) tests/kernels/test_kinds.py tests/kernels/test_whole_path.py tests/patients

refit: $(VENV)/installed-for-tests
	@$(PY) tools/refit.py

clean:
	rm -rf $(VENV) $(MEDS_CLIENTS) $(PLAYER)/node_modules $(FHIR_SERVER)/node_modules $(PAGE)/node_modules
	rm -rf build dist .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find sim tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +
