#!/bin/sh
# Renders the nginx site with the addresses of the servers, and again when one changes: nginx resolves names
# only once, and does not start while one is unknown. A stopped container keeps its last address. A server
# that is not ready for UNHEALTHY_SECONDS becomes a backup until it is ready again: nginx itself detects
# only servers that refuse connections. Started by the nginx image.
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

check() { # HOST:PORT; stores the time since which it is not ready
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
  # `&&`, because `set -e` would end the loop after a failure; it is retried.
  write && $reload && known="$api $websocket $unhealthy"
done >/dev/null &
