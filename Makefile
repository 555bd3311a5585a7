# Two commands do everything: `make book` and `make test`.
PYTHON ?= python3
PROFILE ?= local
BIN := .venv/bin

.DEFAULT_GOAL := book
.PHONY: book test workflow reproducible walkthrough bench-build bench-stats bench-duplicates lock clean help

book: ## everything a fresh machine needs, then the built site
	@$(PYTHON) pipelines/bootstrap.py book
	@$(BIN)/livingmeta build

test: ## everything a fresh machine needs, then all checks and tests, browser tests included
	@$(PYTHON) pipelines/bootstrap.py test
	$(BIN)/ruff check
	$(BIN)/mypy
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --dist loadfile

workflow: ## the same book as jobs of Snakemake: PROFILE=local, slurm or kubernetes
	@$(PYTHON) pipelines/bootstrap.py test
	$(BIN)/snakemake --snakefile pipelines/Snakefile --profile pipelines/profiles/$(PROFILE)

reproducible: ## whether two builds of this commit, in two places, give the same bytes
	@$(PYTHON) tests/reproducible.py

bench-build: ## how long builds take, beside the naive way and bookdown (half an hour)
	@$(PYTHON) pipelines/bootstrap.py test
	$(BIN)/python tests/benchmarks/bench_build.py

bench-stats: ## how long statistics take, beside PyMARE, statsmodels and metafor (a minute)
	@$(PYTHON) pipelines/bootstrap.py test
	$(BIN)/python tests/benchmarks/bench_stats.py

bench-duplicates: ## duplicates among records, beside bib-dedupe (some minutes)
	@$(PYTHON) pipelines/bootstrap.py test
	$(BIN)/python tests/benchmarks/bench_duplicates.py

walkthrough: ## run the maintainer's day in a scratch checkout and keep what the terminal shows (minutes)
	@$(PYTHON) pipelines/bootstrap.py test
	$(BIN)/python tests/walkthrough.py --record

# One file serves every platform and Python; hashes say what may be installed, nothing says from where.
COMPILE := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-config --no-emit-index-url --no-emit-find-links --no-annotate --no-header --extra build
LOCK_NOTE := \# Resolved from pyproject.toml by 'make lock'; not to be edited by hand.

lock: ## resolve the dependencies anew (needs uv)
	$(COMPILE) --upgrade -o requirements.lock
	$(COMPILE) --upgrade --extra dev --extra workflow -c requirements.lock -o requirements-dev.lock
	@for file in requirements.lock requirements-dev.lock; do \
		{ echo "$(LOCK_NOTE)"; cat $$file; } > $$file.new && mv $$file.new $$file; \
	done

clean: ## remove what is built; the environment stays
	rm -rf _build .snakemake book/_generated book/questions book/changes

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile
