# One image for web, worker, beat and migrations; docker-compose.yml says which runs what.
FROM python:3.11-slim

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
CMD ["gunicorn", "portal.wsgi:application", "--bind=0.0.0.0:8000", "--workers=2", "--threads=4", "--preload", "--no-control-socket"]
