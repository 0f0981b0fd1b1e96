#!/usr/bin/env bash
# Makes the login that replicas and backups copy with, or gives it its present password. Each time: the
# profile may have been switched on long after the volume was new.
set -euo pipefail
secret() { cat "/run/secrets/$1"; }
if [ ! -s /run/secrets/DATABASE_REPLICATION_PASSWORD ]; then
  echo 'DATABASE_REPLICATION_PASSWORD: set a password of your own' >&2
  exit 78
fi
PGPASSWORD=$(secret POSTGRES_PASSWORD) psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet \
  --host postgres --username postgres --dbname insightdesk \
  --set password="$(secret DATABASE_REPLICATION_PASSWORD)" <<'SQL'
select pg_advisory_lock(7305118401);
select 'create role insightdesk_replication'
  where not exists (select from pg_roles where rolname = 'insightdesk_replication') \gexec
alter role insightdesk_replication
  with login replication nosuperuser nocreatedb nocreaterole nobypassrls password :'password';
-- Keeps nothing until somebody follows.
select pg_create_physical_replication_slot('replica')
  where not exists (select from pg_replication_slots where slot_name = 'replica');
SQL
