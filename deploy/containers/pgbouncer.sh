#!/bin/sh
# Runs PgBouncer in transaction mode in front of PostgreSQL. Startup parameters of clients do not apply to
# server connections, so `connect_query` sets them on each server connection.
set -eu
timeout=${DATABASE_TIMEOUT:-10000}
case $timeout in *[!0-9]*)
  echo "DATABASE_TIMEOUT is not a number of milliseconds: $timeout" >&2
  exit 78
  ;;
esac
settings="set statement_timeout = $timeout; set idle_in_transaction_session_timeout = $timeout; set plan_cache_mode = force_generic_plan"
pgbouncer=${PGBOUNCER:-pgbouncer}
minor=$("$pgbouncer" --version | sed -n 's/^PgBouncer 1\.\([0-9]*\).*/\1/p')
# The number of statements that a service prepares per connection. Versions before 1.21 need DATABASE_PREPARE=false.
if [ "${minor:-0}" -ge 21 ]; then prepared='max_prepared_statements = 1000'; else prepared=; fi
config=${CONFIG:-/tmp/pgbouncer.ini}
cat >"$config" <<END
[databases]
* = host=${POSTGRES_HOST:-postgres} port=${POSTGRES_PORT:-5432} connect_query='$settings'
[pgbouncer]
listen_addr = ${LISTEN_ADDRESS:-*}
listen_port = ${LISTEN_PORT:-6432}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${USERS:-/run/secrets/userlist.txt}
pool_mode = transaction
; Per login. Further transactions wait until the timeout of the service.
default_pool_size = ${POOLER_CONNECTIONS:-20}
max_client_conn = ${POOLER_CLIENTS:-1000}
$prepared
ignore_startup_parameters = options,statement_timeout,idle_in_transaction_session_timeout
query_wait_timeout = $(((timeout + 999) / 1000))
server_idle_timeout = 60
log_connections = 0
log_disconnections = 0
END
exec "$pgbouncer" "$config"
