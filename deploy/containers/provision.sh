#!/bin/sh
# Creates roles and extensions as the superuser. The PostgreSQL image runs it when the volume is new.
set -eu
password() { cat "/run/secrets/DATABASE_$1_PASSWORD"; }
psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set owner_password="$(password OWNER)" --set app_password="$(password APP)" \
  --set relay_password="$(password RELAY)" --set identity_password="$(password IDENTITY)" \
  --file /provision.sql
