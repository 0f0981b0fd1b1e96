import { environmentSchema } from './environment.ts';

type Values = Record<string, string>;

/** Names of other systems for variables of ours. */
export const variableAliases = {
  EMAIL_FROM: 'SMTP_FROM',
  REDIS_URL: 'VALKEY_URL',
  SMTP_PASS: 'SMTP_PASSWORD',
} as const;

/** Variables of other systems that change nothing here, with the reason; setting one is logged. */
export const unusedVariables: Readonly<Record<string, string>> = {
  FEATURE_ANALYTICS_ENABLED: 'there is no analytics feature yet',
};

/** Variables of the compose file, which may be in the same `.env`. */
export const composeNames = [
  'ACME_SERVER',
  'ALERT_CRITICAL_WEBHOOK_URL',
  'ALERT_EMAIL',
  'ALERT_WATCHDOG_URL',
  'ALERT_WEBHOOK_URL',
  'BACKUP_EVERY_SECONDS',
  'BACKUP_KEEP',
  'BIND_ADDRESS',
  'CERTIFICATE_EMAIL',
  'CERTIFICATE_HOSTS',
  'COMPOSE_PROFILES',
  'COMPOSE_PROJECT_NAME',
  'DATABASE_APP_PASSWORD',
  'DATABASE_IDENTITY_PASSWORD',
  'DATABASE_OWNER_PASSWORD',
  'DATABASE_RELAY_PASSWORD',
  'DATABASE_REPLICATION_PASSWORD',
  'DATABASE_SERVER',
  'FRONT_PROXIES',
  'GRAFANA_PASSWORD',
  'GRAFANA_PORT',
  'HTTPS_PORT',
  'HTTP_PORT',
  'INBOX_PORT',
  'INSIGHTDESK_IMAGE',
  'INSIGHTDESK_REVISION',
  'INSIGHTDESK_VERSION',
  'INSIGHTDESK_WORKER_IMAGE',
  'LIMIT_CONNECTIONS',
  'LIMIT_REQUESTS',
  'LIMIT_SOCKETS',
  'MAX_UPLOAD',
  'POOLER_CLIENTS',
  'POOLER_CONNECTIONS',
  'POSTGRES_PASSWORD',
  'SECRETS',
  'SOURCES',
  'VALKEY_PASSWORD',
] as const;

/** Every name that is not a typo in a file. */
export const knownNames: readonly string[] = [
  ...Object.keys(environmentSchema.shape),
  ...Object.keys(variableAliases),
  ...Object.keys(unusedVariables),
  ...composeNames,
];

/**
 * Renames aliases in the variables of one source, also with the suffix `_FILE`. A variable that is
 * set under both names with different values is an error.
 */
export function applyAliases(values: Values): { values: Values; errors: string[] } {
  const renamed: Values = { ...values };
  const errors: string[] = [];
  for (const [alias, name] of Object.entries(variableAliases)) {
    for (const suffix of ['', '_FILE']) {
      const value = values[alias + suffix];
      if (value === undefined) continue;
      delete renamed[alias + suffix];
      renamed[name + suffix] ??= value;
      if (renamed[name + suffix] !== value) {
        errors.push(`${alias}${suffix}: differs from ${name}${suffix}, of which it is an alias`);
      }
    }
  }
  return { values: renamed, errors };
}
