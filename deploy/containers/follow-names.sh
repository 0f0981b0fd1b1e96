#!/bin/sh
# nginx looks names up once, refuses to reload while one of them is unknown, and a container that
# was replaced has another address. So the site is written with addresses, and again whenever one
# has changed; a container that is gone keeps its last. A server that is not ready for SICK_SECONDS
# becomes the last resort, until it is ready again: nginx itself only notices what is dead.
# Runs beside nginx, started by its image.
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
look() { api=$(addresses $API_SERVERS) websocket=$(addresses $WEBSOCKET_SERVERS); }
write() { API_SERVERS=$api WEBSOCKET_SERVERS=$websocket SICK_SERVERS=$sick sh "$render"; }

examine() { # HOST:PORT: remembers since when it has not been ready
  if curl -fs -m "${ASK_SECONDS:-2}" -o /dev/null "http://$1/health/ready"; then rm -f "$last/$1"; else
    [ -e "$last/$1" ] || date +%s >"$last/$1"
  fi
}
# shellcheck disable=SC2086
ask() {
  for server in $api $websocket; do examine "$server" & done
  wait
  sick= now=$(date +%s)
  for server in $api $websocket; do
    since=$(cat "$last/$server" 2>/dev/null || echo "$now")
    if [ $((now - since)) -ge "${SICK_SECONDS:-15}" ]; then sick="$sick $server"; fi
  done
}

sick=
look
write
known="$api $websocket $sick"
while sleep "${FOLLOW_SECONDS:-1}"; do
  look
  ask
  [ "$api $websocket $sick" != "$known" ] || continue
  # What fails is tried again: without `&&` it would end this loop for good.
  write && $reload && known="$api $websocket $sick"
done >/dev/null &
