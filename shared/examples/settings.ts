import {
  type Config,
  getArray,
  getBoolean,
  getNamespace,
  getNumber,
  getString,
} from '@insightdesk/shared/config';

/** What an addition of one's own reads from the environment, beside a part of the configuration. */
export function readPagerSettings(config: Config) {
  return {
    /** Outside the schema: without a fallback a missing one is a ConfigurationError. */
    token: getString(config, 'PAGER_TOKEN'),
    retries: getNumber(config, 'PAGER_RETRIES', 3),
    isNightly: getBoolean(config, 'PAGER_AT_NIGHT', false),
    numbers: getArray(config, 'PAGER_NUMBERS', []),
    replyTo: getNamespace(config, 'email').from,
  };
}
