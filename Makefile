# What a person types. Everything else is in portal/launcher/ and pyproject.toml.
PYTHON ?= python3
RUN := .venv/bin/python
# What Python compiled is kept: tests and demo start many processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-reset test lint drills bench load screenshots backup restore lock tools

demo: ## from nothing to a running portal at http://localhost:8000/ (PORT=8010 moves it)
	@$(PYTHON) -m portal.launcher demo

demo-reset: ## forget the demo's data
	@$(PYTHON) -m portal.launcher reset

tools:
	@$(PYTHON) -m portal.launcher install dev
	@$(RUN) -m portal.launcher.debian chromium

test: tools ## everything but the drills, in under five minutes
	$(RUN) -m pytest -m "not drill" -n 2 $(ARGS)

drills: tools ## fault drills and many random worlds: takes its time
	@[ "$$(id -u)" != 0 ] || $(RUN) -m portal.launcher.debian caddy
	$(RUN) -m pytest -m drill -n 2 $(ARGS)

lint: ## style, types, floors and tiers, migrations, production settings
	@$(PYTHON) -m portal.launcher install dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	.venv/bin/lint-imports
	DJANGO_SETTINGS_MODULE=portal.settings.test $(RUN) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=portal.settings.production SECRET_KEY=$$(head -c 48 /dev/urandom | base64) \
		ALLOWED_HOSTS=concord.example DATABASE_URL=postgres://app@db.example/concord BROKER_URL=redis://broker.example/0 \
		EMAIL_URL=smtp://mail.example:25 DEFAULT_FROM_EMAIL=concord@concord.example \
		$(RUN) manage.py check --deploy --fail-level WARNING

bench: ## the permission engine against its alternatives (CASES=20000 for the one-minute version)
	@$(PYTHON) -m portal.launcher install dev
	$(RUN) -m tests.bench $(if $(CASES),--cases $(CASES))

load: ## the running demo: list and case page under twenty people at once, and how soon a touch shows (WRITE=1 keeps it)
	@$(PYTHON) -m portal.launcher install dev
	$(RUN) -m tests.load
	$(RUN) -m tests.load.interactions

backup: ## database and documents into a new folder (TO=folder); of the running demo, or by the environment's addresses
	@$(RUN) -m portal.backup take $(or $(TO),.concord/backups/$$(date -u +%Y%m%dT%H%M%SZ))

restore: ## FROM=folder into an empty database and folder (DATABASE_*_URL, DOCUMENTS_ROOT), and verify it
	@$(RUN) -m portal.backup restore $(FROM)

screenshots: tools ## every page of the running demo, desk and phone, into .cache/gallery
	$(RUN) -m tests.gallery

lock: ## resolve the packages anew
	@$(PYTHON) -m portal.launcher install dev
	for list in installer base demo dev; do \
		$(RUN) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-header --no-annotate requirements/$$list.in -o requirements/$$list.lock || exit 1; \
	done
