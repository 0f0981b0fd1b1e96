#!/usr/bin/env bash
# Copies PostgreSQL now and every BACKUP_EVERY_SECONDS. A copy counts once it was restored beside itself
# and read whole; the last BACKUP_KEEP that do are kept. `backup.sh check` fails when the last is too old.
set -euo pipefail
umask 077
every=$BACKUP_EVERY_SECONDS keep=$BACKUP_KEEP
case "$every:$keep" in *[!0-9:]* | :* | *: | 0:* | *:0)
  echo 'BACKUP_EVERY_SECONDS, BACKUP_KEEP: whole numbers above 0' >&2
  exit 78
  ;;
esac
cd /var/lib/postgresql/data

finished() { find . -maxdepth 1 -name '*Z' -printf '%f\n' | sort; }

if [ "${1:-}" = check ]; then
  newest=$(finished | tail -n 1)
  [ -n "$newest" ] && [ $(($(date +%s) - $(stat -c %Y "$newest"))) -lt $((2 * every)) ]
  exit
fi

restores() { # DIRECTORY
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

take() {
  local name began=$SECONDS
  name=$(date -u +%Y%m%dT%H%M%SZ)
  rm -rf .new .trial /tmp/trial.log
  PGPASSWORD=$(cat /run/secrets/DATABASE_REPLICATION_PASSWORD) pg_basebackup --host postgres \
    --username insightdesk_replication --no-password --pgdata .new --format tar --gzip --checkpoint fast
  restores .new
  touch .new
  mv .new "$name"
  finished | head -n "-$keep" | xargs -r rm -rf --
  echo "backup: $name, $(du -sh "$name" | cut -f 1), restored and read in $((SECONDS - began)) s"
}

trap 'exit 0' TERM INT
while true; do
  # In a shell of its own: inside a condition a failure in the middle would be passed over.
  (set -e; take) & wait $! && pause=$every || {
    tail -n 20 /tmp/trial.log >&2 2>/dev/null || true
    echo 'backup: failed' >&2
    pause=$((every < 60 ? every : 60))
  }
  sleep "$pause" & wait $!
done
