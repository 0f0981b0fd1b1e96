#!/bin/sh
# Beside nginx, started by its image: has it read its certificate again when that has changed. Who is
# connected stays so. nginx looks at the files before it takes them: two that do not fit, or half of
# one, leave it with what it has, and are tried again.
set -eu
reload=${NGINX_RELOAD:-nginx -s reload}

look() { cat "$TLS_CERTIFICATE" "$TLS_KEY" 2>/dev/null | sha256sum; }

known=$(look)
while sleep "${FOLLOW_SECONDS:-10}"; do
  now=$(look)
  [ "$now" != "$known" ] || continue
  $reload && known=$now
done >/dev/null &
