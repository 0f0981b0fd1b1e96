import {
  type Config,
  getArray,
  getBoolean,
  getNamespace,
  getNumber,
  getString,
} from '@insightdesk/shared/config';

/** Variables outside the schema, and a namespace of the configuration. */
export function readPagerSettings(config: Config) {
  return {
    /** Without a default a missing variable is a ConfigurationError. */
    token: getString(config, 'PAGER_TOKEN'),
    retries: getNumber(config, 'PAGER_RETRIES', 3),
    isNightly: getBoolean(config, 'PAGER_AT_NIGHT', false),
    numbers: getArray(config, 'PAGER_NUMBERS', []),
    replyTo: getNamespace(config, 'email').from,
  };
}
