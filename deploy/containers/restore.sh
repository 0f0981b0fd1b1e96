#!/usr/bin/env bash
# restore.sh NAME: puts a backup into PostgreSQL's volume, which has to be empty. Without NAME it lists them.
set -euo pipefail
umask 077
name=${1:-}
if [ -z "$name" ]; then exec find /backups -maxdepth 1 -name '*Z' -printf '%f\n'; fi
case $name in */* | .*) echo "Not the name of a backup: $name" >&2; exit 64 ;; esac
[ -s "/backups/$name/base.tar.gz" ] || { echo "There is no backup $name" >&2; exit 66; }
if [ -n "$(ls -A "$PGDATA")" ]; then
  echo 'The volume has a database in it; remove it first if it is to be replaced' >&2
  exit 73
fi
tar -xzf "/backups/$name/base.tar.gz" -C "$PGDATA"
tar -xzf "/backups/$name/pg_wal.tar.gz" -C "$PGDATA/pg_wal"
pg_verifybackup --quiet --manifest-path "/backups/$name/backup_manifest" "$PGDATA"
chmod 700 "$PGDATA"
echo "restored: $name"
