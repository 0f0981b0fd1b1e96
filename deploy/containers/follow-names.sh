#!/bin/sh
# Writes the site with current addresses and renders it again when one changes: nginx resolves names
# once and does not reload while one is unknown. A container that is gone keeps its last address. A
# server that is not ready for UNHEALTHY_SECONDS becomes a backup until it is ready again: nginx
# itself notices dead servers only. Runs beside nginx, started by its image.
set -eu
render=${RENDER:-/docker-entrypoint.d/40-render.sh}
reload=${NGINX_RELOAD:-nginx -s reload}
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
resolve() { api=$(addresses $API_SERVERS) websocket=$(addresses $WEBSOCKET_SERVERS); }
write() { API_SERVERS=$api WEBSOCKET_SERVERS=$websocket UNHEALTHY_SERVERS=$unhealthy sh "$render"; }

check() { # HOST:PORT: records since when it has not been ready
  if curl -fs -m "${ASK_SECONDS:-2}" -o /dev/null "http://$1/health/ready"; then rm -f "$last/$1"; else
    [ -e "$last/$1" ] || date +%s >"$last/$1"
  fi
}
# shellcheck disable=SC2086
check_all() {
  for server in $api $websocket; do check "$server" & done
  wait
  unhealthy= now=$(date +%s)
  for server in $api $websocket; do
    since=$(cat "$last/$server" 2>/dev/null || echo "$now")
    if [ $((now - since)) -ge "${UNHEALTHY_SECONDS:-15}" ]; then unhealthy="$unhealthy $server"; fi
  done
}

unhealthy=
resolve
write
known="$api $websocket $unhealthy"
while sleep "${FOLLOW_SECONDS:-1}"; do
  resolve
  check_all
  [ "$api $websocket $unhealthy" != "$known" ] || continue
  # A failure is retried: without `&&` it would end the loop.
  write && $reload && known="$api $websocket $unhealthy"
done >/dev/null &
