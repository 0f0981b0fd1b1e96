/** Whether a variable holds a secret: a password, a key, or a URL with one of them. */
export const isSecretName = (name: string): boolean =>
  /(SECRET|PASSWORD|TOKEN|DSN|SECRET_ID|(API|ACCESS|PRIVATE|ENCRYPTION|SIGNING|JWT)_KEYS?(_ID|_PREVIOUS)?)$/.test(
    name,
  ) || /^(DATABASE|VALKEY)_(\w+_)?URL$|^(LOG_WEBHOOK_URL|OTEL_EXPORTER_OTLP_HEADERS)$/.test(name);
