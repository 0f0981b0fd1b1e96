#!/bin/sh
# Runs once before everything else: refuses passwords that everybody knows where something is at
# stake, and makes a certificate for localhost when /tls holds none.
set -eu

refused=
refuse() { refused="$refused  $1
"; }
case ${NODE_ENV:-production} in production | staging)
  for name in POSTGRES_PASSWORD DATABASE_OWNER_PASSWORD DATABASE_APP_PASSWORD DATABASE_RELAY_PASSWORD \
    DATABASE_IDENTITY_PASSWORD VALKEY_PASSWORD; do
    eval "value=\${$name:-password}"
    [ "$value" != password ] || refuse "$name: set a password of your own (letters and digits)"
  done
  for name in JWT_SECRET JWT_REFRESH_SECRET ENCRYPTION_KEY; do
    eval "value=\${$name:-}"
    case $value in '' | development-only*) refuse "$name: set a secret of your own" ;; esac
  done
  [ "${SMTP_HOST:-inbox}" != inbox ] || refuse "SMTP_HOST: name a real mail server"
  [ "${EMAIL_LOOKUP_URL-http://inbox:1080}" != http://inbox:1080 ] || refuse "EMAIL_LOOKUP_URL: set it empty, the inbox is for development"
  case ${APP_URL:-https://localhost} in https://localhost*) refuse "APP_URL: set the public address" ;; esac
  ;;
*)
  # Everybody knows the passwords of development.
  case ${BIND_ADDRESS:-127.0.0.1} in 127.* | ::1 | '[::1]') ;; *) refuse "BIND_ADDRESS: only production and staging may be reached from elsewhere" ;; esac
  ;;
esac
if [ -n "$refused" ]; then
  printf 'NODE_ENV=%s refuses these settings:\n%s' "$NODE_ENV" "$refused" >&2
  exit 78
fi

cd /tls
# A certificate that was brought here, or one of ours that lasts a month more, stays.
if [ -s server.pem ] && { [ ! -e self-made ] || openssl x509 -checkend 2592000 -noout -in server.pem >&2; }; then
  exit 0
fi
host=$(printf %s "${APP_URL:-https://localhost}" | sed -E 's#^https?://([^:/]+).*#\1#')
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 398 \
  -subj '/CN=InsightDesk local CA' -addext 'keyUsage=critical,keyCertSign' \
  -keyout ca.key -out ca.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 397 \
  -subj "/CN=$host" -CA ca.pem -CAkey ca.key -addext 'basicConstraints=critical,CA:FALSE' \
  -addext "subjectAltName=DNS:$host,DNS:localhost,IP:127.0.0.1,IP:::1" \
  -keyout server.key -out server.pem
rm ca.key
chmod 644 ca.pem server.pem
chmod 600 server.key
touch self-made
