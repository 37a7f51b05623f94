#!/bin/sh
# Run once by the PostgreSQL image, when its data folder is new: the same roles as everywhere else.
set -eu
run() { psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" "$@"; }
run --set=migrator_password="$MIGRATOR_PASSWORD" --set=app_password="$APP_PASSWORD" --set=job_password="$JOB_PASSWORD" \
    --file=/concord/roles.sql
run --set=database="$POSTGRES_DB" --file=/concord/database.sql
