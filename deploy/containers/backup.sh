#!/usr/bin/env bash
# Backs up PostgreSQL now and every BACKUP_EVERY_SECONDS. A backup counts after it was restored and dumped
# completely; the newest BACKUP_KEEP are retained. `backup.sh check` fails when the newest one is too old.
set -euo pipefail
umask 077
interval=$BACKUP_EVERY_SECONDS retained=$BACKUP_KEEP
case "$interval:$retained" in *[!0-9:]* | :* | *: | 0:* | *:0)
  echo 'BACKUP_EVERY_SECONDS or BACKUP_KEEP is not a positive integer' >&2
  exit 78
  ;;
esac
cd /var/lib/postgresql/data

list_backups() { find . -maxdepth 1 -name '*Z' -printf '%f\n' | sort; }

if [ "${1:-}" = check ]; then
  newest=$(list_backups | tail -n 1)
  [ -n "$newest" ] && [ $(($(date +%s) - $(stat -c %Y "$newest"))) -lt $((2 * interval)) ]
  exit
fi

verify() { # DIRECTORY
  local trial=$PWD/.trial
  mkdir -m 700 "$trial"
  tar -xzf "$1/base.tar.gz" -C "$trial"
  tar -xzf "$1/pg_wal.tar.gz" -C "$trial/pg_wal"
  pg_verifybackup --quiet --manifest-path "$1/backup_manifest" "$trial"
  pg_ctl start --silent --wait --timeout 3600 --pgdata "$trial" --log /tmp/trial.log --options \
    "-c listen_addresses= -c unix_socket_directories=/tmp -c hba_file=/insightdesk/pg_hba.conf -c shared_buffers=32MB -c logging_collector=off -c log_min_messages=error"
  local status=0
  pg_dump --host /tmp --username postgres --dbname insightdesk >/dev/null || status=$?
  pg_ctl stop --silent --mode immediate --pgdata "$trial" || true
  rm -rf "$trial"
  return $status
}

create_backup() {
  local name started=$SECONDS
  name=$(date -u +%Y%m%dT%H%M%SZ)
  rm -rf .new .trial /tmp/trial.log
  PGPASSWORD=$(cat /run/secrets/DATABASE_REPLICATION_PASSWORD) pg_basebackup --host postgres \
    --username insightdesk_replication --no-password --pgdata .new --format tar --gzip --checkpoint fast
  verify .new
  touch .new
  mv .new "$name"
  list_backups | head -n "-$retained" | xargs -r rm -rf --
  echo "backup: created $name, $(du -sh "$name" | cut -f 1), verified in $((SECONDS - started)) s"
}

trap 'exit 0' TERM INT
while true; do
  # A subshell, because `set -e` has no effect inside a condition.
  (set -e; create_backup) & wait $! && pause=$interval || {
    tail -n 20 /tmp/trial.log >&2 2>/dev/null || true
    echo 'backup: failed' >&2
    pause=$((interval < 60 ? interval : 60))
  }
  sleep "$pause" & wait $!
done
