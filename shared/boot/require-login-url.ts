import type { Config } from '@insightdesk/shared/config';
import { ConfigurationError } from '@insightdesk/shared/errors';

const variables = {
  relay: ['relayUrl', 'DATABASE_RELAY_URL'],
  identity: ['identityUrl', 'DATABASE_IDENTITY_URL'],
} as const;

/** The URL of a database login that only some services have; throws ConfigurationError without it. */
export function requireLoginUrl(
  { database }: Pick<Config, 'database'>,
  login: keyof typeof variables,
) {
  const [key, variable] = variables[login];
  const url = database[key];
  if (!url) throw new ConfigurationError(`${variable} is not set (login insightdesk_${login})`);
  return url;
}
