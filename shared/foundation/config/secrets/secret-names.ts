/** Whether a variable holds what must not be seen: passwords, keys, and addresses with either. */
export const isSecretName = (name: string): boolean =>
  /(SECRET|PASSWORD|TOKEN|DSN|SECRET_ID|(API|ACCESS|PRIVATE|ENCRYPTION|SIGNING|JWT)_KEYS?(_ID|_PREVIOUS)?)$/.test(
    name,
  ) || /^(DATABASE|VALKEY)_(\w+_)?URL$|^(LOG_WEBHOOK_URL|OTEL_EXPORTER_OTLP_HEADERS)$/.test(name);
