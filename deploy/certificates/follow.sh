#!/bin/sh
# Reloads nginx when its certificate has changed; started by the nginx image. Open connections continue.
# nginx checks the files first: when they are incomplete or do not match, it continues with the previous
# ones, and the reload is retried.
set -eu
reload=${NGINX_RELOAD:-nginx -s reload}

checksum() { cat "$TLS_CERTIFICATE" "$TLS_KEY" 2>/dev/null | sha256sum; }

known=$(checksum)
while sleep "${FOLLOW_SECONDS:-10}"; do
  now=$(checksum)
  [ "$now" != "$known" ] || continue
  $reload && known=$now
done >/dev/null &
