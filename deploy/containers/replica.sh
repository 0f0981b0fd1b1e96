#!/usr/bin/env bash
# Copies PostgreSQL into an empty volume, completely or not at all, and runs as its streaming replica.
set -euo pipefail
umask 077
export PGPASSFILE=/tmp/pgpass
echo "*:*:*:*:$(cat /run/secrets/DATABASE_REPLICATION_PASSWORD)" >"$PGPASSFILE"
if [ ! -e "$PGDATA" ]; then
  rm -rf "$PGDATA.new"
  pg_basebackup --host postgres --username insightdesk_replication --no-password \
    --pgdata "$PGDATA.new" --checkpoint fast --wal-method stream --slot replica
  touch "$PGDATA.new/standby.signal"
  mv "$PGDATA.new" "$PGDATA"
fi
exec postgres -c hba_file=/insightdesk/pg_hba.conf -c primary_slot_name=replica \
  -c "primary_conninfo=host=postgres user=insightdesk_replication passfile=$PGPASSFILE application_name=replica"
