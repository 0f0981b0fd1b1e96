#!/bin/sh
# obtain.sh [once] [FLAG...]: gets or renews a certificate by ACME and installs it for nginx, which is
# reloaded by follow.sh. Without `once` it runs twice a day, and half an hour after a failure. Flags are
# passed to certbot.
set -euf
webroot=${ACME_WEBROOT:-/acme} store=${CERTIFICATES:-/certificates} tls=${TLS:-/tls}
certbot=${CERTBOT:-certbot}
name=insightdesk

once=
if [ "${1:-}" = once ]; then
  once=1
  shift
fi

host_of() { printf '%s\n' "$1" | sed -nE 's#^https?://([^:/]+).*#\1#p'; }
hosts=${CERTIFICATE_HOSTS:-$(for url in "${APP_URL:-}" "${API_URL:-}" "${FILES_URL:-}"; do host_of "$url"; done | sort -u)}
refuse() {
  echo "CERTIFICATE_HOSTS $1. Set APP_URL or CERTIFICATE_HOSTS." >&2
  exit 78
}
domains=
for host in $(printf %s "$hosts" | tr ',' ' '); do
  case $host in
  localhost | *.localhost | [.-]* | *[!A-Za-z0-9.-]*) refuse "contains $host, which no public CA certifies" ;;
  *[!0-9.]*) domains="$domains -d $host" ;;
  *) refuse "contains the IP address $host" ;;
  esac
done
[ -n "$domains" ] || refuse 'is empty'

obtain() { # FLAG...
  if [ -n "${CERTIFICATE_EMAIL:-}" ]; then set -- --email "$CERTIFICATE_EMAIL" "$@"; else set -- --register-unsafely-without-email "$@"; fi
  if [ -n "${ACME_SERVER:-}" ]; then set -- --server "$ACME_SERVER" "$@"; fi
  # shellcheck disable=SC2086
  $certbot certonly --non-interactive --agree-tos --keep-until-expiring --renew-with-new-domains \
    --webroot --webroot-path "$webroot" --cert-name $name $domains --key-type ecdsa --max-log-backups 10 \
    --config-dir "$store" --work-dir "$store/work" --logs-dir "$store/logs" "$@"
}

# Each file is replaced atomically. While key and certificate do not match, nginx continues with the previous
# pair. prepare.sh replaces certificates only if the file `self-signed` exists.
install_certificate() {
  live=$store/live/$name
  if cmp -s "$live/fullchain.pem" "$tls/server.pem" && cmp -s "$live/privkey.pem" "$tls/server.key"; then return 0; fi
  owner=$(stat -c %u:%g "$tls/server.key" 2>/dev/null || id -u)
  (umask 077 && cat "$live/privkey.pem" >"$tls/.server.key") &&
    cat "$live/fullchain.pem" >"$tls/.server.pem" &&
    chown "$owner" "$tls/.server.key" &&
    chmod 644 "$tls/.server.pem" &&
    rm -f "$tls/self-signed" "$tls/ca.pem" &&
    mv "$tls/.server.key" "$tls/server.key" &&
    mv "$tls/.server.pem" "$tls/server.pem" &&
    echo "Installed a certificate for $(printf %s "$hosts" | tr '\n' ' ')"
}

# Installs also when certbot renewed nothing: an earlier run may have stopped before the installation.
renew() { obtain "$@" && install_certificate && touch "$store/last-success"; }

if [ -n "$once" ]; then
  renew "$@"
  exit
fi
trap 'exit 0' TERM INT
while :; do
  if renew "$@"; then pause=43200; else pause=1800; fi
  sleep $pause &
  wait $!
done
