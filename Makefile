# `make demo` and `make test` need Python >= 3.11 and make, nothing else: both create .venv first.
#   PYTHON=python3.12     the interpreter to use (else the first suitable one on the PATH)
#   PIP_FLAGS=...         passed to pip, for example an index of CPU builds of torch (README.md)
#   ARGS=--quick         passed to the benchmarks
#   CORES=8  SUITE=demo   what `make results` uses (and `make test`: CORES);  SNAKEMAKE_FLAGS=...  passed to snakemake
VENV ?= .venv
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
SUITE ?= standard
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: help env demo results paper test lint docs lock bench bench-peers gpu chaos clean
.DEFAULT_GOAL := help

help:  ## list these targets
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST)

env: $(READY)  ## create .venv with the pinned packages (about a minute)

$(READY): pyproject.toml requirements.lock
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	[ -n "$$python" ] || { echo "make env: no Python >= 3.11 on the PATH; say which with PYTHON=/path/to/python3" >&2; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "make env: $$python has no venv module; install it (on Debian: apt install python3-venv)" >&2; exit 1; }; \
	echo "Installing longlag and what it needs into $(VENV) (about a minute)"; \
	$(BIN)/python -m pip --version >/dev/null 2>&1 || "$$python" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c requirements.lock -e '.[test]'
	@touch $@

demo: SUITE := demo
demo: results  ## train every method, every task in a few minutes; prints the path of the page

results: env  ## train and draw SUITE (demo, standard, reference or a file config/SUITE.yaml)
	$(BIN)/snakemake --cores $(CORES) --config suite=$(SUITE) $(SNAKEMAKE_FLAGS)
	@echo "Open $(CURDIR)/results/$(SUITE)/report.html in a browser."

paper: env  ## train STAGE of the paper NAME, and the stages before it; write its page (docs/papers.md)
	@[ -n "$(NAME)" ] || { echo "make paper: which? NAME=sutskever2013, a file of config/papers" >&2; exit 1; }
	@for stage in $$($(BIN)/longlag paper $(NAME) --stages $(STAGE)); do \
	  $(BIN)/snakemake --cores $(CORES) --configfile config/papers/$(NAME).yaml --config stage=$$stage $(SNAKEMAKE_FLAGS) || exit 1; \
	done
	@$(BIN)/longlag paper $(NAME)

test: env  ## run the test suite in CORES processes, at most eight (PYTEST_FLAGS="-n 0": in this one, for a debugger)
	$(BIN)/python -m pytest -n $(CORES) --maxprocesses 8 --dist worksteal $(PYTEST_FLAGS)

lint: env  ## ruff, mypy, snakefmt and snakemake's own lint
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

docs: $(VENV)/docs  ## write the site of docs/ to site/index.html; it needs no network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Open $(CURDIR)/site/index.html in a browser."

$(VENV)/docs: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c requirements.lock -e '.[docs]'
	@touch $@

lock: env  ## write the versions installed in .venv to requirements.lock
	{ sed '/^[^#]/d' requirements.lock; $(BIN)/python -m pip freeze --exclude-editable | sed 's/+.*//'; } > $(VENV)/lock
	mv $(VENV)/lock requirements.lock

bench: env bench-peers  ## measure speed side by side with peers (15 minutes; ARGS=--quick: a minute)
	$(BIN)/python -m benchmarks $(ARGS)

bench-peers: $(VENV)/peers/ready

$(VENV)/peers/ready: benchmarks/peers.txt $(READY)
	@mkdir -p $(VENV)/peers
	@grep -v '^#' benchmarks/peers.txt | while read -r peer; do \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) --no-deps --upgrade \
	    --target $(VENV)/peers "$$peer" || echo "$$peer cannot be installed here; its rows will say so"; \
	done
	@[ -d $(VENV)/peers/PyTorchHessianFree ] || \
	  git clone --quiet --depth 1 https://github.com/ltatzel/PyTorchHessianFree $(VENV)/peers/PyTorchHessianFree || \
	  echo "PyTorchHessianFree cannot be cloned here; its row will say so"
	@touch $@

gpu:  ## tests, speed and conditions of the reference on one GPU, in ten minutes (ARGS=--rehearse: small, on this CPU)
	@python=$(BIN)/python; [ -x $$python ] || python=python3; \
	PYTHONPATH=src:. $$python -m benchmarks.gpu_session $(ARGS)

chaos: env  ## run the fault campaign: kills, damaged files, mutated designs (an hour; ARGS="--kills 5 --seconds 300": a slice)
	$(BIN)/python -m chaos $(ARGS)

clean:  ## delete caches and the results of runs, except those in git; .venv stays
	git clean -fdX results .snakemake build .pytest_cache .mypy_cache .ruff_cache .hypothesis
