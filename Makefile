PYTHON = .venv/bin/python

.PHONY: bench demo detection docs lint sample screenshots skew slow test types where

demo:   ## set up and run the job on the sample company
	python3 start.py demo

test:   ## set up and run every check
	python3 start.py test

lint:
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/lint-imports

types:
	.venv/bin/mypy

bench:  ## whole job against a hand-written DuckDB peer; LINES=10000000 for the large one
	$(PYTHON) -m benchmarks.run --lines $(or $(LINES),1000000)

sample: ## write the two sample companies anew from their fixed seeds
	.venv/bin/recon sample --lines 3010 --seed 2026 --out sample_data/planted
	.venv/bin/recon sample --lines 1500 --seed 2025 --clean --out sample_data/clean

slow:   ## the heavy suites
	.venv/bin/pytest -q -n auto --dist loadgroup --no-loadscope-reorder -m slow

docs:   ## write the page of controls, the list of checked ones and the JSON Schemas anew
	.venv/bin/recon controls --format markdown > docs/controls.md
	$(PYTHON) -m benchmarks.checked_rules
	for name in engagement control source framework expectations; do .venv/bin/recon schema $$name.schema.json > rules/schemas/$$name.schema.json; done

screenshots: ## photograph the demo's report for docs/ (needs Chromium and pdftoppm)
	$(PYTHON) -m benchmarks.screenshots
detection: ## planted faults over ten seeds, as docs/detection.md
	$(PYTHON) -m benchmarks.detection

skew:  ## companies in which very much is alike, as docs/skew.md
	$(PYTHON) -m benchmarks.skew

where:  ## where the time of matching and of controls goes, as docs/where_time_goes.md
	$(PYTHON) -m benchmarks.where
