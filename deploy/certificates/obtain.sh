#!/bin/sh
# obtain.sh [once] [FLAG...]: gets a certificate by ACME, renews it when it is due, and puts it where
# nginx reads it, which notices (follow.sh). Without `once` it looks twice a day, for as long as it
# runs, and again after half an hour when something went wrong. Flags are certbot's.
set -euf
webroot=${ACME_WEBROOT:-/acme} kept=${CERTIFICATES:-/certificates} tls=${TLS:-/tls}
certbot=${CERTBOT:-certbot}
name=insightdesk

times=
if [ "${1:-}" = once ]; then
  times=once
  shift
fi

host_of() { printf '%s\n' "$1" | sed -nE 's#^https?://([^:/]+).*#\1#p'; }
hosts=${CERTIFICATE_HOSTS:-$(for url in "${APP_URL:-}" "${API_URL:-}" "${FILES_URL:-}"; do host_of "$url"; done | sort -u)}
refuse() {
  echo "CERTIFICATE_HOSTS: $1: set APP_URL, or these" >&2
  exit 78
}
domains=
for host in $(printf %s "$hosts" | tr ',' ' '); do
  case $host in
  localhost | *.localhost | [.-]* | *[!A-Za-z0-9.-]*) refuse "no authority vouches for $host" ;;
  *[!0-9.]*) domains="$domains -d $host" ;;
  *) refuse "$host is an address" ;;
  esac
done
[ -n "$domains" ] || refuse 'there are none'

obtain() { # FLAG...
  if [ -n "${CERTIFICATE_EMAIL:-}" ]; then set -- --email "$CERTIFICATE_EMAIL" "$@"; else set -- --register-unsafely-without-email "$@"; fi
  if [ -n "${ACME_SERVER:-}" ]; then set -- --server "$ACME_SERVER" "$@"; fi
  # shellcheck disable=SC2086
  $certbot certonly --non-interactive --agree-tos --keep-until-expiring --renew-with-new-domains \
    --webroot --webroot-path "$webroot" --cert-name $name $domains --key-type ecdsa --max-log-backups 10 \
    --config-dir "$kept" --work-dir "$kept/work" --logs-dir "$kept/logs" "$@"
}

# Each file appears whole, or not at all if the disk is full. Between the two they do not fit: nginx
# then keeps what it has. Without `self-made` the first step takes them for brought, and leaves them.
publish() {
  live=$kept/live/$name
  if cmp -s "$live/fullchain.pem" "$tls/server.pem" && cmp -s "$live/privkey.pem" "$tls/server.key"; then return 0; fi
  owner=$(stat -c %u:%g "$tls/server.key" 2>/dev/null || id -u)
  (umask 077 && cat "$live/privkey.pem" >"$tls/.server.key") &&
    cat "$live/fullchain.pem" >"$tls/.server.pem" &&
    chown "$owner" "$tls/.server.key" &&
    chmod 644 "$tls/.server.pem" &&
    rm -f "$tls/self-made" "$tls/ca.pem" &&
    mv "$tls/.server.key" "$tls/server.key" &&
    mv "$tls/.server.pem" "$tls/server.pem" &&
    echo "published a certificate for $(printf %s "$hosts" | tr '\n' ' ')"
}

# Also when certbot kept what it has: an earlier run may have ended before it was published.
pass() { obtain "$@" && publish && touch "$kept/well"; }

if [ -n "$times" ]; then
  pass "$@"
  exit
fi
trap 'exit 0' TERM INT
while :; do
  if pass "$@"; then pause=43200; else pause=1800; fi
  sleep $pause &
  wait $!
done
