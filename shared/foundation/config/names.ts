import { environmentSchema } from './environment.ts';

type Values = Record<string, string>;

/** Names under which other systems know variables of ours; they count as ours. */
export const otherNames = {
  EMAIL_FROM: 'SMTP_FROM',
  REDIS_URL: 'VALKEY_URL',
  SMTP_PASS: 'SMTP_PASSWORD',
} as const;

/** Known elsewhere and without effect here: whoever sets one is told so. */
export const namesWithoutEffect = ['FEATURE_ANALYTICS_ENABLED'] as const;

/** What the compose file reads beside the variables of the services; they may stand in one `.env`. */
export const composeNames = [
  'ACME_SERVER',
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

/** Every name that is no typo in a file. */
export const knownNames: readonly string[] = [
  ...Object.keys(environmentSchema.shape),
  ...Object.keys(otherNames),
  ...namesWithoutEffect,
  ...composeNames,
];

/**
 * The variables of one place under our names, also those that end in `_FILE`. A variable that has
 * both names there, and not the same value, is a fault.
 */
export function underOurNames(values: Values): { values: Values; faults: string[] } {
  const renamed: Values = { ...values };
  const faults: string[] = [];
  for (const [other, our] of Object.entries(otherNames)) {
    for (const end of ['', '_FILE']) {
      const value = values[other + end];
      if (value === undefined) continue;
      delete renamed[other + end];
      renamed[our + end] ??= value;
      if (renamed[our + end] !== value) {
        faults.push(`${other}${end}: says another thing than ${our}${end}, which means the same`);
      }
    }
  }
  return { values: renamed, faults };
}
