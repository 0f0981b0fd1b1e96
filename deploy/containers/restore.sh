#!/usr/bin/env bash
# restore.sh NAME: restores a backup into the volume of PostgreSQL, which must be empty. Without NAME it lists
# the backups.
set -euo pipefail
umask 077
name=${1:-}
if [ -z "$name" ]; then exec find /backups -maxdepth 1 -name '*Z' -printf '%f\n'; fi
case $name in */* | .*) echo "Invalid backup name: $name" >&2; exit 64 ;; esac
[ -s "/backups/$name/base.tar.gz" ] || { echo "Backup $name does not exist" >&2; exit 66; }
if [ -n "$(ls -A "$PGDATA")" ]; then
  echo 'The volume contains a database: delete the volume first to replace it' >&2
  exit 73
fi
tar -xzf "/backups/$name/base.tar.gz" -C "$PGDATA"
tar -xzf "/backups/$name/pg_wal.tar.gz" -C "$PGDATA/pg_wal"
pg_verifybackup --quiet --manifest-path "/backups/$name/backup_manifest" "$PGDATA"
chmod 700 "$PGDATA"
echo "Restored backup $name"
