#!/bin/sh
# Runs once before everything else: refuses passwords that everybody knows where something is at
# stake, hands each service its own secrets as files, and makes a certificate for localhost when
# /tls holds none. A secret is a file of its name in /given, or a variable of this step alone.
set -eu
given=${GIVEN:-/given} secrets=${SECRETS_OUT:-/secrets}
server=${DATABASE_SERVER:-postgres:5432} # or a pooler before it

passwords='POSTGRES_PASSWORD DATABASE_OWNER_PASSWORD DATABASE_APP_PASSWORD DATABASE_RELAY_PASSWORD
  DATABASE_IDENTITY_PASSWORD VALKEY_PASSWORD'
# Of what not everybody starts: where something is at stake there is none unless it is set.
spare='DATABASE_REPLICATION_PASSWORD GRAFANA_PASSWORD'
# What every service of ours is given, where it is set.
common='JWT_SECRET JWT_REFRESH_SECRET ENCRYPTION_KEY ENCRYPTION_KEYS_PREVIOUS SMTP_PASSWORD LOG_WEBHOOK_URL SENTRY_DSN
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AZURE_STORAGE_ACCESS_KEY CLOUDINARY_API_KEY CLOUDINARY_API_SECRET
  VAULT_TOKEN VAULT_SECRET_ID OTEL_EXPORTER_OTLP_HEADERS'
for name in $passwords $spare $common; do
  if [ -s "$given/$name" ]; then eval "$name=\$(cat \"\$given/\$name\")"; else eval "$name=\${$name:-}"; fi
done
for name in $passwords; do eval "$name=\${$name:-password}"; done

refused=
refuse() { refused="$refused  $1
"; }
case ${NODE_ENV:-production} in production | staging) ;; *)
  for name in $spare; do eval "$name=\${$name:-password}"; done ;;
esac
for name in $passwords $spare; do
  eval "value=\$$name"
  case $value in *[!A-Za-z0-9._~-]*) refuse "$name: use letters, digits and . _ ~ - only" ;; esac
done
case ${NODE_ENV:-production} in production | staging)
  for name in $passwords $spare; do
    eval "value=\$$name"
    [ "$value" != password ] || refuse "$name: set a password of your own"
  done
  for name in JWT_SECRET JWT_REFRESH_SECRET ENCRYPTION_KEY; do
    eval "value=\$$name"
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
  printf 'NODE_ENV=%s refuses these settings:\n%s' "${NODE_ENV:-production}" "$refused" >&2
  exit 78
fi

# Each service sees a directory of its own and nobody else's.
keep() { # SERVICE NAME VALUE
  if [ -n "$3" ]; then
    printf '%s\n' "$3" >"$secrets/$1/.new"
    chmod 444 "$secrets/$1/.new"
    mv "$secrets/$1/.new" "$secrets/$1/$2"
  else
    rm -f "$secrets/$1/$2"
  fi
}
database() { # SERVICE VARIABLE ROLE PASSWORD [SERVER]
  keep "$1" "$2" "postgres://insightdesk_$3:$4@${5:-postgres:5432}/insightdesk"
}
for service in api websocket worker migrate desk; do
  for name in $common; do
    eval "value=\$$name"
    keep $service "$name" "$value"
  done
  database $service DATABASE_URL app "$DATABASE_APP_PASSWORD" "$server"
  if [ "$server" = postgres:5432 ]; then keep $service DATABASE_DIRECT_URL ''; else
    database $service DATABASE_DIRECT_URL app "$DATABASE_APP_PASSWORD"
  fi
  keep $service VALKEY_URL "valkey://:$VALKEY_PASSWORD@valkey:6379"
  keep $service VALKEY_CACHE_URL "valkey://:$VALKEY_PASSWORD@cache:6379"
done
for service in api desk; do database $service DATABASE_IDENTITY_URL identity "$DATABASE_IDENTITY_PASSWORD" "$server"; done
for service in worker desk; do database $service DATABASE_RELAY_URL relay "$DATABASE_RELAY_PASSWORD"; done
database migrate DATABASE_MIGRATION_URL owner "$DATABASE_OWNER_PASSWORD"
for name in $passwords; do
  eval "value=\$$name"
  [ "$name" = VALKEY_PASSWORD ] || keep postgres "$name" "$value"
done
keep postgres DATABASE_REPLICATION_PASSWORD "$DATABASE_REPLICATION_PASSWORD"
keep replication DATABASE_REPLICATION_PASSWORD "$DATABASE_REPLICATION_PASSWORD"
keep pgbouncer userlist.txt "\"insightdesk_app\" \"$DATABASE_APP_PASSWORD\"
\"insightdesk_identity\" \"$DATABASE_IDENTITY_PASSWORD\""
keep grafana GRAFANA_PASSWORD "$GRAFANA_PASSWORD"
keep valkey VALKEY_PASSWORD "$VALKEY_PASSWORD"
keep valkey password.conf "requirepass $VALKEY_PASSWORD"

# Where the base images have their users.
nginx=101
cd "${TLS:-/tls}"
# A certificate that was brought here, or one of ours that lasts a month more, stays.
if [ -s server.pem ] && { [ ! -e self-made ] || openssl x509 -checkend 2592000 -noout -in server.pem >&2; }; then
  [ "$(id -u)" != 0 ] || chown "$nginx" server.key
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
[ "$(id -u)" != 0 ] || chown "$nginx" server.key
touch self-made
