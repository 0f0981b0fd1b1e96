#!/bin/sh
# nginx looks its upstreams up once, and a container that was replaced has another address: reload
# whenever all names resolve and an address has changed. Runs beside nginx, started by its image.
set -eu
names=$(printf '%s\n' $API_SERVERS $WEBSOCKET_SERVERS | sed 's/:.*//')
addresses() { for name in $names; do getent hosts "$name" || return 1; done; }
known=$(addresses || true)
while sleep 2; do
  now=$(addresses) || continue
  [ "$now" != "$known" ] || continue
  known=$now
  nginx -s reload
done >/dev/null &
