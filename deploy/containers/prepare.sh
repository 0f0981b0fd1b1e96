#!/bin/sh
# Runs once before all services: refuses default passwords in production and staging, writes the secrets of
# each service as files, and creates a certificate for localhost if /tls is empty. A secret is a file with its
# name in /given, or an environment variable of this script.
set -eu
given=${GIVEN:-/given} secrets=${SECRETS_OUT:-/secrets}
server=${DATABASE_SERVER:-postgres:5432} # or a connection pooler

passwords='POSTGRES_PASSWORD DATABASE_OWNER_PASSWORD DATABASE_APP_PASSWORD DATABASE_RELAY_PASSWORD
  DATABASE_IDENTITY_PASSWORD VALKEY_PASSWORD'
# Passwords of optional profiles: without a default in production and staging.
optional='DATABASE_REPLICATION_PASSWORD GRAFANA_PASSWORD'
# Secrets of the services that use them, if set.
common='JWT_SECRET JWT_REFRESH_SECRET ENCRYPTION_KEY ENCRYPTION_KEYS_PREVIOUS SMTP_PASSWORD LOG_WEBHOOK_URL SENTRY_DSN
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AZURE_STORAGE_ACCESS_KEY CLOUDINARY_API_KEY CLOUDINARY_API_SECRET
  VAULT_TOKEN VAULT_SECRET_ID OTEL_EXPORTER_OTLP_HEADERS'
# URLs with tokens, of Alertmanager only.
alerts='ALERT_WEBHOOK_URL ALERT_CRITICAL_WEBHOOK_URL ALERT_WATCHDOG_URL'
for name in $passwords $optional $common $alerts; do
  if [ -s "$given/$name" ]; then eval "$name=\$(cat \"\$given/\$name\")"; else eval "$name=\${$name:-}"; fi
done
for name in $passwords; do eval "$name=\${$name:-password}"; done

refused=
refuse() { refused="$refused  $1
"; }
case ${NODE_ENV:-production} in production | staging) ;; *)
  for name in $optional; do eval "$name=\${$name:-password}"; done ;;
esac
for name in $passwords $optional; do
  eval "value=\$$name"
  case $value in *[!A-Za-z0-9._~-]*) refuse "$name contains other characters than letters, digits and . _ ~ -" ;; esac
done
case ${NODE_ENV:-production} in production | staging)
  for name in $passwords $optional; do
    eval "value=\$$name"
    [ "$value" != password ] || refuse "$name is the default password"
  done
  for name in JWT_SECRET JWT_REFRESH_SECRET ENCRYPTION_KEY; do
    eval "value=\$$name"
    case $value in '' | development-only*) refuse "$name is missing or a development secret" ;; esac
  done
  [ "${SMTP_HOST:-inbox}" != inbox ] || refuse "SMTP_HOST is the dev inbox"
  [ "${EMAIL_LOOKUP_URL-http://inbox:1080}" != http://inbox:1080 ] || refuse "EMAIL_LOOKUP_URL is the dev inbox: set it to an empty string"
  case ${APP_URL:-https://localhost} in https://localhost*) refuse "APP_URL is missing or localhost: set the public URL" ;; esac
  ;;
*)
  # The development passwords are public.
  case ${BIND_ADDRESS:-127.0.0.1} in 127.* | ::1 | '[::1]') ;; *) refuse "BIND_ADDRESS is not a loopback address: allowed in production and staging only" ;; esac
  ;;
esac
if [ -n "$refused" ]; then
  printf 'Invalid settings for NODE_ENV=%s:\n%s' "${NODE_ENV:-production}" "$refused" >&2
  exit 78
fi

# Each service has its own directory of secrets.
write_secret() { # SERVICE NAME VALUE
  if [ -n "$3" ]; then
    printf '%s\n' "$3" >"$secrets/$1/.new"
    chmod 444 "$secrets/$1/.new"
    mv "$secrets/$1/.new" "$secrets/$1/$2"
  else
    rm -f "$secrets/$1/$2"
  fi
}
write_database_url() { # SERVICE VARIABLE ROLE PASSWORD [SERVER]
  write_secret "$1" "$2" "postgres://insightdesk_$3:$4@${5:-postgres:5432}/insightdesk"
}
is_foreign() { # SERVICE NAME: as in shared/foundation/config/service-secrets.ts
  case $1.$2 in
  worker.JWT_SECRET | websocket.JWT_* | websocket.ENCRYPTION_* | websocket.SMTP_*) ;;
  websocket.AWS_* | websocket.AZURE_* | websocket.CLOUDINARY_*) ;;
  *) return 1 ;;
  esac
}
for service in api websocket worker migrate desk; do
  for name in $common; do
    eval "value=\$$name"
    if is_foreign "$service" "$name"; then value=; fi
    write_secret $service "$name" "$value"
  done
  write_database_url $service DATABASE_URL app "$DATABASE_APP_PASSWORD" "$server"
  if [ "$server" = postgres:5432 ]; then write_secret $service DATABASE_DIRECT_URL ''; else
    write_database_url $service DATABASE_DIRECT_URL app "$DATABASE_APP_PASSWORD"
  fi
  write_secret $service VALKEY_URL "valkey://:$VALKEY_PASSWORD@valkey:6379"
  write_secret $service VALKEY_CACHE_URL "valkey://:$VALKEY_PASSWORD@cache:6379"
done
for service in api desk; do write_database_url $service DATABASE_IDENTITY_URL identity "$DATABASE_IDENTITY_PASSWORD" "$server"; done
for service in worker desk; do write_database_url $service DATABASE_RELAY_URL relay "$DATABASE_RELAY_PASSWORD"; done
# Only `migrate` checks the names in .env: compose passes unknown ones to no service.
write_secret migrate variable-names "$(awk 'BEGIN { for (name in ENVIRON) print name }')"
write_database_url migrate DATABASE_MIGRATION_URL owner "$DATABASE_OWNER_PASSWORD"
for name in $passwords; do
  eval "value=\$$name"
  [ "$name" = VALKEY_PASSWORD ] || write_secret postgres "$name" "$value"
done
write_secret postgres DATABASE_REPLICATION_PASSWORD "$DATABASE_REPLICATION_PASSWORD"
write_secret replication DATABASE_REPLICATION_PASSWORD "$DATABASE_REPLICATION_PASSWORD"
write_secret pgbouncer userlist.txt "\"insightdesk_app\" \"$DATABASE_APP_PASSWORD\"
\"insightdesk_identity\" \"$DATABASE_IDENTITY_PASSWORD\""
write_secret grafana GRAFANA_PASSWORD "$GRAFANA_PASSWORD"
for name in SMTP_PASSWORD $alerts; do
  eval "value=\$$name"
  write_secret alertmanager "$name" "$value"
done
write_secret valkey VALKEY_PASSWORD "$VALKEY_PASSWORD"
write_secret valkey password.conf "requirepass $VALKEY_PASSWORD"

# The backup container writes it as its own user.
[ ! -d /backup-status ] || chmod 1777 /backup-status

# The user id of nginx in its image.
nginx=101
cd "${TLS:-/tls}"
# Retains a certificate of the operator, and a self-signed one that is valid for another month.
if [ -s server.pem ] && { [ ! -e self-signed ] || openssl x509 -checkend 2592000 -noout -in server.pem >&2; }; then
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
touch self-signed
