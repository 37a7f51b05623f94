#!/bin/sh
# Run once by the PostgreSQL image, when its data folder is new: the same roles as everywhere else.
set -eu
run() { psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" "$@"; }
secret() { cat "/run/secrets/$1_password"; }
run --set=migrator_password="$(secret migrator)" --set=app_password="$(secret app)" --set=job_password="$(secret job)" \
    --file=/concord/roles.sql
run --set=database="$POSTGRES_DB" --file=/concord/database.sql
