#!/bin/sh
# Renders the site. The local stack calls it with OUTPUT set; the nginx image runs it from
# /docker-entrypoint.d. The n-th entry of WEBSOCKET_SERVERS is replica n.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${API_SERVERS:?host:port of every API, separated by spaces}"
: "${WEBSOCKET_SERVERS:?host:port of every WebSocket replica, separated by spaces}"
: "${TLS_CERTIFICATE:?path}" "${TLS_KEY:?path}"
TEMPLATE=${TEMPLATE:-$here/templates/site.conf}
OUTPUT=${OUTPUT:-/etc/nginx/conf.d/default.conf}
HTTPS_LISTEN=${HTTPS_LISTEN:-443}
HTTP_LISTEN=${HTTP_LISTEN:-80}
PUBLIC_PORT=${PUBLIC_PORT:-443}
# Redirects go to this host, not to the Host header of the request.
PUBLIC_HOST=${PUBLIC_HOST:-$(printf %s "${APP_URL:-https://localhost}" | sed -E 's#^https?://(\[[^]]*\]|[^:/]+).*#\1#')}
case $PUBLIC_HOST in '' | *[!A-Za-z0-9.:_[\]-]*)
  echo "PUBLIC_HOST is not a host name: $PUBLIC_HOST" >&2
  exit 78
  ;;
esac
ACCESS_LOG=${ACCESS_LOG:-/var/log/nginx/access.log} # or off
MAX_AUTH_BODY=${MAX_AUTH_BODY:-64k}
MAX_FILE_SIZE=${MAX_FILE_SIZE:-26214400}
case $MAX_FILE_SIZE in *[!0-9]* | 0* | ???????????????*)
  echo "MAX_FILE_SIZE is not a number of bytes: $MAX_FILE_SIZE" >&2
  exit 78
  ;;
esac
# 1 MiB above the API's file limit, so that the API rejects files that are slightly too large.
MAX_UPLOAD=${MAX_UPLOAD:-$(((MAX_FILE_SIZE + 1048575) / 1048576 + 1))m}
MAX_BODY=${MAX_BODY:-11m} # slightly above the API's JSON limit
HEADER_TIMEOUT=${HEADER_TIMEOUT:-10s}
NGINX=${NGINX:-nginx}

# Limits per address. By default they are above those of the API, whose responses say more.
# RATE_LIMIT_MAX_REQUESTS=0 disables all of them.
MAX_REQUESTS=1000000
MAX_CONNECTIONS=65535 # the maximum of nginx
require_integer() { # NAME VALUE
  case $2 in 0 | [1-9]*) case $2 in *[!0-9]*) ;; *) if [ ${#2} -lt 18 ]; then return 0; fi ;; esac ;; esac
  echo "$1 is not an integer: $2" >&2
  exit 78
}
max() { if [ "$1" -gt "$2" ]; then echo "$1"; else echo "$2"; fi; }
min() { if [ "$1" -lt "$2" ]; then echo "$1"; else echo "$2"; fi; }
require_integer RATE_LIMIT_MAX_REQUESTS "${RATE_LIMIT_MAX_REQUESTS:=300}"
require_integer RATE_LIMIT_WINDOW_MS "${RATE_LIMIT_WINDOW_MS:=60000}"
require_integer REALTIME_MAX_SOCKETS_PER_ADDRESS "${REALTIME_MAX_SOCKETS_PER_ADDRESS:=5000}"
if [ "$RATE_LIMIT_MAX_REQUESTS" = 0 ]; then LIMIT_REQUESTS=0 LIMIT_CONNECTIONS=0 LIMIT_SOCKETS=0; fi
allowed=$(min "$RATE_LIMIT_MAX_REQUESTS" 1000000000) window=$(max "$RATE_LIMIT_WINDOW_MS" 1)
: "${LIMIT_REQUESTS:=$(max 100 $((allowed * 4000 / window)))}"
require_integer LIMIT_REQUESTS "$LIMIT_REQUESTS"
: "${LIMIT_CONNECTIONS:=$(max 512 "$LIMIT_REQUESTS")}"
: "${LIMIT_SOCKETS:=$(max 6000 $((REALTIME_MAX_SOCKETS_PER_ADDRESS + 1000)))}"
require_integer LIMIT_CONNECTIONS "$LIMIT_CONNECTIONS"
require_integer LIMIT_SOCKETS "$LIMIT_SOCKETS"
rate=$(min "$LIMIT_REQUESTS" $MAX_REQUESTS)
connections=$(min "$LIMIT_CONNECTIONS" $MAX_CONNECTIONS) sockets=$(min "$LIMIT_SOCKETS" $MAX_CONNECTIONS)

# Sockets are counted separately from requests. The burst allows a whole office to reconnect at once.
LIMIT_ZONES='' LIMIT_LINES='' SOCKET_LIMIT_LINES=''
if [ "$rate" -gt 0 ]; then
  LIMIT_ZONES="limit_req_zone \$limit_key zone=requests:10m rate=${rate}r/s;
limit_req_zone \$limit_key zone=handshakes:10m rate=$((rate * 5))r/s;
"
  LIMIT_LINES="  limit_req zone=requests burst=$((rate * 5)) nodelay;
  limit_req_status 429;
"
  SOCKET_LIMIT_LINES="    limit_req zone=handshakes burst=$(max "$sockets" $((rate * 5))) nodelay;
"
fi
if [ "$connections" -gt 0 ]; then
  LIMIT_ZONES="${LIMIT_ZONES}limit_conn_zone \$limit_key zone=connections:10m;
"
  LIMIT_LINES="$LIMIT_LINES  limit_conn connections $connections;
"
  # Without its own limit, sockets would count as requests.
  [ "$sockets" -gt 0 ] || sockets=$MAX_CONNECTIONS
fi
if [ "$sockets" -gt 0 ]; then
  LIMIT_ZONES="${LIMIT_ZONES}limit_conn_zone \$limit_key zone=sockets:10m;"
  LIMIT_LINES="$LIMIT_LINES  limit_conn_status 429;"
  SOCKET_LIMIT_LINES="$SOCKET_LIMIT_LINES    limit_conn sockets $sockets;"
fi

# Load balancers in front of nginx, whose X-Forwarded-For is trusted.
FRONT_LINES=''
for proxy in ${FRONT_PROXIES:-}; do
  case $proxy in *[!0-9a-fA-F:./]*)
    echo "FRONT_PROXIES contains an invalid address: $proxy" >&2
    exit 78
    ;;
  esac
  FRONT_LINES="$FRONT_LINES  set_real_ip_from $proxy;
"
done
if [ -n "$FRONT_LINES" ]; then
  FRONT_LINES="$FRONT_LINES  real_ip_header X-Forwarded-For;
  real_ip_recursive on;"
fi

# The directory of ACME HTTP-01 challenges.
ACME_BLOCK=''
if [ -n "${ACME_WEBROOT:-}" ]; then
  ACME_BLOCK="  location ~ ^/\.well-known/acme-challenge/[A-Za-z0-9_-]+\$ {
    root \"$ACME_WEBROOT\";
    default_type text/plain;
    try_files \$uri =404;
  }"
fi

# nginx 1.25.1 moved HTTP/2 from the listen line to its own directive.
minor=$("$NGINX" -v 2>&1 | sed -n 's|.*nginx/1\.\([0-9]*\)\..*|\1|p')
if [ "${minor:-99}" -ge 26 ]; then HTTP2_LISTEN='' HTTP2_LINE='http2 on;'; else HTTP2_LISTEN=' http2' HTTP2_LINE=''; fi
if [ "$ACCESS_LOG" = off ]; then ACCESS_LINE='access_log off;'; else ACCESS_LINE="access_log \"$ACCESS_LOG\" requests;"; fi
if [ "$PUBLIC_PORT" = 443 ]; then PORT_SUFFIX=''; else PORT_SUFFIX=":$PUBLIC_PORT"; fi

servers() { # PARAMETERS HOST:PORT...
  parameters=$1
  shift
  for server in "$@"; do echo "  server $server $parameters;"; done
}

# Servers that are not in UNHEALTHY_SERVERS; all of them when none is left.
healthy() { # HOST:PORT...
  found=
  for server in "$@"; do
    case " ${UNHEALTHY_SERVERS:-} " in *" $server "*) ;; *) found="$found $server" ;; esac
  done
  echo "${found:-$*}"
}
unhealthy() { # HOST:PORT...
  for server in "$@"; do
    case " $(healthy "$@") " in *" $server "*) ;; *) echo "$server" ;; esac
  done
}

replicas() {
  n=0
  for server in "$@"; do
    n=$((n + 1))
    printf 'upstream websocket_%s {\n  server %s max_fails=0;\n}\n' "$n" "$server"
  done
}

sticky() {
  n=0
  for server in "$@"; do
    n=$((n + 1))
    printf '  "~^%s\\." websocket_%s;\n' "$n" "$n"
  done
}

# Errors of nginx itself as problem documents, like those of the API.
problems() {
  while IFS='|' read -r status code title detail; do
    cat <<END
  error_page $status /_problem/$status;
  location = /_problem/$status {
    internal;
    client_max_body_size 0; # over HTTP/2 the redirect would check the body again
    default_type application/problem+json;
    return $status '{"type":"about:blank","title":"$title","status":$status,"code":"$code","detail":"$detail","requestId":"\$correlation_id"}';
  }
END
  done <<'LIST'
400|BAD_REQUEST|Bad Request|The request is malformed
404|NOT_FOUND|Not Found|Not found
405|METHOD_NOT_ALLOWED|Method Not Allowed|Method not allowed
408|REQUEST_TIMEOUT|Request Timeout|Timed out waiting for the request
413|PAYLOAD_TOO_LARGE|Payload Too Large|The request is too large
414|URI_TOO_LONG|URI Too Long|The URI is too long
429|$limit_code|Too Many Requests|Too many requests from your address, try again shortly
431|REQUEST_HEADER_FIELDS_TOO_LARGE|Request Header Fields Too Large|The headers are too large
500|INTERNAL|Internal Server Error|Something went wrong on our side
501|NOT_IMPLEMENTED|Not Implemented|Unknown method
502|BAD_GATEWAY|Bad Gateway|No server is available, try again shortly
503|UNAVAILABLE|Service Unavailable|Temporarily unavailable, try again shortly
504|GATEWAY_TIMEOUT|Gateway Timeout|Timed out waiting for the server
LIST
}

# shellcheck disable=SC2086
API_BLOCK=$(servers 'max_fails=1 fail_timeout=1s' $(healthy $API_SERVERS) && servers 'max_fails=0 backup' $API_SERVERS) \
  WEBSOCKET_BLOCK=$(servers max_fails=0 $(healthy $WEBSOCKET_SERVERS) && servers 'max_fails=0 backup' $(unhealthy $WEBSOCKET_SERVERS)) REPLICA_BLOCKS=$(replicas $WEBSOCKET_SERVERS) \
  STICKY_LINES=$(sticky $WEBSOCKET_SERVERS) PROBLEM_BLOCKS=$(problems)
export API_BLOCK WEBSOCKET_BLOCK REPLICA_BLOCKS STICKY_LINES PROBLEM_BLOCKS TLS_CERTIFICATE TLS_KEY \
  HTTPS_LISTEN HTTP_LISTEN PUBLIC_HOST PORT_SUFFIX ACCESS_LINE MAX_AUTH_BODY MAX_UPLOAD MAX_BODY HTTP2_LISTEN HTTP2_LINE \
  HEADER_TIMEOUT LIMIT_ZONES LIMIT_LINES SOCKET_LIMIT_LINES FRONT_LINES ACME_BLOCK
awk '{
  while (match($0, /[{][{][A-Z0-9_]+[}][}]/)) {
    name = substr($0, RSTART + 2, RLENGTH - 4)
    $0 = substr($0, 1, RSTART - 1) ENVIRON[name] substr($0, RSTART + RLENGTH)
  }
  print
}' "$TEMPLATE" >"$OUTPUT.new"
mv "$OUTPUT.new" "$OUTPUT" # atomic: nginx may be reading the file
