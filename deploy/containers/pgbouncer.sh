#!/bin/sh
# Runs PgBouncer in transaction mode before the PostgreSQL of the compose file. What a service asks for
# when it signs in cannot be its session's here, so each connection to the server is given it instead.
set -eu
timeout=${DATABASE_TIMEOUT:-10000}
case $timeout in *[!0-9]*)
  echo "DATABASE_TIMEOUT: not a number of milliseconds: $timeout" >&2
  exit 78
  ;;
esac
settings="set statement_timeout = $timeout; set idle_in_transaction_session_timeout = $timeout; set plan_cache_mode = force_generic_plan"
pgbouncer=${PGBOUNCER:-pgbouncer}
minor=$("$pgbouncer" --version | sed -n 's/^PgBouncer 1\.\([0-9]*\).*/\1/p')
# As many as a connection of a service keeps. Older ones need DATABASE_PREPARE=false.
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
; Of each login; what is beyond waits here, and the services' own bounds end the wait.
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
