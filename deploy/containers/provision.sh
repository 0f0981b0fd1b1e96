#!/bin/sh
# Runs in the PostgreSQL container when its volume is new: roles and extensions, as the superuser.
set -eu
psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set owner_password="$DATABASE_OWNER_PASSWORD" --set app_password="$DATABASE_APP_PASSWORD" \
  --set relay_password="$DATABASE_RELAY_PASSWORD" \
  --set identity_password="$DATABASE_IDENTITY_PASSWORD" \
  --file /provision.sql
