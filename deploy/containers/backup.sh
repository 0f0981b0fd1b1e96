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

# For the metrics of the worker. Success is the time of the newest backup; `failed` sets the time of a failure.
status=${STATUS_DIRECTORY:-/backup-status}
last_failure=0
write_status() {
  local newest success=0 size=0
  [ -w "$status" ] || return 0
  newest=$(list_backups | tail -n 1)
  if [ -n "$newest" ]; then
    success=$(stat -c %Y "$newest")
    size=$(du -sb "$newest" | cut -f 1)
  fi
  cat >"$status/.new" <<EOF
backup_last_success_timestamp_seconds $success
backup_last_failure_timestamp_seconds $last_failure
backup_interval_seconds $interval
backup_size_bytes $size
EOF
  chmod 644 "$status/.new"
  mv "$status/.new" "$status/backup.prom"
}

verify() { # DIRECTORY
  local trial=$PWD/.trial
  mkdir -m 700 "$trial"
  tar -xzf "$1/base.tar.gz" -C "$trial"
  tar -xzf "$1/pg_wal.tar.gz" -C "$trial/pg_wal"
  pg_verifybackup --quiet --manifest-path "$1/backup_manifest" "$trial"
  pg_ctl start --silent --wait --timeout 3600 --pgdata "$trial" --log /tmp/trial.log --options \
    "-c listen_addresses= -c unix_socket_directories=/tmp -c hba_file=/insightdesk/pg_hba.conf -c shared_buffers=32MB -c logging_collector=off -c log_min_messages=error"
  local result=0
  pg_dump --host /tmp --username postgres --dbname insightdesk >/dev/null || result=$?
  pg_ctl stop --silent --mode immediate --pgdata "$trial" || true
  rm -rf "$trial"
  return $result
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
write_status
while true; do
  # A subshell, because `set -e` has no effect inside a condition.
  (set -e; create_backup) & wait $! && pause=$interval || {
    tail -n 20 /tmp/trial.log >&2 2>/dev/null || true
    echo 'backup: failed' >&2
    last_failure=$(date +%s)
    pause=$((interval < 60 ? interval : 60))
  }
  write_status
  sleep "$pause" & wait $!
done
