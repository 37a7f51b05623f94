#!/bin/sh
# Makes every secret of docker-compose.yml, one file each, in ./secrets. Never writes over one that is there.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p -m 0700 secrets
random() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
keep() { [ -e "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"; }
for name in secret_key admin_password migrator_password app_password job_password broker_password; do
  keep "$name" "$(random)"
done
of() { cat "secrets/$1"; }
keep database_url "postgres://concord_app:$(of app_password)@database:5432/concord"
keep database_job_url "postgres://concord_job:$(of job_password)@database:5432/concord"
keep database_owner_url "postgres://concord_migrator:$(of migrator_password)@database:5432/concord"
keep broker_url "redis://:$(of broker_password)@broker:6379/0"
keep email_url "smtp://mail:1025"
# Processes that are not root read them as they are mounted; the folder keeps everybody else of this machine out.
chmod 0444 secrets/*
