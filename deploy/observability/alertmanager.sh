#!/bin/sh
# Writes the configuration of Alertmanager from variables and secret files, and starts it. Alertmanager reads no
# variables itself. Receivers: email to ALERT_EMAIL by the mail server of the services; webhooks whose URLs are in
# the files ALERT_WEBHOOK_URL (all alerts), ALERT_CRITICAL_WEBHOOK_URL and ALERT_WATCHDOG_URL of SECRETS_DIRECTORY.
set -eu
# The configuration contains URLs with tokens.
umask 077
secrets=${SECRETS_DIRECTORY:-/run/secrets}
config=${CONFIG:-/tmp/alertmanager.yml}

webhook() { # SECRET SEND_RESOLVED
  [ -s "$secrets/$1" ] || return 0
  printf '      - { url: "%s", send_resolved: %s }\n' "$(quoted "$(cat "$secrets/$1")")" "$2"
}
email() {
  [ -n "${ALERT_EMAIL:-}" ] || return 0
  printf '    email_configs:\n      - { to: "%s", send_resolved: true }\n' "$ALERT_EMAIL"
}
webhooks() { # SECRET...
  lines=$(for secret in "$@"; do webhook "$secret" true; done)
  [ -z "$lines" ] || printf '    webhook_configs:\n%s\n' "$lines"
}
# "Desk <desk@example.com>" is allowed as a sender.
quoted() { printf %s "$1" | sed 's/[\\"]/\\&/g'; }

{
  if [ -n "${ALERT_EMAIL:-}" ]; then
    echo 'global:'
    echo "  smtp_smarthost: \"${SMTP_HOST:-127.0.0.1}:${SMTP_PORT:-1025}\""
    echo "  smtp_from: \"$(quoted "${SMTP_FROM:-InsightDesk <desk@localhost.localdomain>}")\""
    # Without TLS only the dev inbox is reached; a server with STARTTLS must offer it.
    case ${SMTP_HOST:-inbox} in inbox | 127.0.0.1 | localhost) echo '  smtp_require_tls: false' ;; esac
    if [ -n "${SMTP_USER:-}" ]; then
      echo "  smtp_auth_username: \"$(quoted "$SMTP_USER")\""
      echo "  smtp_auth_password_file: \"$secrets/SMTP_PASSWORD\""
    fi
  fi
  cat <<'EOF'
route:
  receiver: warning
  group_by: [alertname]
  group_wait: GROUP_WAIT
  group_interval: 5m
  repeat_interval: 12h
  routes:
    # The dead man's switch: the receiver notices when it no longer arrives.
    - matchers: [alertname = Watchdog]
      receiver: watchdog
      group_wait: 1s
      group_interval: 1m
      repeat_interval: 1m
    - matchers: [severity = critical]
      receiver: critical
      repeat_interval: 1h
# One cause, one message.
inhibit_rules:
  - source_matchers: [alertname = PostgresDown]
    target_matchers: [alertname =~ "HttpErrorRateHigh|QueueLatencyHigh|RelayLagHigh|DependencyDown"]
  - source_matchers: [alertname = DiskAlmostFull]
    target_matchers: [alertname = DiskSpaceLow]
    equal: [disk]
  - source_matchers: [alertname = CertificateExpiringSoon]
    target_matchers: [alertname = CertificateExpiring]
receivers:
EOF
  echo '  - name: warning'
  email
  webhooks ALERT_WEBHOOK_URL
  echo '  - name: critical'
  email
  webhooks ALERT_WEBHOOK_URL ALERT_CRITICAL_WEBHOOK_URL
  echo '  - name: watchdog'
  if [ -s "$secrets/ALERT_WATCHDOG_URL" ]; then
    echo '    webhook_configs:'
    webhook ALERT_WATCHDOG_URL false
  fi
} | sed "s/GROUP_WAIT/${ALERT_GROUP_WAIT:-30s}/" >"$config"

if [ -z "${ALERT_EMAIL:-}" ] && [ ! -s "$secrets/ALERT_WEBHOOK_URL" ]; then
  echo 'alertmanager: nobody receives alerts; set ALERT_EMAIL or ALERT_WEBHOOK_URL' >&2
fi
exec "${ALERTMANAGER:-alertmanager}" --config.file="$config" "$@"
