#!/bin/sh
# nginx looks names up once, refuses to reload while one of them is unknown, and a container that
# was replaced has another address. So the site is written with addresses, and again whenever one
# has changed; a container that is gone keeps its last. Runs beside nginx, started by its image.
set -eu
render=${RENDER:-/docker-entrypoint.d/40-render.sh}
last=$(mktemp -d)

addresses() { # HOST:PORT...
  for server in "$@"; do
    name=${server%:*}
    address=$(getent ahostsv4 "$name" | awk 'NR == 1 { print $1 }')
    if [ -n "$address" ]; then echo "$address" >"$last/$name"; fi
    printf '%s:%s ' "$(cat "$last/$name" 2>/dev/null || echo "$name")" "${server##*:}"
  done
}

# shellcheck disable=SC2086
look() { api=$(addresses $API_SERVERS) websocket=$(addresses $WEBSOCKET_SERVERS); }
write() { API_SERVERS=$api WEBSOCKET_SERVERS=$websocket sh "$render"; }

look
write
known="$api $websocket"
while sleep 1; do
  look
  [ "$api $websocket" != "$known" ] || continue
  # What fails is tried again: without `&&` it would end this loop for good.
  write && nginx -s reload && known="$api $websocket"
done >/dev/null &
