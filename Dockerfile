# One image for web, worker, beat and migrations; docker-compose.yml says which runs what.
FROM python:3.11-slim-trixie AS concord

ENV PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=portal.settings.production
WORKDIR /srv/concord

COPY requirements/base.lock requirements/base.lock
RUN pip install --no-cache-dir --require-hashes -r requirements/base.lock

COPY manage.py LICENSE ./
COPY agencies agencies
COPY sharing sharing
COPY cases cases
COPY portal portal
COPY templates templates
COPY static static
# Static files need settings, and settings need values; none of these is used beyond this line.
RUN SECRET_KEY=build ALLOWED_HOSTS=build DATABASE_URL=postgres://build/build BROKER_URL=redis://build/0 \
    EMAIL_URL=smtp://build:25 DEFAULT_FROM_EMAIL=build@build.example \
    python manage.py collectstatic --noinput --verbosity=0 && python -m compileall -q agencies sharing cases portal

# A volume takes its owner from the folder that it covers.
RUN install --directory --owner=nobody --mode=0750 /srv/documents
USER nobody
EXPOSE 8000
CMD ["gunicorn", "portal.wsgi:application", "--config=portal/deploy/gunicorn.py"]

# The same with PostgreSQL's own programs, which make and restore backups. Their version must not be older than the
# server's: Debian trixie brings 17, as docker-compose.yml does.
FROM concord AS tools
USER root
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/* \
    && install -d -o nobody -m 0700 /backups
USER nobody

FROM concord
