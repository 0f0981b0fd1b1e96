import type { Config } from '@insightdesk/shared/config';
import { ConfigurationError } from '@insightdesk/shared/errors';

const variables = {
  relay: ['relayUrl', 'DATABASE_RELAY_URL'],
  identity: ['identityUrl', 'DATABASE_IDENTITY_URL'],
} as const;

/** The URL of a login that only some services are given; throws when this one has it not. */
export function requireLogin({ database }: Pick<Config, 'database'>, who: keyof typeof variables) {
  const [key, name] = variables[who];
  const url = database[key];
  if (!url) throw new ConfigurationError(`${name} is not set: the login insightdesk_${who}`);
  return url;
}
