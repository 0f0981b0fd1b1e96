#!/usr/bin/env bash
# Creates the login of replicas and backups, or updates its password. Runs at each start, because the profile
# may be enabled later than the volume was created.
set -euo pipefail
secret() { cat "/run/secrets/$1"; }
if [ ! -s /run/secrets/DATABASE_REPLICATION_PASSWORD ]; then
  echo 'DATABASE_REPLICATION_PASSWORD is missing' >&2
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
-- Retains no WAL until a replica connects.
select pg_create_physical_replication_slot('replica')
  where not exists (select from pg_replication_slots where slot_name = 'replica');
SQL
